// Makes the desk quicker: files are dropped, forms answered in place, the preview follows the form. Each page is whole without it.
// Whatever is asked of a draft takes along what was typed and is not saved yet; what could not be kept is put back into the new page.
"use strict";
const live = () => document.getElementById("live");
const definition = () => document.querySelector("form.definition");
const AUTO_MS = 500;
let line = Promise.resolve(), waiting = 0, open = 0;

function busy(form, on) {
  form.setAttribute("aria-busy", on ? "true" : "false");
  for (const button of form.querySelectorAll("button[data-busy]")) {
    button.disabled = on;
    button.dataset.idle ??= button.textContent;
    button.textContent = on ? button.dataset.busy : button.dataset.idle;
  }
}

// --- what was typed -----------------------------------------------------------------------------------------------------

const value = (field) => (field.type === "checkbox" ? field.checked : field.value);
const typed = () => [...live().querySelectorAll("input, select, textarea")].filter((f) => !["hidden", "file", "submit"].includes(f.type));
const column = (field) => (field.form && field.form === definition() ? /^c(\d+)-(.+)$/.exec(field.name) : null);
const called = (n) => definition().elements[`c${n}-was`]?.value ?? n;
const saved = (field) => !field.disabled && (field.form === definition() || field.matches("[data-note]"));

// The same field in a page made anew: a column is known by its name, not by its line.
function key(field) {
  const at = column(field);
  return at ? `${called(at[1])}\n${at[2]}` : field.id || `${field.form?.getAttribute("action")}\n${field.name}`;
}

const dirty = () => typed().filter((f) => f.dataset.seen === "1" && value(f) !== f.was);

// Every edit that may be kept, added to what is posted; answers what it added.
function edits(body) {
  const sent = new Map();
  for (const field of dirty().filter((f) => saved(f) && f.validity.valid)) {
    const at = column(field);
    sent.set(key(field), value(field));
    if (at && field.type === "checkbox") group(body, at[1], at[2]);
    else body.set(`d.${field.matches("[data-note]") ? "note" : field.name}`, field.value);
  }
  if (sent.size && definition())
    for (const field of definition().querySelectorAll("input[name$='-was']")) body.set(`d.${field.name}`, field.value);
  return sent;
}

// Boxes are told together: one left out is one not ticked.
function group(body, n, name) {
  const boxes = name === "key" ? "input[name$='-key']" : name === "drop" ? `input[name='c${n}-drop']` : `input[name='c${n}-required'], input[name='c${n}-optional']`;
  if (name === "key") body.set("d.keys", "1");
  else if (name !== "drop") body.set(`d.c${n}-flags`, "1");
  for (const box of definition().querySelectorAll(boxes)) if (box.checked) body.set(`d.${box.name}`, "on");
}

function settle(sent) {
  for (const field of typed()) if (sent.has(key(field)) && sent.get(key(field)) === value(field)) field.was = value(field);
}

// Run ``change`` on the page and put back what is typed and not saved, the place of the cursor and what was unfolded.
function around(sent, change) {
  const renamed = (k) => { const [was, name] = k.split("\n"); const now = sent.get(`${was}\nname`); return name && now ? `${now}\n${name}` : k; };
  const rest = new Map(dirty().map((f) => [renamed(key(f)), value(f)]));
  const at = document.activeElement, where = at && live().contains(at) && at.name ? [renamed(key(at)), at.selectionStart, at.selectionEnd] : null;
  const unfolded = [...live().querySelectorAll(".columns details[open]")].map((d) => d.querySelector("[name]")?.name).map((n) => n && renamed(`${called(/\d+/.exec(n)[0])}\nname`).split("\n")[0]);
  change();
  for (const field of typed()) {
    const name = key(field);
    if (rest.has(name)) { if (field.type === "checkbox") field.checked = rest.get(name); else field.value = rest.get(name); }
    if (where && where[0] === name) { field.focus({ preventScroll: true }); try { field.setSelectionRange(where[1], where[2]); } catch { /* has no text to select */ } }
    const at = column(field);
    if (at && at[2] === "description-zh" && unfolded.includes(called(at[1]))) field.closest("details").open = true;
  }
}

function say(state) {
  for (const told of document.querySelectorAll("[data-state]")) told.textContent = told.dataset[state] ?? "";
}

// --- asking and answering -------------------------------------------------------------------------------------------------

