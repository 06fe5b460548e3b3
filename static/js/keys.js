/* The keyboard: a key clicks, or focuses, the visible element that names it in data-key. */
"use strict";

{
  const TYPING = "input:not([type='file']), textarea, select, [contenteditable], dialog";
  const single = document.getElementById("single-keys");
  let goUntil = 0;

  document.documentElement.toggleAttribute("data-apple", /Mac|iPhone|iPad/.test(navigator.platform));

  single.checked = localStorage.getItem("single-keys") !== "off";
  single.addEventListener("change", () => localStorage.setItem("single-keys", single.checked ? "on" : "off"));

  /* On screen, or in a closed menu whose button is: what a menu names with its key needs no opening. */
  const isAtHand = (found) =>
    found.checkVisibility() || Boolean(found.closest(".dropdown-menu")?.parentElement.querySelector("summary").checkVisibility());

  function press(selector) {
    const element = [...document.querySelectorAll(selector)].find(isAtHand);
    if (!element) return false;
    if (element.matches("input, textarea")) {
      element.focus();
      if (element.matches("input")) element.select();
    } else element.click();
    if (element.matches("summary")) items(element.parentElement)[0]?.focus();
    return true;
  }

  // An open menu: arrows move in it, Escape closes it, and no letter reaches the conversation behind it.

  const MENU = ".dropdown[open], [popover]:popover-open";
  const ITEMS = "input:not([type=hidden]), button, a";
  const items = (menu) => [...menu.querySelectorAll(ITEMS)].filter((item) => item.checkVisibility());

  function close(menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }

  document.addEventListener("keydown", (event) => {
    const menu = document.querySelector(MENU);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!menu || !(step || event.key === "Escape") || (step && event.target.matches("input, textarea"))) return;
    if (event.key === "Escape" && menu.matches("[popover]")) return;
    if (step) {
      const all = items(menu);
      const here = all.indexOf(document.activeElement);
      all.at(here < 0 && step < 0 ? -1 : (here + step) % all.length)?.focus();
    } else close(menu);
    event.preventDefault();
    event.stopPropagation();
  }, true);

  function move(step) {
    const links = [...document.querySelectorAll(".row-link, .table-link")];
    const here = document.activeElement.closest(".row-link, .table-link") ?? document.querySelector(".row-link[aria-current]");
    const next = links[here ? links.indexOf(here) + step : 0];
    next?.focus();
    return Boolean(next);
  }

  function turn(step) {
    const tabs = [...document.querySelectorAll("#views .tab")];
    const here = tabs.findIndex((tab) => tab.ariaCurrent);
    tabs.at((here + step) % tabs.length)?.click();
    return tabs.length > 0;
  }

  function back() {
    if (press("[data-key='Escape']")) return true;
    const row = document.querySelector(".row-link[aria-current]") ?? document.querySelector(".row-link");
    row?.focus();
    return Boolean(row);
  }

  const acts = { j: () => move(1), k: () => move(-1), "]": () => turn(1), "[": () => turn(-1), Escape: back };

  function act(key) {
    if (Date.now() < goUntil) {
      goUntil = 0;
      return press(`[data-go="${CSS.escape(key)}"]`);
    }
    if (key === "g") {
      goUntil = Date.now() + 1500;
      return true;
    }
    return acts[key]?.() ?? press(`[data-key~="${CSS.escape(key)}"]`);
  }

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.matches("#list-search") && event.key === "Escape") return void back();
    if (event.target.matches("#list-search") && event.key === "ArrowDown") return void document.querySelector(".row-link")?.focus();
    if (event.target.closest(TYPING) || document.querySelector(`dialog[open], ${MENU}`)) return;
    if (!single.checked && event.key !== "Escape") return;
    // Caps Lock must not turn "assign" into "assign to me".
    const key = event.key.length === 1 ? (event.shiftKey ? event.key.toUpperCase() : event.key.toLowerCase()) : event.key;
    if (act(key)) event.preventDefault();
  });
}
