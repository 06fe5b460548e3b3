/* Writing: the counter, emoji, and a text that no swap and no dead line can lose. */
"use strict";

{
  const NEAR_LIMIT = 100;
  const box = () => document.getElementById("composer");
  const text = () => document.getElementById("composer-text");
  let picked = null; // the picker that somebody uses meanwhile
  let isOnItsOwn = false; // nobody here asked for what comes in
  let kept = null; // what is in the box while it is being replaced
  let isWaiting = false; // pressed Send without a connection

  function count() {
    const counter = document.getElementById("composer-count");
    if (!counter) return;
    const length = [...text().value.trim()].length;
    const limit = Number(box().dataset.limit);
    const over = length - limit;
    counter.textContent = over > 0 ? fanlight.fill(counter.dataset.over, { count: over }) : `${length} / ${limit}`;
    counter.classList.toggle("composer-count--near", over > -NEAR_LIMIT && over <= 0);
    counter.classList.toggle("composer-count--over", over > 0);
  }

  const send = () => box().requestSubmit(document.getElementById("composer-send"));

  /* A key that changes the box also goes there, as a click does. */
  function keep(source) {
    const field = text();
    const isTab = Boolean(source?.matches("#composer [role=tab]"));
    const focused = document.activeElement;
    const stays = !isTab && focused.id !== "composer-send" && box().contains(focused) && focused.id;
    picked = isOnItsOwn ? isUsed(document.querySelector("#composer .picker")) : null;
    kept = field && { value: field.value, start: field.selectionStart, end: field.selectionEnd, stays,
      hadFocus: isTab || box().contains(focused), conversation: box().action.split("/").at(-3) };
    picked?.remove();
  }

  /* Whoever chose, searched or typed goes on with it, and may close it for free text. */
  function isUsed(picker) {
    const isTouched = [...(picker?.querySelectorAll("input:not([type=hidden])") ?? [])].some((field) => field.value !== field.defaultValue);
    return isTouched || picker?.contains(document.activeElement) ? picker : null;
  }

  function restore(form) {
    const same = kept && kept.conversation === form.action.split("/").at(-3);
    const field = text();
    if (same && !form.hasAttribute("data-sent")) {
      field.value = kept.value;
      field.setSelectionRange(kept.start, kept.end);
      field.classList.toggle("visually-hidden", field.disabled && !field.value);
    }
    if (same && picked) {
      document.getElementById("picker")?.replaceWith(picked);
      htmx.trigger(picked.querySelector(".picker-preview"), "fanlight:anew");
    }
    if (same && kept.hadFocus) {
      const focused = (kept.stays && document.getElementById(kept.stays)) || field;
      (focused.disabled ? document.getElementById("messages") : focused).focus({ preventScroll: true });
    }
    kept = picked = null;
    isWaiting = false;
    count();
  }

  document.addEventListener("htmx:beforeSwap", ({ detail: { target, requestConfig } }) => {
    isOnItsOwn = requestConfig?.elt.id === "thread-watch";
    if (target?.id === "composer") keep(requestConfig?.elt);
  });
  document.addEventListener("htmx:oobBeforeSwap", (event) => event.detail.target.id === "composer" && keep());
  // At once and not when htmx has settled: what is typed into the new box meanwhile would be lost.
  for (const swapped of ["htmx:afterSwap", "htmx:oobAfterSwap"]) {
    document.addEventListener(swapped, ({ target }) => target.id === "composer" && restore(target));
  }
  document.addEventListener("htmx:load", ({ detail: { elt } }) => {
    if (elt.id === "thread" || elt.querySelector?.("#composer")) count();
  });
  document.addEventListener("input", (event) => event.target.id === "composer-text" && count());

  document.addEventListener("keydown", (event) => {
    if (event.target.id === "composer-text" && event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      send();
    }
  });

  // Pressed without a connection: the same act, under the same number, once the thread has caught up. The
  // stream may never have broken, so nobody but this asks whether we are back.
  const ASK_AGAIN = 5000;
  function ask() {
    if (!isWaiting) return;
    htmx.trigger(document.body, "fanlight:catchup");
    setTimeout(ask, ASK_AGAIN);
  }

  document.addEventListener("htmx:sendError", ({ detail }) => {
    if (detail.elt.id !== "composer") return;
    document.getElementById("composer-waiting").hidden = false;
    if (!isWaiting) setTimeout(ask, ASK_AGAIN);
    isWaiting = true;
  });
  document.addEventListener("htmx:afterRequest", ({ detail }) => {
    if (detail.elt.id !== "thread-watch" || !detail.successful || !isWaiting) return;
    isWaiting = false;
    send();
  });

  document.addEventListener("keydown", (event) => {
    const tab = event.target.closest?.("#composer [role=tab]");
    if (!tab || !["ArrowLeft", "ArrowRight"].includes(event.key)) return;
    event.preventDefault();
    (tab.nextElementSibling ?? tab.previousElementSibling).focus();
  });

  // Emoji: arrows move, Escape closes

  function showEmoji(isOpen) {
    document.getElementById("emoji").hidden = !isOpen;
    document.getElementById("emoji-button").ariaExpanded = String(isOpen);
    if (isOpen) document.querySelector("#emoji [tabindex='0']").focus();
  }

  document.addEventListener("click", (event) => {
    if (!document.getElementById("emoji")) return;
    if (event.target.closest("#emoji-button")) return showEmoji(document.getElementById("emoji").hidden);
    const chosen = event.target.closest("[data-emoji]");
    if (chosen) {
      text().focus();
      text().setRangeText(chosen.dataset.emoji, text().selectionStart, text().selectionEnd, "end");
      text().dispatchEvent(new Event("input", { bubbles: true }));
    }
    if (!document.getElementById("emoji").hidden) showEmoji(false);
    if (chosen) text().focus();
  });

  document.addEventListener("keydown", (event) => {
    const here = event.target.closest?.("[data-emoji]");
    if (!here) return;
    const all = [...document.querySelectorAll("#emoji [data-emoji]")];
    const columns = all.filter((button) => button.offsetTop === all[0].offsetTop).length;
    const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns };
    if (event.key === "Escape") {
      showEmoji(false);
      document.getElementById("emoji-button").focus();
      event.stopPropagation();
    } else if (event.key in steps) {
      event.preventDefault();
      const next = all[all.indexOf(here) + steps[event.key]];
      if (!next) return;
      here.tabIndex = -1;
      next.tabIndex = 0;
      next.focus();
    }
  });

  // What was pressed may be redrawn while its answer is on the way: htmx would look for the places in what is gone.
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    const { elt, path } = detail.requestConfig;
    if (elt.isConnected || !detail.shouldSwap || !elt.closest("#thread, #thread-header, #details, #composer")) return;
    detail.shouldSwap = false;
    if (!path.startsWith(`/conversations/${document.getElementById("thread")?.dataset.conversation}/`)) return;
    const swapStyle = detail.xhr.getResponseHeader("HX-Reswap") ?? elt.closest("[hx-swap]").getAttribute("hx-swap");
    htmx.swap(detail.target, detail.serverResponse, { swapStyle });
  });

  if (text()) count();
  Object.assign(fanlight, { send });
}