function take(page, parts) {
  const fresh = new DOMParser().parseFromString(page, "text/html");
  for (const id of parts) {
    const from = fresh.getElementById(id), to = document.getElementById(id);
    if (from && to) { to.replaceWith(from); if (id !== "live") ready(from); }
    else if (to && id !== "live") to.remove();
  }
  if (parts.includes("live")) ready(live());
}

// One after the other, never two at once: the second is asked with what the first has saved.
function answer(form, submitter, parts) {
  clearTimeout(waiting);
  line = line.then(() => send(form, submitter, parts));
  return line;
}

async function send(form, submitter, parts) {
  const own = form.matches(".definition"), body = new FormData(own ? undefined : form);
  if (own) body.set("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
  if (own && submitter) body.set("saved", "1");
  if (submitter?.name) body.append(submitter.name, submitter.value);
  const sent = edits(body);
  if (own && !submitter && !sent.size) return;
  busy(form, true); say("saving"); open += 1;
  try {
    const got = await fetch(form.action, { method: "POST", body, credentials: "same-origin" });
    const page = await got.text();
    if (!page.includes('id="live"')) throw new Error("not this page");
    if (got.ok) settle(sent);
    const shape = [...sent.keys()].some((k) => /\n(name|type|drop|sensitivity)$/.test(k));
    around(got.ok ? sent : new Map(), () => take(page, got.ok && !shape ? parts : ["live"]));
    const wrong = live().querySelector("[aria-invalid=true]");
    const hash = wrong ? "" : new URL(got.url).hash || form.dataset.at;
    if (wrong) wrong.focus();
    else if (!got.ok) document.getElementById("told")?.scrollIntoView({ block: "center" });
    else if (live().querySelector(".applied")) live().querySelector(".applied").scrollIntoView({ block: "center" });
    else if (parts.includes("live") && hash) document.querySelector(hash)?.scrollIntoView({ block: "nearest" });
    say(!got.ok || dirty().some(saved) ? "rest" : "saved");
  } catch { say("lost"); }
  open -= 1;
  if (form.isConnected) busy(form, false);
}

// A field that cannot be kept as it stands is named in words and gets the cursor.
function sound(form) {
  const wrong = [...form.elements].find((f) => f.willValidate && !f.validity.valid);
  if (!wrong) return true;
  wrong.closest("details")?.setAttribute("open", "");
  wrong.scrollIntoView({ block: "center" });
  wrong.reportValidity();
  return false;
}

function ready(root) {
  for (const field of root.querySelectorAll("input, select, textarea")) { field.was = value(field); field.dataset.seen = "1"; }
  const forms = (what) => [...(root.matches(what) ? [root] : []), ...root.querySelectorAll(what)];
  for (const form of forms("form[data-confirm]"))
    form.addEventListener("submit", (event) => { if (!confirm(form.dataset.confirm)) event.preventDefault(); else for (const f of typed()) f.was = value(f); });
  for (const form of forms("form[data-live]"))
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const by = event.submitter, whole = form.matches(".definition, [data-whole]");
      if (whole && definition() && !sound(definition())) { await answer(definition(), null, ["read", "findings", "steps", "approval", "todo"]); return; }
      answer(form, by, ["live"]);
    });
  const later = () => {
    clearTimeout(waiting);
    say("rest");
    waiting = setTimeout(() => answer(definition(), null, ["read", "findings", "steps", "approval", "gold", "told", "todo"]), AUTO_MS);
  };
  for (const field of [...forms("[data-auto]"), ...forms("[data-note]")]) field.addEventListener("change", () => definition() && later());
  for (const form of forms("form[data-upload]")) {
    const field = form.querySelector("input[type=file]"), drop = form.querySelector(".drop"), told = form.querySelector("[data-chosen]");
    const show = () => { told.textContent = [...field.files].map((f) => f.name).join("、"); };
    field.addEventListener("change", show);
    drop.addEventListener("dragover", (event) => { event.preventDefault(); drop.classList.add("over"); });
    drop.addEventListener("dragleave", () => drop.classList.remove("over"));
    drop.addEventListener("drop", (event) => { event.preventDefault(); drop.classList.remove("over"); field.files = event.dataTransfer.files; show(); });
    form.addEventListener("submit", () => setTimeout(() => busy(form, true)));
  }
}
ready(document.documentElement);
addEventListener("beforeunload", (event) => { if (live() && (open || dirty().some(saved))) event.preventDefault(); });
