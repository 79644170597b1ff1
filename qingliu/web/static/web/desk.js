// Makes the desk quicker: files are dropped, forms answered in place, the preview follows the form. Each page is whole without it.
"use strict";
const live = () => document.getElementById("live");

function busy(form, on) {
  form.setAttribute("aria-busy", on ? "true" : "false");
  for (const button of form.querySelectorAll("button[data-busy]")) {
    button.disabled = on;
    button.dataset.idle ??= button.textContent;
    button.textContent = on ? button.dataset.busy : button.dataset.idle;
  }
}

function take(page, parts) {
  const fresh = new DOMParser().parseFromString(page, "text/html");
  for (const id of parts) {
    const from = fresh.getElementById(id), to = document.getElementById(id);
    if (from && to) to.replaceWith(from);
    else if (to && id !== "live") to.remove();
  }
  if (parts.includes("live")) ready(live());
}

async function answer(form, submitter, parts) {
  const body = new FormData(form);
  if (submitter?.name) body.append(submitter.name, submitter.value);
  busy(form, true);
  try {
    const got = await fetch(form.action, { method: "POST", body, credentials: "same-origin" });
    const page = await got.text();
    if (!page.includes('id="live"')) { form.submit(); return; }
    take(page, got.ok ? parts : ["live"]);
    const hash = new URL(got.url).hash || form.dataset.at;
    if (parts.includes("live") && hash) document.querySelector(hash)?.scrollIntoView({ block: "nearest" });
  } catch { form.submit(); return; }
  if (form.isConnected) busy(form, false);
}

function ready(root) {
  for (const form of root.querySelectorAll("form[data-confirm]"))
    form.addEventListener("submit", (event) => { if (!confirm(form.dataset.confirm)) event.preventDefault(); });
  for (const form of root.querySelectorAll("form[data-live]")) {
    form.addEventListener("submit", (event) => { event.preventDefault(); answer(form, event.submitter, ["live"]); });
    if (!("auto" in form.dataset)) continue;
    let waiting = 0;
    form.addEventListener("change", () => {
      clearTimeout(waiting);
      waiting = setTimeout(() => form.checkValidity() && answer(form, null, ["read", "findings", "steps", "approval"]), 500);
    });
  }
  for (const form of root.querySelectorAll("form[data-upload]")) {
    const field = form.querySelector("input[type=file]"), drop = form.querySelector(".drop"), told = form.querySelector("[data-chosen]");
    const show = () => { told.textContent = [...field.files].map((f) => f.name).join("、"); };
    field.addEventListener("change", show);
    drop.addEventListener("dragover", (event) => { event.preventDefault(); drop.classList.add("over"); });
    drop.addEventListener("dragleave", () => drop.classList.remove("over"));
    drop.addEventListener("drop", (event) => { event.preventDefault(); drop.classList.remove("over"); field.files = event.dataTransfer.files; show(); });
    form.addEventListener("submit", () => setTimeout(() => busy(form, true)));
  }
}
ready(document);
