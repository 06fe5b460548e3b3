/* The template editor: formatting, counters, autosave, undo of what was removed. It works without this too. */
"use strict";

{
  const form = document.getElementById("editor");
  const SAVE_AFTER = 700;
  const TRY_AGAIN_AFTER = 5000;
  const MOST_UNANSWERED = 5;
  const REDRAW = "redraw";

  // A refusal is shown where it belongs.
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    if (detail.xhr.getResponseHeader("X-Refused")) detail.shouldSwap = true;
  });
  document.addEventListener("click", (event) => {
    const copies = event.target.closest("[data-copies]");
    if (copies) navigator.clipboard?.writeText(document.getElementById(copies.dataset.copies).textContent);
  });

  // What WhatsApp decided meanwhile changes the whole page of that template.
  document.addEventListener("fanlight:list", () => document.getElementById("template-standing") && location.reload());

  if (form) {
    const live = document.getElementById("editor-live");
    const saver = document.getElementById("editor-save");
    const words = () => new URLSearchParams(new FormData(form)).toString();
    /* The form without what the server keeps count with. */
    const text = () => words().replace(/(^|&)(csrfmiddlewaretoken|stamp|template|variables_shown|shows|earlier)=[^&]*/g, "");
    const opened = new FormData(form);
    let saved = text();
    let timer = 0;
    let before = null; // the form before something was taken out of it or mended, and what is said of that

    const isDirty = () => text() !== saved;

    function count() {
      for (const counter of document.querySelectorAll("[data-count]")) {
        const field = document.getElementById(counter.dataset.count);
        if (!field) continue;
        const length = [...field.value].length;
        counter.textContent = `${length} / ${counter.dataset.limit}`;
        counter.classList.toggle("counter--over", length > Number(counter.dataset.limit));
      }
    }

    function mark() {
      for (const field of form.querySelectorAll("[aria-describedby*='error-']")) {
        const slots = field.getAttribute("aria-describedby").split(" ").map((id) => document.getElementById(id));
        if (slots.some((slot) => slot?.hasAttribute("data-bad"))) field.ariaInvalid = "true";
        else field.removeAttribute("aria-invalid");
      }
    }

    function later() {
      clearTimeout(timer);
      timer = setTimeout(save, SAVE_AFTER);
    }

    function save() {
      clearTimeout(timer);
      if (isDirty()) htmx.trigger(saver, "fanlight:save");
    }

    // What the server was asked to keep, compared with what stands in the form when it answers. While an answer
    // is out, or lost, the server may hold any of what was sent: it is told what that was.
    let unanswered = [];
    let isSaving = false;
    form.addEventListener("formdata", ({ formData }) => unanswered.forEach((sent) => formData.append("earlier", sent)));
    document.addEventListener("htmx:beforeRequest", ({ detail }) => {
      if (detail.elt !== saver) return;
      unanswered = [...unanswered, text()].slice(-MOST_UNANSWERED);
      isSaving = true;
    });
    document.addEventListener("htmx:afterRequest", ({ detail }) => {
      if (detail.elt !== saver) return;
      isSaving = false;
      if (detail.successful) {
        saved = unanswered.at(-1);
      } else {
        clearTimeout(timer);
        document.getElementById("editor-saved").textContent = form.dataset.unsaved;
      }
      if (detail.xhr.status) unanswered = [];
      else timer = setTimeout(save, TRY_AGAIN_AFTER);
      const go = leave;
      leave = null;
      go?.(detail.successful);
    });

    form.addEventListener("input", () => {
      count();
      later();
    });
    form.addEventListener("change", later);
    document.addEventListener("htmx:afterSettle", () => {
      count();
      mark();
    });

    // Nothing typed is lost when one goes on: it is saved first.
    let leave = null;
    document.addEventListener("click", (event) => {
      const link = event.target.closest("a[href]");
      if (!link || link.target || link.id === "editor-discard" || link.hasAttribute("data-leaves")) return;
      if (event.ctrlKey || event.metaKey || event.shiftKey || !isDirty()) return;
      event.preventDefault();
      leave = (isSaved) => isSaved && location.assign(link.href);
      save();
    });
    document.addEventListener("submit", (event) => {
      const other = event.target;
      if (other === form) {
        if (!isSaving) return void (saved = text());
        // What is being saved must have its new stamp before more is sent.
        event.preventDefault();
        leave = () => form.requestSubmit(event.submitter);
        return;
      }
      if (other.id !== "add-language" || !isDirty()) return;
      event.preventDefault();
      leave = (isSaved) => isSaved && other.submit();
      save();
    });
    addEventListener("pagehide", () => {
      if (!isDirty()) return;
      const data = new FormData(form);
      data.set("act", "auto");
      unanswered.push(text());
      navigator.sendBeacon(saver.getAttribute("hx-post"), data);
    });

    document.getElementById("editor-discard").addEventListener("click", (event) => {
      event.preventDefault();
      clearTimeout(timer);
      // A draft that was begun on this page goes away with it; it can be restored.
      if (!opened.get("template") && new FormData(form).get("template")) return archive();
      redraw(opened);
      fanlight.toast(form.dataset.discarded, "info");
    });

    function archive() {
      saved = text();
      const act = document.createElement("form");
      Object.assign(act, { method: "post", action: `${document.getElementById("add-language").getAttribute("action")}../archive/` });
      act.append(form.querySelector("[name=csrfmiddlewaretoken]").cloneNode());
      document.body.append(act);
      act.submit();
    }

    // Enter in a field keeps the page.
    form.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !event.target.matches("input:not([type=checkbox], [type=radio])")) return;
      event.preventDefault();
      save();
    });

    // Formatting

    const body = () => document.getElementById("body");

    // Where nobody wrote yet, it goes on at the end.
    const visited = new WeakSet();
    form.addEventListener("focusin", ({ target }) => visited.add(target));

    function insert(words, start, end) {
      const field = body();
      if (!visited.has(field)) field.setSelectionRange(field.value.length, field.value.length);
      field.focus();
      field.setSelectionRange(start ?? field.selectionStart, end ?? field.selectionEnd);
      // The only way that the browser's own undo knows of.
      if (!document.execCommand("insertText", false, words)) {
        field.setRangeText(words, field.selectionStart, field.selectionEnd, "end");
        field.dispatchEvent(new Event("input", { bubbles: true }));
      }
    }

    function wrap(sign) {
      const { selectionStart: start, selectionEnd: end, value } = body();
      const chosen = value.slice(start, end);
      const [, lead, inner, trail] = chosen.match(/^(\s*)([\s\S]*?)(\s*)$/);
      insert(`${lead}${sign}${inner}${sign}${trail}`, start, end);
      if (!inner) body().setSelectionRange(start + lead.length + 1, start + lead.length + 1);
    }

    function nextVariable() {
      const used = new Set([...words().matchAll(/%7B%7B(\w+)%7D%7D/g)].map((found) => found[1]));
      let number = 1;
      while (used.has(String(number))) number += 1;
      return `{{${number}}}`;
    }

    document.addEventListener("click", (event) => {
      const wraps = event.target.closest("[data-wrap]");
      if (wraps) wrap(wraps.dataset.wrap);
      const inserts = event.target.closest("[data-insert]");
      if (inserts) {
        inserts.closest("details").open = false;
        insert(inserts.dataset.insert);
      }
      const variable = event.target.closest("[data-variable]");
      if (variable) {
        event.preventDefault();
        insert(nextVariable());
      }
      const shows = event.target.closest("[data-shows-values]");
      if (shows) {
        event.preventDefault();
        for (const button of shows.parentElement.children) button.ariaPressed = String(button === shows);
        document.getElementById("editor-shows").value = shows.value;
        htmx.trigger(live, "fanlight:look");
      }
    });

    // Acts of the form

    // An answer that does not know what was typed meanwhile would undo it: it is asked for again.
    let asker = null; // where the hand was when an act was asked for first
    let isElsewhere = false;
    let shaping = null; // the act that is being answered: what else is told meanwhile is of another form
    document.addEventListener("htmx:beforeRequest", ({ detail }) => {
      if (detail.elt !== live && detail.target.id !== "editor-fields") return;
      detail.xhr.asked = { text: text(), asker: asker ?? document.activeElement };
      asker = null;
      if (detail.elt !== live) shaping = detail.xhr;
    });
    document.addEventListener("htmx:afterRequest", ({ detail }) => {
      if (detail.xhr === shaping) shaping = null;
    });
    document.addEventListener("htmx:beforeSwap", ({ detail }) => {
      const { asked } = detail.xhr;
      if (!asked) return;
      if (shaping && detail.xhr !== shaping) return void (detail.shouldSwap = false);
      const { act } = detail.requestConfig.parameters;
      isElsewhere = form.contains(document.activeElement) && document.activeElement !== asked.asker;
      if (asked.text === text() || act === REDRAW) return;
      detail.shouldSwap = false;
      if (detail.requestConfig.elt === live) return htmx.trigger(live, "fanlight:look");
      if (before) before.data = new FormData(form);
      asker = asked.asker;
      redraw(new FormData(form), act);
    });

    function redraw(data, act = REDRAW) {
      const values = {};
      for (const name of new Set(data.keys())) values[name] = data.getAll(name);
      const now = new FormData(form);
      for (const name of ["template", "stamp", "csrfmiddlewaretoken"]) {
        if (now.has(name)) values[name] = now.get(name);
        else delete values[name];
      }
      values.act = act;
      htmx.ajax("POST", live.getAttribute("hx-post"), { source: "#editor-undo", target: "#editor-fields", swap: "outerHTML", values });
    }

    document.addEventListener("htmx:configRequest", ({ detail }) => {
      const { elt } = detail;
      const said = elt.hasAttribute("data-removes") ? form.dataset.removed : elt.value?.startsWith("fix:") && form.dataset.mended;
      if (said) before = { data: new FormData(form), said };
    });
    document.addEventListener("fanlight:shaped", ({ detail }) => {
      const undone = before;
      before = null;
      if (undone) offerUndo(undone);
      requestAnimationFrame(() => requestAnimationFrame(() => {
        const field = isElsewhere ? null : document.getElementById(detail.focus);
        (field?.disabled ? field.parentElement.querySelector("button:not(:disabled)") : field)?.focus();
        if (field?.matches("textarea, input:not([type])")) field.setSelectionRange(field.value.length, field.value.length);
        later();
      }));
    });

    function offerUndo({ data, said }) {
      fanlight.toast(said, "info");
      const toast = document.getElementById("toasts").lastElementChild;
      const button = document.createElement("button");
      Object.assign(button, { type: "button", className: "button button--sm", textContent: form.dataset.undo });
      button.addEventListener("click", () => {
        toast.remove();
        redraw(data);
      });
      toast.querySelector("span").after(button);
    }

    count();
  }
}
