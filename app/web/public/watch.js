// The button "Watch live" on the page of the decision log. Without it, the page has its link "Refresh".
{
  /** Most rows on the page; the oldest go. */
  const MOST_ROWS = 200;
  /** ms between one message to screen readers and the next. */
  const QUIET = 3000;

  const button = document.getElementById("watch");
  const status = document.getElementById("watch-status");
  const rows = document.querySelector("#log tbody");
  /** @type {EventSource | undefined} */
  let source;
  let lastId = "";
  let unsaid = 0;

  const say = (words) => {
    status.textContent = words;
  };

  const sayLater = () => {
    unsaid += 1;
    if (unsaid > 1) return;
    setTimeout(() => {
      say(unsaid === 1 ? "One new decision" : `${unsaid} new decisions`);
      unsaid = 0;
    }, QUIET);
  };

  const show = ({ data, lastEventId }) => {
    lastId = lastEventId;
    const template = document.createElement("template");
    template.innerHTML = data;
    const row = template.content.querySelector("tr");
    if (rows.querySelector(`[data-decision="${CSS.escape(row.dataset.decision)}"]`)) return;
    row.classList.add("new");
    rows.prepend(row);
    while (rows.rows.length > MOST_ROWS) rows.lastElementChild.remove();
    document.getElementById("log-found").hidden = false;
    document.getElementById("log-empty")?.remove();
    sayLater();
  };

  const pause = (words) => {
    source?.close();
    source = undefined;
    button.textContent = "Watch live";
    say(words);
  };

  const watch = () => {
    const address = new URL(button.dataset.tail, location.href);
    if (lastId) address.searchParams.set("lastEventId", lastId);
    source = new EventSource(address);
    source.onmessage = show;
    source.onerror = () => {
      // The app ends each stream after some minutes, and the browser comes back by itself. Unless it is refused.
      if (source?.readyState === EventSource.CLOSED) pause("You can no longer watch. Refresh the page to see why.");
    };
    button.textContent = "Stop watching";
    say("Watching: new decisions appear at the top");
  };

  button.addEventListener("click", () => (source ? pause("Stopped watching") : watch()));
  addEventListener("pagehide", () => source?.close());
  button.hidden = false;
}
