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

  const ORDER = ["bad", "warn", "ok"];
  const rank = (item) => ORDER.indexOf(item.dataset.level);
  /** What fails stands first and open; the rest stays folded. */
  const sort = (group) => {
    const items = [...group.querySelectorAll(".check-item")];
    if (items.some((item) => !item.dataset.level)) return;
    const troubled = items.filter((item) => item.dataset.level !== "ok");
    const badge = group.querySelector("[data-tally]");
    const sentence = fanlight.fill(troubled.length ? badge.dataset.troubled : badge.dataset.passed, { n: troubled.length || items.length });
    if (badge.textContent === sentence) return;
    badge.textContent = sentence;
    const sorted = items.toSorted((one, other) => rank(one) - rank(other));
    badge.className = `badge badge--${sorted[0].dataset.level.replace("ok", "good")}`;
    if (sorted[0].dataset.level === "bad") group.open = true;
    if (!group.contains(document.activeElement)) items[0].parentElement.append(...sorted);
  };

  const tally = () => {
    const told = document.getElementById("doctor-tally");
    if (!told) return;
    document.querySelectorAll("#checks > .section").forEach(sort);
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
