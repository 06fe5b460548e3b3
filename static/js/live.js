/* The stream names what changed; this asks for the pieces through the ordinary pages. */
"use strict";

{
  const COUNTS_AFTER = 1200; // longer than inbox/counts.py keeps an answer
  const ROWS_AT_ONCE = 50; // what inbox/listing.py has on a page
  const QUIET_BETWEEN = 5000; // one announcement at most
  const announcer = document.getElementById("announcer");
  const offline = document.getElementById("offline");
  const heard = new WeakSet();
  const changed = new Set(); // conversations whose rows are to be asked for
  let isAsking = false;
  let countsTimer = 0;
  let countsAgain = false;
  let announcedAt = 0;
  let isStale = false;

  const isSearching = () => new URLSearchParams(location.search).has("q");
  const idOf = (row) => row.id.replace("conversation-", "");

  async function get(path) {
    const headers = { "HX-Request": "true", "HX-Current-URL": location.href };
    const answer = await fetch(path + location.search, { headers });
    if (answer.redirected) location.reload();
    if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
    const model = document.createElement("template");
    model.innerHTML = answer.status === 204 ? "" : await answer.text();
    return model.content;
  }

  /* One question at a time; what changes meanwhile is asked for together, so a busy hour costs no more. */
  async function refresh(id) {
    changed.add(id);
    if (isAsking) return;
    isAsking = true;
    try {
      while (changed.size) {
        const ids = [...changed].slice(0, ROWS_AT_ONCE);
        for (const id of ids) changed.delete(id);
        const fresh = await get(`/rows/${ids}/`);
        for (const id of ids) show(id, fresh.getElementById(`conversation-${id}`));
      }
    } catch {
      isStale = true; // the next reconnect or minute asks for everything
      changed.clear();
    } finally {
      isAsking = false;
    }
  }

  function show(id, row) {
    const old = document.getElementById(`conversation-${id}`);
    if (!row) {
      // What was just opened from "Unread" stays until something else is opened.
      const keep = location.search.includes("unread=1") && old?.querySelector("[aria-current]");
      return keep || old?.remove();
    }
    if (!old && isSearching()) return;
    const before = Number(old?.querySelector(".row-unread .count")?.firstChild.data ?? 0);
    const after = Number(row.querySelector(".row-unread .count")?.firstChild.data ?? 0);
    if (after > before && row.querySelector("a").pathname !== location.pathname) announce(row);
    fanlight.place(row);
  }

  function announce(row) {
    if (Date.now() - announcedAt < QUIET_BETWEEN) return;
    announcedAt = Date.now();
    const name = row.querySelector(".row-name").textContent;
    const left = row.querySelector(".time-text")?.textContent ?? "";
    announcer.textContent = fanlight.fill(announcer.dataset.sentence, { name, left });
  }

  function announceClock(pill) {
    const left = pill.querySelector(".time-text")?.textContent;
    if (left) announcer.textContent = fanlight.fill(announcer.dataset.clock, { left });
  }

  function refreshCounts() {
    if (countsTimer) return void (countsAgain = true);
    countsTimer = setTimeout(async () => {
      const asked = location.search;
      try {
        const fresh = await get("/views/");
        if (asked === location.search) showCounts(fresh);
        else countsAgain = true;
      } catch {
        isStale = true;
      }
      countsTimer = 0;
      if (countsAgain) refreshCounts();
      countsAgain = false;
    }, COUNTS_AFTER);
  }

  /* Only the numbers: a link that was just clicked must stay the element that was clicked. */
  function showCounts(fresh) {
    for (const number of fresh.querySelectorAll("a[id] .num")) {
      const link = document.getElementById(number.closest("a").id);
      link?.querySelector(".num")?.replaceChildren(number.textContent);
    }
    for (const id of ["nav-unread", "impaired"]) document.getElementById(id).replaceWith(fresh.getElementById(id));
    fanlight.settle();
  }

  /* Everything that could have been missed: the first page anew, later rows one by one, the open thread. */
  async function catchUp() {
    htmx.trigger(document.body, "fanlight:catchup");
    refreshCounts();
    if (isSearching()) return;
    try {
      const fresh = await get("/list/");
      const known = new Set([...fresh.querySelectorAll(".row")].map((row) => row.id));
      const isWhole = !fresh.querySelector("#list-next");
      for (const row of fresh.querySelectorAll(".row")) fanlight.place(row);
      for (const row of fanlight.rows().filter((row) => !known.has(row.id))) {
        if (isWhole) row.remove();
        else refresh(idOf(row));
      }
      isStale = false;
    } catch {
      isStale = true;
    }
  }

  document.addEventListener("htmx:sseOpen", ({ detail: { source } }) => {
    offline.hidden = true;
    if (heard.has(source)) return;
    heard.add(source);
    source.addEventListener("ready", catchUp);
    source.addEventListener("resync", catchUp);
    source.addEventListener("alarm", refreshCounts);
    source.addEventListener("conversation", (event) => {
      refresh(event.data);
      refreshCounts();
    });
  });
  document.addEventListener("htmx:sseError", () => {
    offline.hidden = false;
    get("/views/").catch(() => {}); // whoever was signed out meanwhile is no longer offline, but a stranger
  });
  addEventListener("offline", () => (offline.hidden = false));
  // A stream that a dead network left open says nothing: ask again when the network is back.
  addEventListener("online", () => {
    offline.hidden = true;
    catchUp();
  });

  setInterval(() => {
    for (const clock of fanlight.tick()) {
      if (clock.matches(".row")) refresh(idOf(clock));
      else htmx.trigger(document.body, "fanlight:window");
      if (clock.id === "window-pill") announceClock(clock);
    }
    if (isStale) catchUp();
  }, 60e3);
}
