// What forms of the pages need beside sending: fields that hang on others, items by their first letters, one dialog for
// many rows, and what a silence or a window would match, before it is made.
//
//   data-when="name=value"  shown, and sent, only while that field has that value; "name": while it has any
//   data-fills="name"       what is chosen is written into that field, where it may be changed
//   data-items="one|many"   offers items of the CMDB while one types
//   data-zone               begins with the zone that this person chose
//   data-ask, data-what, data-fill-name  on a button that opens a dialog: where its form asks, what it is about, a field
//   data-preview            asks the same with dry_run, and says the answer in [data-preview-said]
//   data-begins-open        a dialog that the address already filled
import { ask, bodyOf } from "./act.js";
import { zone } from "./time.js";

const SETTLE_MS = 350;

const fieldsOf = (form) => [...form.elements];
const valueOf = (form, name) => fieldsOf(form).find((field) => field.name === name && !field.disabled)?.value ?? "";

function fit(form) {
  for (const part of form.querySelectorAll("[data-when]")) {
    const [name, value] = part.dataset.when.split("=");
    const holds = value === undefined ? valueOf(form, name) !== "" : valueOf(form, name) === value;
    part.hidden = !holds;
    for (const field of part.querySelectorAll("input, select, textarea")) field.disabled = !holds;
  }
}

function begin(form) {
  for (const field of form.querySelectorAll("[data-zone]")) if (!field.value) field.value = zone();
  fit(form);
}

function filled(event) {
  const from = event.target;
  const form = from.form;
  if (!form) return;
  const into = from.dataset.fills && fieldsOf(form).find((field) => field.name === from.dataset.fills);
  if (into) into.value = from.value;
  fit(form);
  if (form.dataset.preview && !from.matches("[name=confirm]")) soon(form);
}

// Items by what was typed after the last comma. The answer of an older question never takes the place of a newer one's.
let asked = 0;

async function suggest(field) {
  const many = field.dataset.items === "many";
  const cut = many ? field.value.lastIndexOf(",") + 1 : 0;
  const [before, typed] = [field.value.slice(0, cut), field.value.slice(cut).trim()];
  const list = listOf(field);
  if (!typed) { list.replaceChildren(); return; }
  asked += 1;
  const mine = asked;
  try {
    const found = await ask(`/api/v1/cis?limit=10&q=${encodeURIComponent(typed)}`, { method: "GET" });
    if (mine !== asked) return;
    const space = before ? " " : "";
    list.replaceChildren(...found.items.map((item) => new Option(item.name ?? "", before + space + item.id)));
  } catch {
    // Without suggestions one types the whole id.
  }
}

function listOf(field) {
  if (field.list) return field.list;
  const list = document.createElement("datalist");
  list.id = `items-${document.querySelectorAll("datalist").length + 1}`;
  field.after(list);
  field.setAttribute("list", list.id);
  field.autocomplete = "off";
  return list;
}

// One dialog stands for all rows: the button that opens it says which row is meant.
function opened(event) {
  const button = event.target.closest?.("[data-open]");
  const dialog = button && document.getElementById(button.dataset.open);
  const form = dialog?.querySelector("form");
  if (!form) return;
  if (button.dataset.ask) form.dataset.act = button.dataset.ask;
  if (button.dataset.what !== undefined) {
    for (const place of dialog.querySelectorAll("[data-what]")) place.textContent = button.dataset.what;
  }
  for (const [name, value] of Object.entries(button.dataset)) {
    if (!name.startsWith("fill")) continue;
    const field = fieldsOf(form).find((one) => one.name === name.slice(4).toLowerCase());
    if (field) field.value = value;
  }
  form.querySelector("[data-error]")?.replaceChildren();
  begin(form);
  if (form.dataset.preview) soon(form);
}

const timers = new WeakMap();

function soon(form) {
  clearTimeout(timers.get(form));
  timers.set(form, setTimeout(() => preview(form), SETTLE_MS));
}

const READY = { silence: (body) => body.matchers?.length, window: (body) => body.ci?.length };
const SAID = { silence: silenceSaid, window: windowSaid };

// The answer of an older question never takes the place of a newer one's.
let previewed = 0;

async function preview(form) {
  const kind = form.dataset.preview;
  previewed += 1;
  const mine = previewed;
  const said = form.querySelector("[data-preview-said]");
  const list = form.querySelector("[data-preview-list]");
  const body = bodyOf(form);
  if (!READY[kind](body)) return;
  try {
    const answer = await ask(form.dataset.act, { body: dry(kind, body), key: null });
    if (mine !== previewed) return;
    const [text, lines] = SAID[kind](answer, form);
    tell(said, text);
    list.replaceChildren(...lines.map((line) => {
      const entry = document.createElement("li");
      entry.className = "isolate";
      entry.textContent = line;
      return entry;
    }));
  } catch (error) {
    if (mine !== previewed) return;
    tell(said, error.message);
    list.replaceChildren();
  }
}

const tell = (place, text) => { if (place.textContent !== text) place.textContent = text; };

// What a person has not filled in yet does not keep them from seeing what it would match.
function dry(kind, body) {
  const asking = { ...body, dry_run: true };
  if (kind === "window" && !asking.duration && !asking.ends_at) asking.duration = "1h";
  return asking;
}

function silenceSaid({ text, alerts, matched }) {
  const lines = alerts.slice(0, 5).map((alert) => `${alert.severity}: ${alert.summary}${alert.ci ? ` (${alert.ci})` : ""}`);
  if (matched > lines.length && lines.length) lines.push(`and ${matched - lines.length} more`);
  return [text, lines];
}

function windowSaid({ mutes, notes }, form) {
  const count = (number, one) => `${number} ${one}${number === 1 ? "" : "s"}`;
  const critical = mutes.services_most_critical;
  const confirm = form.querySelector("[data-preview-confirm]");
  // What was confirmed was confirmed of these services.
  if (confirm.dataset.of !== critical.join()) confirm.querySelector("input").checked = false;
  confirm.dataset.of = critical.join();
  confirm.hidden = !critical.length;
  confirm.querySelector("input").disabled = !critical.length;
  const services = mutes.services.length ? `, with the ${mutes.services.length === 1 ? "service" : "services"} ${some(mutes.services)}` : "";
  const alerts = mutes.alerts.length ? ` ${count(mutes.alerts.length, "alert")} of them would be muted at once.` : "";
  const text = `Mutes faults of ${count(mutes.cis.length, "item")}${services}.${alerts}`;
  const lines = critical.length ? [`Most critical: ${some(critical)}.`] : [];
  return [text, [...lines, ...notes]];
}

function some(names) {
  const shown = names.slice(0, 6).join(", ");
  return names.length > 6 ? `${shown} and ${names.length - 6} more` : shown;
}

let typing = 0;
document.addEventListener("input", (event) => {
  filled(event);
  const field = event.target;
  if (!("items" in (field.dataset ?? {}))) return;
  clearTimeout(typing);
  typing = setTimeout(() => suggest(field), 150);
});
document.addEventListener("change", filled);
document.addEventListener("click", opened);
document.addEventListener("reset", (event) => setTimeout(() => {
  begin(event.target);
  event.target.querySelector("[data-preview-list]")?.replaceChildren();
}));
for (const form of document.querySelectorAll("form[data-act]")) begin(form);
for (const dialog of document.querySelectorAll("dialog[data-begins-open]")) {
  dialog.showModal();
  const form = dialog.querySelector("form");
  if (form?.dataset.preview) soon(form);
}
