// The keyboard: `?` says what there is. A page marks rows with data-row, and what a key presses with data-shortcut.
import { chosen } from "./prefer.js";

const GO = { b: ["/", "the board"], n: ["/incidents", "all incidents"], a: ["/alerts", "alerts"], s: ["/services", "services"], m: ["/map", "the map"], p: ["/problems", "problems"],
  c: ["/changes", "changes"], w: ["/maintenance", "maintenance windows"], i: ["/silences", "silences"],
  r: ["/reports", "reports"], d: ["/dead-letters", "dead letters"] };

let going = false;

const rows = () => [...document.querySelectorAll("[data-row]")].filter((row) => row.checkVisibility?.() ?? true);
const selected = () => document.querySelector("[data-row][aria-selected='true'], [data-row].selected");

function select(row) {
  selected()?.classList.remove("selected");
  if (!row) return;
  row.classList.add("selected");
  const link = row.matches("a, button") ? row : row.querySelector("a[href]");
  link?.focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
}

function move(step) {
  const all = rows();
  if (!all.length) return;
  const at = all.indexOf(selected());
  select(all[at < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + step, 0), all.length - 1)]);
}

function pressed(key) {
  const of = (root) => [...(root?.querySelectorAll("[data-shortcut]") ?? [])]
    .find((button) => button.dataset.shortcut === key && !button.disabled && (button.checkVisibility?.() ?? true));
  const button = of(selected()) ?? [...document.querySelectorAll("[data-shortcut]")]
    .find((button) => button.dataset.shortcut === key && !button.closest("[data-row]") && !button.closest("dialog:not([open])"));
  button?.focus();
  button?.click();
  return Boolean(button);
}

function heard(event) {
  const typing = event.target.closest?.("input:not([type='checkbox'], [type='radio'], [type='range']), textarea, select, [contenteditable]");
  // On many keyboards brackets are typed with AltGr, which says that it is Ctrl and Alt.
  const isChord = (event.ctrlKey || event.altKey) && !event.getModifierState("AltGraph");
  if (event.defaultPrevented || isChord || event.metaKey) return;
  if (typing) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  if (!chosen.shortcuts || document.querySelector("dialog[open]")) return;
  if (going) {
    going = false;
    if (GO[event.key]) { event.preventDefault(); location.assign(GO[event.key][0]); }
    return;
  }
  if (event.key === "g") { going = true; setTimeout(() => { going = false; }, 1500); return; }
  if (event.key === "j" || event.key === "k") { event.preventDefault(); move(event.key === "j" ? 1 : -1); return; }
  if (event.key === "/") {
    const field = document.querySelector("[data-search]");
    if (field) { event.preventDefault(); field.focus(); field.select(); }
    return;
  }
  if (event.key.length === 1 && pressed(event.key)) event.preventDefault();
}

function list() {
  const place = document.getElementById("keys-list");
  if (!place) return;
  const known = new Map([["j, k", "next, previous row"], ["/", "search"]]);
  for (const button of document.querySelectorAll("[data-shortcut]")) {
    const name = button.dataset.shortcutName || button.getAttribute("aria-label") || button.textContent.trim();
    if (!known.has(button.dataset.shortcut)) known.set(button.dataset.shortcut, name);
  }
  for (const [key, [, name]] of Object.entries(GO)) known.set(`g ${key}`, `go to ${name}`);
  place.replaceChildren(...[...known].flatMap(([key, name]) => {
    const [dt, dd] = [document.createElement("dt"), document.createElement("dd")];
    dt.append(...key.split(/[ ,]+/).map((part) => Object.assign(document.createElement("kbd"), { textContent: part })));
    dd.textContent = name;
    return [dt, dd];
  }));
}

document.addEventListener("keydown", heard);
document.addEventListener("click", (event) => { if (event.target.closest("[data-open='keys']")) list(); });
