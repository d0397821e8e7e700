// An incident's page: steps through how a fault spread, and fields that are made of several.
import { localize } from "./time.js";

// How it spread. The server drew the step that matters; here the boxes take on what they were at any other.
const WORDS = { u: ["up", "up"], r: ["at-risk", "at risk"], g: ["degraded", "degraded"], d: ["down", "down"] };
const STATES = Object.values(WORDS).map(([name]) => name);
const PLAY_MS = 900;
let playing = 0;

const range = () => document.getElementById("step");
const shown = () => Number(document.getElementById("spread")?.dataset.shown ?? 0);

function paint(step) {
  const bad = new Set();
  for (const node of document.querySelectorAll("#graph [data-node]")) {
    const letter = node.dataset.states[step] ?? "u";
    const [name, word] = WORDS[letter.toLowerCase()];
    const alerting = letter !== letter.toLowerCase();
    node.classList.remove(...STATES);
    node.classList.add(name);
    node.classList.toggle("alerting", alerting);
    const text = alerting ? `${word}, alerts` : word;
    const place = node.querySelector(".word");
    if (place && place.textContent !== text) place.textContent = text;
    const of = node.getAttribute("aria-label").split(", ");
    const cause = node.classList.contains("cause") ? ["probable cause"] : [];
    node.setAttribute("aria-label", [...of.slice(0, 2), text, ...cause].join(", "));
    if (name !== "up") bad.add(node.dataset.node);
  }
  for (const line of document.querySelectorAll("#graph [data-from]")) {
    line.classList.toggle("hot", bad.has(line.dataset.from) && bad.has(line.dataset.to));
  }
  const steps = [...document.querySelectorAll("#steps > li")];
  for (const [at, line] of steps.entries()) {
    if (at === step) line.setAttribute("aria-current", "step");
    else line.removeAttribute("aria-current");
  }
  const said = document.getElementById("step-said");
  if (said && steps[step] && said.dataset.step !== `${step} ${steps[step].textContent}`) {
    said.dataset.step = `${step} ${steps[step].textContent}`;
    const count = document.createElement("span");
    count.className = "soft";
    count.textContent = `Step ${step + 1} of ${steps.length} `;
    said.replaceChildren(count, ...[...steps[step].childNodes].map((node) => node.cloneNode(true)));
    localize(said);
  }
}

function go(step) {
  const field = range();
  if (!field) return;
  field.value = String(Math.min(Math.max(step, 0), Number(field.max)));
  paint(Number(field.value));
}

function stop() {
  clearInterval(playing);
  playing = 0;
  document.querySelector('[data-step="play"]')?.setAttribute("aria-pressed", "false");
}

function play(button) {
  if (playing) { stop(); return; }
  button.setAttribute("aria-pressed", "true");
  const field = range();
  go(Number(field.value) >= Number(field.max) ? 0 : Number(field.value));
  playing = setInterval(() => {
    if (Number(field.value) >= Number(field.max)) stop();
    else go(Number(field.value) + 1);
  }, PLAY_MS);
}

// There are more steps than before: who stood at the last one goes on with it.
function refresh() {
  const field = range();
  if (!field) return;
  const last = document.querySelectorAll("#steps > li").length - 1;
  document.getElementById("stepper").hidden = false;
  const followed = Number(field.value) === Number(field.max);
  field.max = String(Math.max(last, 0));
  if (followed && last >= 0 && !playing) field.value = String(last);
  paint(Number(field.value));
}

// Fields made of several: chosen alerts, rows of a review.
function gather(form) {
  for (const field of form.querySelectorAll('input[type="hidden"][data-type="list"]')) {
    const picked = [...form.querySelectorAll(`[data-pick="${field.name}"]:checked`)];
    field.value = picked.map((pick) => pick.value).join(",");
  }
  for (const group of form.querySelectorAll("[data-rows]")) {
    const rows = [...group.querySelectorAll(".todo-row")].map((row) => Object.fromEntries(
      [...row.querySelectorAll("[data-field]")].map((field) =>
        [field.dataset.field, field.type === "checkbox" ? field.checked : field.value.trim()])));
    const field = form.elements[group.dataset.rows];
    if (field) field.value = JSON.stringify(rows.filter((row) => row.what));
  }
}

function addRow(button) {
  const group = document.querySelector(`[data-rows="${button.dataset.addRow}"]`);
  const row = group?.querySelector(".todo-row:last-of-type")?.cloneNode(true);
  if (!row) return;
  for (const field of row.querySelectorAll("[data-field]")) {
    if (field.type === "checkbox") field.checked = false;
    else field.value = "";
  }
  group.append(row);
  row.querySelector("[data-field]")?.focus();
}

document.addEventListener("input", (event) => {
  if (event.target.id === "step") { stop(); paint(Number(event.target.value)); }
  const needs = event.target.dataset?.needs;
  if (needs && event.target.form) event.target.form.elements[needs].required = event.target.checked;
});
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-open]");
  const filler = event.target.closest("[data-fill]");
  if (filler) {
    const field = (filler.form ?? document.getElementById(filler.dataset.open))?.querySelector(`[name="${filler.dataset.fill}"]`);
    if (field) field.value = filler.dataset.value;
  }
  if (opener) opener.closest("details.others")?.removeAttribute("open");
  const step = event.target.closest("[data-step]");
  if (step?.dataset.step === "play") play(step);
  else if (step) { stop(); go(Number(range().value) + Number(step.dataset.step)); }
  const adder = event.target.closest("[data-add-row]");
  if (adder) addRow(adder);
});
// Before the form is read.
document.addEventListener("submit", (event) => gather(event.target), true);
document.addEventListener("watchfire:fresh", refresh);

if (range()) {
  document.getElementById("stepper").hidden = false;
  range().value = String(shown());
  paint(shown());
}
