/* The template picker: what is chosen, where the next key goes, and no press of Send with a blank. */
"use strict";

{
  const picker = () => document.querySelector(".picker");
  const send = () => document.getElementById("picker-send");
  const fields = () => [...document.querySelectorAll("#picker-fill .picker-form input:not([type=hidden])")];
  const items = () => [...document.querySelectorAll("#picker-list a[role=option]")];
  let isWanted = false; // a person asked for it, so it may take the focus

  /* To what is missing; when nothing is, one more key sends it. */
  function aim() {
    isWanted = false;
    const blank = fields().find((field) => !field.value.trim() || field.ariaInvalid === "true");
    (blank ?? (send()?.disabled ? null : send()) ?? document.getElementById("picker-words"))?.focus();
  }

  function ask() {
    if (picker()) aim();
    else isWanted = true;
  }

  /* What is blank is told of in its place, also where nobody was yet. */
  function judgeAll() {
    const url = fields()[0].getAttribute("hx-post");
    htmx.ajax("POST", url, { source: send(), target: "#picker-preview", swap: "innerHTML" });
  }

  function close() {
    const place = document.createElement("div");
    place.id = "picker";
    place.hidden = true;
    picker().replaceWith(place);
    document.getElementById("composer-text")?.focus();
  }

  /* The list says what is being filled, and has one tab stop. */
  function mark() {
    const chosen = document.getElementById("picker-template")?.value;
    const all = items();
    const current = all.find((item) => item.id === `picker-item-${chosen}`);
    for (const item of all) {
      item.ariaSelected = String(item === current);
      item.tabIndex = item === (current ?? all[0]) ? 0 : -1;
    }
  }

  /* What the answer said below a field is also said to those who hear it. */
  function judge() {
    for (const field of fields()) {
      const hint = document.getElementById(field.getAttribute("aria-describedby"));
      if (hint?.matches(".field-hint--bad")) field.ariaInvalid = "true";
      else field.removeAttribute("aria-invalid");
    }
  }

  document.addEventListener("click", (event) => {
    if (event.target.closest("#picker-key")) {
      event.preventDefault();
      ask();
    }
    if (event.target.closest("#picker-open")) isWanted = true;
    // The picker sends, not the button: that is new after every letter, and htmx knows it only a moment later.
    if (event.target.closest("#picker-send[type=button]")) htmx.trigger(picker(), "fanlight:send");
    if (event.target.closest("#picker-close")) close();
  });

  // Before htmx hears of it.
  document.addEventListener("click", (event) => {
    const pressed = event.target.closest("#picker-send, #picker-open");
    if (!pressed) return;
    const isBlank = pressed === send() && fields().some((field) => !field.value.trim());
    if (!isBlank && !(pressed.id === "picker-open" && picker())) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (isBlank) judgeAll();
    aim();
  }, true);

  // A preview of what was typed last must not stand in the way of what is being sent.
  document.addEventListener("htmx:confirm", (event) => {
    const { elt } = event.detail;
    if (elt !== picker() && elt.closest(".picker") && picker().matches(".htmx-request")) event.preventDefault();
  });

  document.addEventListener("keydown", (event) => {
    const { target, key } = event;
    if ((event.ctrlKey || event.metaKey) && event.shiftKey && key.toLowerCase() === "t") {
      const opener = document.getElementById("picker-key") ?? document.getElementById("picker-open");
      if (!opener) return;
      event.preventDefault();
      opener.click();
      return;
    }
    if (!target.closest?.(".picker")) return;
    if (key === "Escape" && document.getElementById("picker-close")?.checkVisibility()) {
      event.preventDefault();
      event.stopPropagation();
      close();
    } else if (key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      send()?.click();
    } else if (key === "Enter" && fields().includes(target)) {
      event.preventDefault();
      if (!event.isComposing) send().click();
    } else if (key === "Enter" && target.id === "picker-words") {
      event.preventDefault();
      const [first] = items();
      if (first?.ariaSelected === "true") return void aim();
      isWanted = true;
      first?.click();
    } else if (key === "Enter" && target.matches("[role=option]")) isWanted = true;
    else move(event);
  });

  function move(event) {
    const all = items();
    const here = all.indexOf(event.target);
    const step = { ArrowDown: 1, ArrowUp: -1, ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const isDown = event.target.id === "picker-words" && event.key === "ArrowDown";
    if (!isDown && (here < 0 || !step)) return;
    event.preventDefault();
    const next = isDown ? all[0] : all[here + step];
    if (!next) return;
    next.focus();
    next.click();
  }

  document.addEventListener("htmx:afterSettle", ({ target }) => {
    if (!target.closest?.("#picker, #composer") && !target.querySelector?.("#picker")) return;
    mark();
    judge();
  });
  document.addEventListener("htmx:load", ({ detail: { elt } }) => {
    const isPicker = elt.matches?.(".picker, .picker-form");
    if (!isPicker) return;
    mark();
    if (isWanted || elt.querySelector(".picker-refusal[role=alert]")) aim();
  });
}
