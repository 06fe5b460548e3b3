/* The connect page: copying addresses, how many checks passed, and where a form was wrong. */
"use strict";
{
  const showCopies = () => document.querySelectorAll("[data-copy][hidden]").forEach((each) => (each.hidden = false));
  showCopies();
  document.querySelector("#content [aria-invalid], #content [role=alert][tabindex]")?.focus();
  document.addEventListener("htmx:afterSettle", showCopies);
  document.addEventListener("click", async ({ target }) => {
    const button = target.closest("[data-copy]");
    if (!button) return;
    const field = document.getElementById(button.dataset.copy);
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
      button.querySelector("span").textContent = button.dataset.copied;
    } catch {
      // Without permission the text stays selected: Ctrl C takes it.
    }
  });

  const tally = () => {
    const told = document.getElementById("doctor-tally");
    if (!told) return;
    const count = (level) => document.querySelectorAll(`#checks [data-level="${level}"]`).length;
    const words = [["ok", "passed"], ["bad", "failed"], ["warn", "warned"]]
      .filter(([level]) => count(level))
      .map(([level, word]) => fanlight.fill(told.dataset[word], { n: count(level) }));
    const sentence = words.join(", ");
    if (told.textContent !== sentence && !document.querySelector("#checks .check-item--run")) told.textContent = sentence;
  };
  document.addEventListener("htmx:afterSettle", tally);
  tally();
}
