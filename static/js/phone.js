/* The customer's phone: what HTML and htmx cannot do alone. Every form also works without this file. */
(() => {
  "use strict";

  const log = () => document.getElementById("phone-log");
  const text = () => document.getElementById("phone-text");
  const isAtEnd = (box) => box.scrollHeight - box.scrollTop - box.clientHeight < 120;
  let wasAtEnd = true;
  let unsent = "";

  // The newest message stays in sight, unless somebody scrolled up to read.
  const toEnd = () => log()?.scrollTo(0, log().scrollHeight);
  document.addEventListener("scroll", (event) => {
    if (event.target === log()) wasAtEnd = isAtEnd(log());
  }, true);
  document.addEventListener("htmx:afterSettle", (event) => {
    if (log()?.contains(event.target) && wasAtEnd) toEnd();
    if (event.target.id === "phone-quote") text()?.focus();
  });
  // A picture grows when it has loaded; load events do not bubble, so they are caught on the way down.
  document.addEventListener("load", (event) => {
    if (event.target.tagName === "IMG" && wasAtEnd) toEnd();
  }, true);

  // The box is free for the next message at once; a failure gives the text back.
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (!event.target.closest("#phone-form, #attach")) return;
    unsent = text().value;
    text().value = "";
    wasAtEnd = true;
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.target.closest("#attach")) document.getElementById("phone-file").value = "";
    if (event.target.id === "phone-form" && !event.detail.successful) text().value ||= unsent;
    const cleared = event.target.dataset?.clears;
    if (cleared && event.detail.successful) document.getElementById(cleared).replaceChildren();
  });

  document.addEventListener("change", (event) => {
    const { target } = event;
    if (target.id === "phone-file") target.form.requestSubmit();
    else if (target.name === "show") changeFilter(target);
    else if (target.matches("[data-submit-on-change] *")) changeScene(target);
  });
  document.addEventListener("input", (event) => {
    if (event.target.type === "range") event.target.nextElementSibling.value = `${event.target.value} s`;
  });

  // Somebody else usually writes to another number: let the page choose it.
  const changeScene = (select) => {
    if (select.name === "as" && select.value !== "new") select.form.elements.to.disabled = true;
    select.form.submit();
  };

  const changeFilter = (select) => {
    const address = new URL(location);
    address.searchParams.set("show", select.value);
    location.assign(address);
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if ("toggles" in button.dataset) toggle(button);
    if ("picks" in button.dataset) document.getElementById(button.dataset.picks).click();
    if ("plays" in button.dataset) play(button);
    if ("copy" in button.dataset) copy(button);
  });

  const toggle = (button) => {
    const panel = document.getElementById(button.getAttribute("aria-controls"));
    panel.hidden = !panel.hidden;
    if (wasAtEnd) toEnd();
    button.setAttribute("aria-expanded", String(!panel.hidden));
  };

  const play = (button) => {
    const box = button.closest(".voice");
    const audio = box.querySelector("audio");
    const bars = [...box.querySelectorAll("rect")];
    audio.ontimeupdate = () => {
      const share = audio.duration ? audio.currentTime / audio.duration : 0;
      bars.forEach((bar, index) => bar.classList.toggle("played", index / bars.length < share));
    };
    audio.paused ? audio.play() : audio.pause();
  };

  const copy = async (button) => {
    await navigator.clipboard.writeText(button.dataset.copy);
    const label = button.querySelector("span");
    const before = label.textContent;
    label.textContent = button.dataset.copied;
    setTimeout(() => { label.textContent = before; }, 1500);
  };

  // Open without scripts, closed with them: the conversation needs the room.
  document.querySelectorAll("[data-toggles]").forEach(toggle);
  toEnd();
})();
