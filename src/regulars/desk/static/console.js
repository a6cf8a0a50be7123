// The console's keyboard, sheets and uploads. Everything else works without this file.
(() => {
  "use strict";
  const typing = (at) => at && (at.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(at.tagName));
  let went = 0;

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    const open = document.querySelector("dialog[open]");
    if (open) return;
    if (event.key === "/") {
      event.preventDefault();
      const search = document.getElementById("search");
      search?.focus();
      search?.select();
    } else if (event.key === "?") {
      event.preventDefault();
      document.getElementById("keys")?.showModal();
    } else if (event.key === "g") {
      went = Date.now();
    } else if (Date.now() - went < 1500) {
      went = 0;
      document.querySelector(`.rail a[data-letter="${CSS.escape(event.key)}"]`)?.click();
    } else {
      document.querySelector(`button[data-key="${CSS.escape(event.key)}"]`)?.click();
    }
  });

  // On a narrow screen there are more sections than fit: the open one is brought to where it can be seen.
  function showOpen(tries) {
    const here = document.querySelector(".rail nav [aria-current]");
    const list = here?.closest("ul");
    if (list?.clientWidth) list.scrollLeft = here.offsetLeft - (list.clientWidth - here.offsetWidth) / 2;
    else if (tries) setTimeout(showOpen, 50, tries - 1);
  }
  window.addEventListener("load", () => showOpen(40));

  document.addEventListener("click", (event) => {
    const opens = event.target.closest("[data-opens]");
    if (opens) document.getElementById(opens.dataset.opens)?.showModal();
    const closes = event.target.closest("[data-closes]");
    if (closes) closes.closest("dialog")?.close();
    const copies = event.target.closest("[data-copies]");
    if (copies) copy(copies);
    if (event.target.matches("dialog.sheet")) event.target.close(); // beside the sheet
  });

  async function copy(button) {
    const text = document.getElementById(button.dataset.copies)?.textContent ?? "";
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // Without TLS browsers offer no clipboard: the text is selected instead.
      const range = document.createRange();
      range.selectNodeContents(document.getElementById(button.dataset.copies));
      getSelection().removeAllRanges();
      getSelection().addRange(range);
      if (!document.execCommand("copy")) return;
    }
    const before = button.textContent;
    button.textContent = button.dataset.copied;
    setTimeout(() => (button.textContent = before), 2000);
  }

  // A drop zone: the file goes to the server as it is, with its progress; then the zone says `uploaded`.
  function send(zone, file) {
    const bar = zone.querySelector("progress");
    const request = new XMLHttpRequest();
    request.open("POST", `${zone.dataset.url}?name=${encodeURIComponent(file.name)}`);
    bar.hidden = false;
    request.upload.onprogress = (event) => {
      bar.max = event.total;
      bar.value = event.loaded;
    };
    request.onloadend = () => {
      bar.hidden = true;
      const input = zone.querySelector("input");
      if (input) input.value = "";
      let told = {};
      try {
        told = JSON.parse(request.responseText);
      } catch {
        told = { detail: request.statusText };
      }
      zone.parentElement.dispatchEvent(
        new CustomEvent("uploaded", { bubbles: true, detail: { status: request.status, name: file.name, ...told } }),
      );
    };
    request.send(file);
  }
  document.addEventListener("change", (event) => {
    const zone = event.target.closest(".drop");
    if (zone && event.target.files?.length) send(zone, event.target.files[0]);
  });
  for (const kind of ["dragenter", "dragover", "dragleave", "drop"]) {
    document.addEventListener(kind, (event) => {
      const zone = event.target.closest?.(".drop");
      if (kind === "dragover" || kind === "drop") event.preventDefault(); // a file beside the zone must not replace the page
      document.querySelectorAll(".drop.over").forEach((one) => one.classList.remove("over"));
      if (!zone) return;
      if (kind === "drop" && event.dataTransfer.files.length) send(zone, event.dataTransfer.files[0]);
      else if (kind !== "dragleave" && kind !== "drop") zone.classList.add("over");
    });
  }
})();
