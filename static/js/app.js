/* Every page: theme, time zone, dialogs, toasts, and what to say when a request fails. */
"use strict";

const fanlight = {
  /** Fills "{name}" in a translated sentence. */
  fill: (sentence, words) => sentence.replace(/\{(\w+)\}/g, (whole, word) => words[word] ?? whole),

  toast(sentence, kind = "bad") {
    const toast = document.getElementById("toast-model").content.firstElementChild.cloneNode(true);
    toast.classList.add(`toast--${kind}`);
    toast.querySelector("span").textContent = sentence;
    document.getElementById("toasts").append(toast);
  },
};

{
  const root = document.documentElement;
  const year = 365 * 24 * 3600;
  const remember = (name, value) => {
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `${name}=${value}; Path=/; Max-Age=${value ? year : 0}; SameSite=Lax${secure}`;
  };

  // Times are shown in the browser's zone from the next page on.
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone && !document.cookie.includes(`tz=${zone}`)) remember("tz", zone);

  document.addEventListener("click", (event) => {
    const theme = event.target.closest("[data-theme-choice]");
    if (theme) {
      const choice = theme.dataset.themeChoice;
      remember("theme", choice);
      if (choice) root.dataset.theme = choice;
      else delete root.dataset.theme;
      for (const button of theme.parentElement.children) button.ariaPressed = String(button === theme);
    }
    const opener = event.target.closest("[data-opens]");
    if (opener) document.getElementById(opener.dataset.opens).showModal();
    const reveal = event.target.closest("[data-reveals]");
    if (reveal) {
      const field = document.getElementById(reveal.dataset.reveals);
      field.type = field.type === "password" ? "text" : "password";
      reveal.ariaPressed = String(field.type === "text");
    }
    event.target.closest("[data-dismiss]")?.closest(".toast").remove();
    // A click beside a dialog closes it.
    if (event.target instanceof HTMLDialogElement) event.target.close();
  });

  // Good news leaves by itself; a failure, and what can be undone, stays until it is read.
  const toasts = document.getElementById("toasts");
  const leave = (toast) => toast.matches(".toast--bad, :has(form)") || setTimeout(() => toast.remove(), 6000);
  if (toasts) {
    [...toasts.children].forEach(leave);
    new MutationObserver((changes) => {
      for (const change of changes) for (const node of change.addedNodes) if (node.nodeType === 1) leave(node);
    }).observe(toasts, { childList: true });
  }

  // Whoever is signed out meanwhile gets the sign-in page, not its pieces inside a pane.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const url = event.detail.xhr.responseURL;
    if (url && new URL(url).pathname.startsWith("/login/")) {
      event.detail.shouldSwap = false;
      location.reload();
    }
  });
  const model = document.getElementById("toast-model");
  document.addEventListener("htmx:responseError", (event) => {
    if (model && !event.detail.xhr.getResponseHeader("X-Refused")) {
      fanlight.toast(event.detail.xhr.status === 404 ? model.dataset.gone : model.dataset.failed);
    }
  });
  // What the page asks by itself fails quietly: the banner says that we are offline.
  document.addEventListener("htmx:sendError", ({ detail: { elt } }) => {
    if (model && !elt.matches("[data-quiet]")) fanlight.toast(model.dataset.offline);
  });
}
