/* The open conversation: order, scroll position, quotes, photos and menus. */
"use strict";

{
  const NEAR = 80; // pixels from the end that still count as the end
  const MOST_TOLD = 60; // bubbles whose versions the server compares
  const at = (line) => Number(line.dataset.at);
  const log = () => document.getElementById("log");
  const jump = () => document.getElementById("jump");
  let thread; // the #messages that is being watched
  let known; // ids of its bubbles
  let newest; // data-at of the last one
  let isAtEnd = true;
  let height = 0;
  let arrived = 0;
  let isUnseen = false;
  let isOwn = false; // what comes in is the answer to the composer
  let isOnItsOwn = false; // nobody here asked for what comes in

  function toEnd() {
    log().scrollTop = log().scrollHeight;
    isAtEnd = true;
    arrived = 0;
    jump().hidden = true;
  }

  /* Two answers may bring the same line, and a recovered message comes late to its place. */
  function tidy() {
    const seen = new Set();
    let last = -Infinity;
    for (const line of [...thread.querySelectorAll(":scope > [data-at]")]) {
      if (seen.has(line.id)) {
        line.remove();
        continue;
      }
      seen.add(line.id);
      if (at(line) < last) {
        const later = [...thread.querySelectorAll(":scope > [data-at]")].find((other) => at(other) > at(line));
        later.before(line);
      } else last = at(line);
    }
  }

  function changed() {
    tidy();
    const fresh = [...thread.querySelectorAll(":scope > .msg")].filter((message) => !known.has(message.id));
    const later = fresh.filter((message) => at(message) >= newest);
    for (const message of fresh) known.add(message.id);
    newest = Math.max(newest, ...later.map(at));
    const grown = log().scrollHeight - height;
    if (isAtEnd || (later.length && isOwn)) toEnd();
    else if (fresh.length > later.length) log().scrollTop += grown;
    else if (later.length) tell((arrived += later.length));
    height = log().scrollHeight;
    if (later.some((message) => message.matches(".msg--in"))) look();
  }

  function tell(count) {
    const words = jump().dataset;
    jump().querySelector("span").textContent = count === 1 ? words.one : fanlight.fill(words.many, { count });
    jump().hidden = false;
  }

  /* What comes in before somebody's eyes is not unread. */
  function look() {
    isUnseen = document.visibilityState !== "visible";
    if (!isUnseen) htmx.trigger("#seen", "fanlight:seen");
  }

  const lines = new MutationObserver(() => thread.isConnected && changed());
  const sizes = new ResizeObserver(() => {
    if (thread.isConnected && isAtEnd) toEnd();
    if (thread.isConnected) height = log().scrollHeight;
  });

  function start() {
    const opened = document.getElementById("messages");
    if (!opened || opened === thread) return;
    thread = opened;
    lines.disconnect();
    sizes.disconnect();
    const messages = [...thread.querySelectorAll(":scope > .msg")];
    known = new Set(messages.map((message) => message.id));
    newest = Math.max(0, ...messages.map(at));
    arrived = 0;
    lines.observe(thread, { childList: true });
    sizes.observe(thread);
    sizes.observe(log());
    toEnd();
    height = log().scrollHeight;
    if (location.hash.startsWith("#message-")) show(location.hash.slice(9));
  }

  async function show(id) {
    const loader = document.querySelector("#older a");
    if (!document.getElementById(`message-${id}`) && loader) {
      await htmx.ajax("GET", `${loader.getAttribute("hx-get")}&until=${id}`, { target: "#older", swap: "outerHTML" });
    }
    const message = document.getElementById(`message-${id}`);
    if (!message) return;
    isAtEnd = false;
    document.querySelector(".app").dataset.pane = "thread";
    message.scrollIntoView({ block: "center" });
    message.classList.add("msg--found");
    setTimeout(() => message.classList.remove("msg--found"), 2000);
  }

  document.addEventListener("scroll", (event) => {
    if (event.target.id !== "log") return;
    isAtEnd = log().scrollHeight - log().scrollTop - log().clientHeight < NEAR;
    if (isAtEnd && !jump().hidden) toEnd();
  }, { capture: true, passive: true });

  document.addEventListener("visibilitychange", () => isUnseen && look());
  document.addEventListener("htmx:load", start);

  // What the page has, so that the server sends what it lacks.
  document.addEventListener("htmx:configRequest", ({ detail }) => {
    if (!detail.elt.matches("#thread-watch, #composer, #picker-send, #picker-anyway")) return;
    const shown = [...document.querySelectorAll("#messages > .msg")].slice(-MOST_TOLD);
    detail.parameters.shown = shown.map((m) => `${m.id.slice(8)}:${m.dataset.version}`).join(" ");
  });

  // A refusal is an answer with a place on the page. And nothing is swapped under a hand that uses it.
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    isOnItsOwn = detail.requestConfig.elt.id === "thread-watch";
    isOwn = detail.requestConfig.elt.matches("#composer, #picker-send, #picker-anyway");
    if (!detail.xhr.getResponseHeader("X-Refused")) return;
    detail.shouldSwap = true;
    detail.isError = false;
  });
  document.addEventListener("htmx:oobBeforeSwap", (event) => {
    const target = event.detail.target;
    if (!isOnItsOwn || !target.matches("#details, #thread-header")) return;
    if (target.querySelector(".dropdown[open], .rename[open], select:focus, input:focus")) event.detail.shouldSwap = false;
  });

  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll(".dropdown[open]")) if (!menu.contains(event.target)) menu.open = false;
    if (event.target.closest("#jump")) toEnd();
    const quote = event.target.closest("[data-quote]");
    const photo = event.target.closest("[data-lightbox]");
    const pane = event.target.closest("[data-pane-to]");
    const copied = event.target.closest("[data-copy]");
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (quote || photo || pane) event.preventDefault();
    if (quote) show(quote.dataset.quote);
    if (pane) document.querySelector(".app").dataset.pane = pane.dataset.paneTo;
    if (photo) enlarge(photo);
    if (copied) navigator.clipboard?.writeText(copied.dataset.copy).then(() => fanlight.toast(copied.dataset.copied, "good"));
    if (event.target.closest("[data-details-toggle]")) document.getElementById("stage").toggleAttribute("data-details-hidden");
  });

  // What was pressed goes with its answer: the keyboard stays near it.
  const PLACES = { "#consent": "#consent > summary", "#details": "#details .scroll", ".msg": "#messages", ".toast": "#messages" };
  let place = "";
  document.addEventListener("htmx:beforeRequest", ({ detail: { elt } }) => {
    if (!elt.contains(document.activeElement)) return;
    place = PLACES[Object.keys(PLACES).find((around) => elt.closest(around))] ?? "";
  });
  document.addEventListener("htmx:afterRequest", () => {
    if (place && document.activeElement === document.body) document.querySelector(place)?.focus({ preventScroll: true });
    place = "";
  });

  function enlarge(link) {
    const box = document.getElementById("lightbox");
    box.querySelector("img").src = link.href;
    box.querySelector("img").alt = link.querySelector("img").alt;
    box.querySelector("a").href = link.href;
    box.showModal();
  }

  start();
}
