// Forms that ask the API: `<form data-act="/api/v1/…">` is sent as JSON under a key of its own, so that a second press
// does nothing twice. What the answer says stands in the form, or is announced.
//
//   data-method  POST unless said
//   data-done    what is announced once it is done
//   data-then    where to go then; `{number}` and `{id}` are those of the answer
//   field[data-type]  number, flag, list (by commas), lines, instant, json; text unless said
//   an empty field is left out, unless it has data-keep
import { announce } from "./announce.js";
import { instantOf } from "./time.js";

const READ = {
  number: (field) => Number(field.value),
  flag: (field) => field.checked,
  list: (field) => field.value.split(/[,\n]/).map((part) => part.trim()).filter(Boolean),
  lines: (field) => field.value.split("\n").map((part) => part.trim()).filter(Boolean),
  instant: (field) => instantOf(field.value),
  json: (field) => JSON.parse(field.value),
};

// The body that a form says; `a.b` stands in an object `a`.
export function bodyOf(form) {
  const body = {};
  for (const field of form.elements) {
    if (!field.name || field.disabled || (field.type === "radio" && !field.checked)) continue;
    const type = field.dataset.type ?? (field.type === "checkbox" ? "flag" : "text");
    if (field.value === "" && type !== "flag" && !("keep" in field.dataset)) continue;
    const path = field.name.split(".");
    const last = path.pop();
    let into = body;
    for (const part of path) into = into[part] ??= {};
    into[last] = READ[type] ? READ[type](field) : field.value;
  }
  return body;
}

// Asks the API; throws an error whose message is for people.
export async function ask(path, { method = "POST", body, key = crypto.randomUUID?.() } = {}) {
  const headers = { Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (key && method !== "GET") headers["Idempotency-Key"] = key;
  let answer;
  try {
    answer = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  } catch {
    throw new Error("The service did not answer. Nothing is lost: try again.");
  }
  const text = await answer.text();
  let said = {};
  try {
    said = text ? JSON.parse(text) : {};
  } catch {
    said = { detail: text };
  }
  if (answer.status === 401) location.assign(`/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`);
  if (!answer.ok) {
    const error = new Error(said.detail || said.title || `The service answered ${answer.status}.`);
    error.status = answer.status;
    error.said = said;
    throw error;
  }
  return said;
}

function showError(form, error) {
  let place = form.querySelector("[data-error]");
  if (!place) {
    place = document.createElement("p");
    place.dataset.error = "";
    place.className = "error";
    place.setAttribute("role", "alert");
    form.append(place);
  }
  const conflict = error.status === 409 ? "Somebody was faster, or it is not allowed now: " : "";
  place.textContent = conflict + error.message;
  if (error.status === 409) document.dispatchEvent(new CustomEvent("watchfire:refresh"));
  if (!form.checkVisibility?.() || form.dataset.inline !== undefined) announce(place.textContent, "error");
}

// The key of what a form wished for and nobody answered: the same again is the same wish, and anything else another.
const wishes = new WeakMap();

function keyOf(form, body) {
  const wish = `${form.dataset.act} ${JSON.stringify(body)}`;
  if (wishes.get(form)?.wish !== wish) wishes.set(form, { wish, key: crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}` });
  return wishes.get(form).key;
}

async function submit(event) {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || !form.dataset.act) return;
  event.preventDefault();
  if (form.dataset.busy) return;
  form.dataset.busy = "1";
  form.querySelector("[data-error]")?.replaceChildren();
  try {
    const body = bodyOf(form);
    const said = await ask(form.dataset.act, { method: form.dataset.method ?? "POST", body, key: keyOf(form, body) });
    wishes.delete(form);
    if (form.dataset.then) {
      location.assign(form.dataset.then.replace(/\{(number|id)\}/g, (_, name) => encodeURIComponent(said[name] ?? "")));
      return;
    }
    form.closest("dialog")?.close();
    form.reset();
    announce(form.dataset.done ?? "Done.");
    document.dispatchEvent(new CustomEvent("watchfire:refresh", { detail: said }));
  } catch (error) {
    // The next press is another wish, unless the service never answered.
    if (error.status) wishes.delete(form);
    showError(form, error);
  } finally {
    delete form.dataset.busy;
  }
}

// Buttons open dialogs by id; a press beside a dialog, or Escape, closes it.
function press(event) {
  const opener = event.target.closest("[data-open]");
  if (opener) document.getElementById(opener.dataset.open)?.showModal();
  const dialog = event.target;
  if (dialog instanceof HTMLDialogElement && dialog.open && "light" in dialog.dataset) dialog.close();
  const closer = event.target.closest("[data-close]");
  if (closer) closer.closest("dialog")?.close();
}

document.addEventListener("submit", submit);
document.addEventListener("click", press);
