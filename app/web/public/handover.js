// How far a handover is, on its page. Without it, the page is loaded again every few seconds.
{
  const LOOK_MS = 1_000;
  /** Screen readers hear of each tenth. */
  const STEPS = 10;

  const bar = document.getElementById("handover-progress");
  const done = document.getElementById("handover-done");
  const status = document.getElementById("handover-status");
  let said = Math.floor((bar.value / bar.max) * STEPS);

  const show = (handover) => {
    bar.value = handover.done;
    done.textContent = handover.done.toLocaleString("en-GB");
    const step = Math.floor((handover.done / bar.max) * STEPS);
    if (step > said) status.textContent = `${step * STEPS}% done`;
    said = Math.max(said, step);
  };

  const look = async () => {
    const answer = await fetch(location.pathname, { headers: { Accept: "application/json" } }).catch(() => undefined);
    // Logged out, or not allowed any more: the page itself says which.
    if (answer && answer.status >= 400 && answer.status < 500 && answer.status !== 429) return location.reload();
    if (answer?.ok) {
      const handover = await answer.json();
      if (!["running", "undoing"].includes(handover.state)) return location.reload();
      show(handover);
    }
    setTimeout(look, LOOK_MS);
  };

  setTimeout(look, LOOK_MS);
}
