/* The list pane: which row is open, where a changed row goes, and the clock on every row. */
"use strict";

{
  const MARGIN = 5 * 60e3; // as inbox/windows.py: five minutes less than there are
  const DAY = 24 * 3600e3;
  const HOUR = 3600e3;
  const list = document.getElementById("conversation-list");
  const app = document.querySelector(".app");
  const sources = new WeakMap(); // row → its text as the server sent it
  const clockAhead = Number(list.dataset.now) - Date.now();

  const rows = () => [...list.querySelectorAll(".row[data-section]")];
  const rankOf = (row) => Number(row.dataset.rank);
  /* What a row says, apart from the running clock: an equal row is left alone. */
  const gist = (row) =>
    row.outerHTML.replace(/ (stroke-dasharray|aria-current)="[^"]*"/g, "").replace(/(time-text">)[^<]*/, "$1");
  const remember = (row) => sources.has(row) || sources.set(row, gist(row));

  function markCurrent() {
    for (const link of list.querySelectorAll(".row-link")) {
      if (link.pathname === location.pathname) link.ariaCurrent = "true";
      else link.removeAttribute("aria-current");
    }
  }

  /* The rows after the last loaded one come with "Show more", not by themselves. */
  function isBeyond(place, before) {
    if (before || !document.getElementById("list-next")) return false;
    const filled = [...list.querySelectorAll("ul[id]")].filter((ul) => ul.querySelector(".row"));
    const last = filled.at(-1);
    return last === place || Boolean(last?.compareDocumentPosition(place) & Node.DOCUMENT_POSITION_FOLLOWING);
  }

  /** Puts a row where it belongs, without moving focus or scroll. */
  function place(row) {
    const old = document.getElementById(row.id);
    const source = gist(row);
    if (old && sources.get(old) === source) return;
    const target = document.getElementById(`rows-${row.dataset.section}`) ?? old?.parentElement;
    if (!target) return;
    const others = [...target.children].filter((other) => other !== old);
    const before = others.find((other) => rankOf(other) > rankOf(row)) ?? null;
    const hadFocus = old?.contains(document.activeElement);
    if (isBeyond(target, before)) return old?.remove();
    sources.set(row, source);
    if (old && old.parentElement === target && (old.nextElementSibling ?? null) === before) old.replaceWith(row);
    else {
      old?.remove();
      target.insertBefore(row, before);
    }
    htmx.process(row);
    markCurrent();
    if (hadFocus) row.querySelector("a").focus({ preventScroll: true });
  }

  function timeText(left) {
    const minutes = Math.floor(left / 60e3);
    const [h, m] = [Math.floor(minutes / 60), minutes % 60];
    if (left <= 0) return list.dataset.closed;
    if (!h) return fanlight.fill(list.dataset.minutes, { m });
    if (left > 4 * HOUR) return fanlight.fill(list.dataset.hours, { h });
    return fanlight.fill(list.dataset.hoursMinutes, { h, m: String(m).padStart(2, "0") });
  }

  function stateOf(left) {
    if (left <= 0) return "closed";
    if (left <= HOUR) return "urgent";
    return left <= 4 * HOUR ? "soon" : "open";
  }

  /** Moves every clock on the page by attributes alone; says which of them changed its state. */
  function tick() {
    const changed = [];
    for (const clock of document.querySelectorAll("[data-closes-at]:not([data-closes-at=''])")) {
      const left = Number(clock.dataset.closesAt) - MARGIN - Date.now() - clockAhead;
      const percent = (Math.max(0, Math.min(1, left / DAY)) * 100).toFixed(1);
      clock.querySelector(".ring-left")?.setAttribute("stroke-dasharray", `${percent} 100`);
      clock.querySelector(".fuse-left")?.setAttribute("width", `${percent}%`);
      const text = clock.querySelector(".time-text");
      if (text) text.textContent = timeText(left);
      if (clock.dataset.window !== stateOf(left)) {
        clock.dataset.window = stateOf(left);
        changed.push(clock);
      }
    }
    return changed;
  }

  function settle() {
    const seen = new Set();
    for (const row of rows()) {
      // A row that moved up meanwhile comes again with a later page.
      if (seen.has(row.id)) row.remove();
      seen.add(row.id);
      remember(row);
    }
    app.dataset.pane = location.pathname.startsWith("/conversations/") ? app.dataset.pane : "list";
    markCurrent();
    const unread = Number(document.getElementById("nav-unread").dataset.unread);
    document.title = (unread ? `(${unread}) ` : "") + document.title.replace(/^\(\d+\) /, "");
  }

  document.addEventListener("htmx:pushedIntoHistory", () => {
    if (location.pathname.startsWith("/conversations/")) app.dataset.pane = "thread";
  });
  document.addEventListener("htmx:afterSettle", settle);
  settle();
  Object.assign(fanlight, { rows, place, tick, settle });
}
