// The button "Watch live" on the page of the decision log. Without it, the page has its link "Refresh".
{
  /** Most rows on the page; the oldest go. */
  const MAX_ROWS = 200;
  /** Most decisions that are remembered, so that none is shown twice: after a reconnect some are sent again. */
  const MAX_KNOWN = 10_000;
  /** Time between one message to screen readers and the next. */
  const QUIET_MS = 3_000;
  /** How long it waits before it tries again: twice as long after each failure. */
  const FIRST_DELAY_MS = 1_000;
  const MAX_DELAY_MS = 30_000;
  /** Answers after which it makes no sense to try again, besides the other ones from 400 to 499. */
  const REFUSALS = {
    401: "You are no longer logged in. Refresh the page to log in again.",
    403: "You may no longer watch the decision log.",
  };
  const TEMPORARY_REFUSALS = [408, 429];
  const TOO_MANY = "You are watching in too many windows. This one goes on when you stop in another.";

  const button = document.getElementById("watch");
  const status = document.getElementById("watch-status");
  const rows = document.querySelector("#log tbody");
  const known = new Set(Array.from(rows.rows, (row) => row.dataset.decision));
  let isWatching = false;
  /** @type {EventSource | undefined} */
  let source;
  let timer;
  /** @type {AbortController | undefined} */
  let asking;
  /** How many errors there were since it was connected. */
  let failures = 0;
  let isLost = false;
  let lastId = "";
  let unsaid = 0;

  /** Tells screen readers, and if it is about a problem, everyone. */
  const say = (words, isProblem = false) => {
    status.textContent = words;
    status.className = isProblem ? "hint" : "visually-hidden";
  };

  const sayLater = () => {
    unsaid += 1;
    if (unsaid > 1) return;
    setTimeout(() => {
      if (isWatching && !isLost) say(unsaid === 1 ? "One new decision" : `${unsaid} new decisions`);
      unsaid = 0;
    }, QUIET_MS);
  };

  const isNew = (id) => {
    if (known.has(id)) return false;
    known.add(id);
    if (known.size > MAX_KNOWN) known.delete(known.values().next().value);
    return true;
  };

  const show = ({ data, lastEventId }) => {
    lastId = lastEventId;
    const template = document.createElement("template");
    template.innerHTML = data;
    const row = template.content.querySelector("tr");
    if (!isNew(row.dataset.decision)) return;
    row.classList.add("new");
    rows.prepend(row);
    while (rows.rows.length > MAX_ROWS) rows.lastElementChild.remove();
    document.getElementById("log-found").hidden = false;
    document.getElementById("log-empty")?.remove();
    sayLater();
  };

  const address = () => {
    const url = new URL(button.dataset.tail, location.href);
    if (lastId) url.searchParams.set("lastEventId", lastId);
    return url;
  };

  /** Gives its connection back: browsers have six to a site, for all of their tabs. */
  const release = () => {
    clearTimeout(timer);
    asking?.abort();
    source?.close();
  };

  const stop = (words, isProblem) => {
    isWatching = false;
    release();
    button.textContent = "Watch live";
    say(words, isProblem);
  };

  const connect = () => {
    source = new EventSource(address());
    source.onopen = () => {
      if (isLost) say("Watching again");
      isLost = false;
      failures = 0;
    };
    source.onmessage = show;
    source.onerror = () => {
      // The app ends each stream after some minutes, so that the first error is none. The browser comes back by itself,
      // unless the answer was anything but 200: then it has given up for good, and does not say why.
      failures += 1;
      if (source.readyState === EventSource.CLOSED) tryAgain();
      else if (failures > 1) sayLost();
    };
  };

  const sayLost = () => {
    if (!isLost) say("Connection lost, trying again", true);
    isLost = true;
  };

  const tryAgain = () => {
    sayLost();
    const delay = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (failures - 1));
    // Not all at the same moment when the app is back.
    timer = setTimeout(ask, delay * (0.5 + Math.random() / 2));
  };

  /** Finds out with which status the app would answer. */
  const ask = async () => {
    asking = new AbortController();
    const { signal } = asking;
    const options = { method: "HEAD", headers: { Accept: "text/event-stream" }, cache: "no-store", signal };
    const answer = await fetch(address(), options).catch(() => undefined);
    if (signal.aborted) return;
    const code = answer?.status ?? 0;
    if (code === 200) return connect();
    if (code >= 400 && code < 500 && !TEMPORARY_REFUSALS.includes(code)) {
      return stop(REFUSALS[code] ?? "You can no longer watch. Refresh the page to see why.", true);
    }
    failures += 1;
    if (code === 429) say(TOO_MANY, true);
    tryAgain();
  };

  const start = () => {
    isWatching = true;
    isLost = false;
    failures = 0;
    button.textContent = "Stop watching";
    say("Watching: new decisions appear at the top");
    connect();
  };

  button.addEventListener("click", () => (isWatching ? stop("Stopped watching") : start()));
  // Nobody sees a hidden tab. When it is shown again it gets what it has missed.
  document.addEventListener("visibilitychange", () => {
    if (!isWatching) return;
    release();
    if (document.visibilityState === "visible") connect();
  });
  addEventListener("pagehide", () => isWatching && stop("Stopped watching"));
  button.hidden = false;
}
