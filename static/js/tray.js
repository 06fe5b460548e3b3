/* Files on their way into the composer's tray: chosen, dropped or pasted, checked before they travel. */
"use strict";

{
  const MOST_BYTES = 24e6; // pictures up to this size travel and are made smaller on the server
  const box = () => document.getElementById("composer");
  let uploading = 0;
  let sendAfterUploads = false;

  // Pressed while files are on their way: it goes when they have arrived.
  document.addEventListener("submit", (event) => {
    if (event.target.id !== "composer" || !uploading) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    sendAfterUploads = true;
  }, true);

  const megabytes = (bytes) => (bytes / 1e6).toFixed(1);

  function refusal(file) {
    const words = document.getElementById("tray").dataset;
    const limits = JSON.parse(box().dataset.limits);
    const isPicture = file.type.startsWith("image/");
    const max = isPicture ? MOST_BYTES : limits[file.type] ?? (file.type ? 0 : MOST_BYTES);
    if (!max || file.type === "image/svg+xml") return words.typeRefusal;
    if (file.size <= max) return "";
    return fanlight.fill(words.sizeRefusal, { size: megabytes(file.size), max: Math.floor(max / 1e6) });
  }

  function chipFor(file) {
    const chip = document.getElementById("tray-model").content.firstElementChild.cloneNode(true);
    chip.querySelector(".file-kind").textContent = file.name.split(".").pop().slice(0, 4).toUpperCase();
    chip.querySelector(".truncate").textContent = file.name;
    document.getElementById("tray").append(chip);
    return chip;
  }

  function refuse(chip, sentence) {
    chip.classList.add("tray-item--bad");
    chip.role = "alert";
    chip.querySelector(".quiet").textContent = sentence;
    chip.querySelector(".meter").remove();
  }

  function add(file) {
    const chip = chipFor(file);
    const sentence = refusal(file);
    if (sentence) refuse(chip, sentence);
    else upload(file, chip);
  }

  function upload(file, chip) {
    const request = new XMLHttpRequest();
    const words = document.getElementById("tray").dataset;
    request.open("POST", box().dataset.uploads);
    request.setRequestHeader("X-CSRFToken", box().elements.csrfmiddlewaretoken.value);
    request.setRequestHeader("HX-Request", "true");
    request.upload.onprogress = ({ loaded, total }) => {
      const percent = Math.floor((loaded / total) * 100);
      chip.querySelector(".meter-fill").setAttribute("width", percent);
      chip.querySelector(".quiet").textContent = fanlight.fill(words.uploading, { percent });
    };
    request.onload = () => {
      if (request.status === 200) replace(chip, request.responseText);
      else refuse(chip, request.getResponseHeader("X-Refused") ? request.responseText.trim() : words.failed);
    };
    request.onerror = () => refuse(chip, words.failed);
    request.onloadend = done;
    chip.addEventListener("click", (event) => event.target.closest("[data-remove]") && request.abort());
    uploading += 1;
    const form = new FormData();
    form.append("file", file);
    request.send(form);
  }

  function replace(chip, html) {
    const model = document.createElement("template");
    model.innerHTML = html;
    const ready = model.content.firstElementChild;
    const old = chip.isConnected ? chip : null;
    if (old) old.replaceWith(ready);
    else document.getElementById("tray")?.append(ready);
    htmx.process(ready);
  }

  function done() {
    uploading -= 1;
    if (uploading || !sendAfterUploads) return;
    sendAfterUploads = false;
    if (!document.querySelector(".tray-item--bad")) fanlight.send();
  }

  const canAttach = () => document.getElementById("composer-file");
  document.addEventListener("change", (event) => {
    if (event.target.id !== "composer-file") return;
    [...event.target.files].forEach(add);
    event.target.value = "";
  });
  document.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (event.target.id !== "composer-text" || !files.length || !canAttach()) return;
    event.preventDefault();
    files.forEach(add);
  });
  document.addEventListener("dragover", (event) => {
    if (!event.dataTransfer.types.includes("Files") || !canAttach()) return;
    event.preventDefault();
    box().classList.toggle("composer--drop", Boolean(event.target.closest?.("#thread")));
  });
  document.addEventListener("dragleave", (event) => !event.relatedTarget && box()?.classList.remove("composer--drop"));
  document.addEventListener("drop", (event) => {
    if (!event.dataTransfer.files.length || !canAttach()) return;
    event.preventDefault();
    box().classList.remove("composer--drop");
    if (event.target.closest?.("#thread")) [...event.dataTransfer.files].forEach(add);
  });
  document.addEventListener("click", (event) => event.target.closest("[data-remove]")?.closest(".tray-item").remove());
}
