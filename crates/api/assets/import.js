// Importing a CMDB file: first what it would change, then, for just that text, the import itself.
import { announce } from "./announce.js";
import { element, list } from "./build.js";

const form = document.getElementById("import");
const said = document.getElementById("import-said");
const text = document.getElementById("import-text");
const apply = document.getElementById("import-do");
const SHOWN = 200;

const asked = () => JSON.stringify([text.value, form.elements.how.value, form.elements.allow_removals.checked, form.elements.lenient.checked]);
let seen = "";
let seenVersion;

function settle() {
  if (apply) apply.disabled = !seen || seen !== asked();
}

async function put(dry) {
  const query = new URLSearchParams();
  if (dry) query.set("dry_run", "true");
  if (form.elements.how.value === "replace") query.set("replace", "true");
  if (form.elements.allow_removals.checked) query.set("allow_removals", "true");
  if (form.elements.lenient.checked) query.set("lenient", "true");
  let answer;
  try {
    answer = await fetch(`/api/v1/cmdb?${query}`, { method: "PUT", headers: { "Content-Type": "application/yaml", Accept: "application/json" }, body: text.value });
  } catch {
    throw Object.assign(new Error("The service did not answer. Nothing is lost: try again."), { said: {} });
  }
  const told = await answer.json().catch(() => ({}));
  if (answer.status === 401) location.assign(`/sign-in?next=${encodeURIComponent(location.pathname)}`);
  if (!answer.ok) throw Object.assign(new Error(told.detail || `The service answered ${answer.status}.`), { said: told });
  return told;
}

const many = (count, one, more = `${one}s`) => `${count} ${count === 1 ? one : more}`;
const value = (what) => (what === null || what === undefined ? "nothing" : typeof what === "string" ? what : JSON.stringify(what));

function ids(title, names, kind) {
  if (!names.length) return [];
  const shown = names.slice(0, SHOWN).map((name) => element("li", { class: "isolate mono" }, name));
  if (names.length > SHOWN) shown.push(element("li", { class: "soft" }, `and ${names.length - SHOWN} more`));
  const details = element("details", names.length <= 20 ? { open: "" } : {}, [element("summary", {}, title), list(shown, `diff ${kind}`)]);
  return [details];
}

function changed(told) {
  if (!told.changed.length) return [];
  const rows = told.fields.slice(0, SHOWN).map(({ item, field, before, after }) => element("tr", {}, [
    element("td", { class: "isolate mono" }, item),
    element("td", { "data-name": "Field" }, field),
    element("td", { "data-name": "Before", class: "isolate was" }, value(before)),
    element("td", { "data-name": "After", class: "isolate becomes" }, value(after)),
  ]));
  const heads = ["Item", "Field", "Before", "After"].map((name) => element("th", { scope: "col" }, name));
  const table = element("table", { class: "table folds" }, [
    element("caption", { class: "unseen" }, "What is different about the items that change"),
    element("thead", {}, [element("tr", {}, heads)]), element("tbody", {}, rows)]);
  const more = told.fields.length > SHOWN ? [element("p", { class: "hint" }, `The first ${SHOWN} fields.`)] : [];
  return [element("h3", {}, `${many(told.changed.length, "item")} ${told.dry_run ? "would change" : "changed"}`), table, ...more];
}

function notes(title, lines, kind) {
  if (!lines.length) return [];
  const shown = lines.slice(0, SHOWN).map((line) => element("li", {}, place(line)));
  return [element("div", { class: `notice ${kind}` }, [element("h3", {}, title), list(shown, "lines")])];
}

// `body:4:3: …` leads to that line of the text.
function place(line) {
  const found = /^body:(\d+):(\d+): (.*)$/s.exec(line);
  if (!found) return [element("span", { class: "isolate" }, line)];
  const go = element("button", { type: "button", class: "small" }, `line ${found[1]}`);
  go.addEventListener("click", () => select(Number(found[1])));
  return [go, " ", element("span", { class: "isolate" }, found[3])];
}

function select(line) {
  const before = text.value.split("\n").slice(0, line - 1).join("\n").length;
  const start = line > 1 ? before + 1 : 0;
  const end = text.value.indexOf("\n", start);
  text.focus();
  text.setSelectionRange(start, end < 0 ? text.value.length : end);
  text.scrollTop = Math.max(0, (line - 4) * (text.scrollHeight / text.value.split("\n").length));
}

function headline(told) {
  const nothing = !told.added.length && !told.changed.length && !told.removed.length;
  const beside = [["classes", told.classes_changed], ["calendars", told.calendars_changed], ["agreements", told.agreements_changed]]
    .filter(([, is]) => is).map(([name]) => name);
  const would = told.dry_run ? "would be " : "";
  if (nothing && !beside.length) return told.dry_run ? "It would change nothing: the CMDB says just that." : "Nothing changed: the CMDB says just that.";
  const parts = [[told.added.length, "added"], [told.changed.length, "changed"], [told.removed.length, "removed"]]
    .filter(([count]) => count).map(([count, what]) => `${count} ${would}${what}`);
  const also = beside.length ? [`${beside.join(", ")} ${told.dry_run ? "would change" : "changed"}`] : [];
  return `${[...parts, ...also].join(", ")}. ${many(told.items, "item")} ${told.dry_run ? "then" : "now"}.`;
}

function show(told) {
  const orphans = [...told.orphaned.incidents, ...told.orphaned.alerts];
  said.replaceChildren(
    element("h2", {}, told.dry_run ? "What would change" : `Imported: version ${told.version} is in force`),
    element("p", { class: "lead" }, headline(told)),
    ...notes("These lose their item", orphans, "warn"),
    ...notes("Left out", told.left_out, "warn"),
    ...ids(`${many(told.removed.length, "item")} ${told.dry_run ? "would be removed" : "removed"}`, told.removed, "removed"),
    ...ids(`${many(told.added.length, "item")} ${told.dry_run ? "would be added" : "added"}`, told.added, "added"),
    ...changed(told),
    ...notes("Odd, and not wrong", told.remarks, ""),
  );
}

function refuse(error) {
  const faults = error.said.faults ?? [];
  const why = faults.length ? `${many(faults.length, "fault")} in the file: nothing is imported.` : error.message;
  const tip = error.said.removed ? [element("p", {}, "If that is meant, allow it above and look again.")] : [];
  said.replaceChildren(element("h2", {}, "Not possible like this"), element("p", { class: "error" }, why), ...tip, ...notes("What is wrong", faults, "bad"));
}

async function go(dry) {
  if (form.dataset.busy) return;
  form.dataset.busy = "1";
  const just = asked();
  try {
    if (!dry) {
      // What was looked at was held against a CMDB that may not be in force any more.
      const again = await put(true);
      if (again.version !== seenVersion) {
        seenVersion = again.version;
        show(again);
        throw Object.assign(new Error("Somebody imported meanwhile. Look again at what would change, then import."), { said: {} });
      }
    }
    const told = await put(dry);
    seenVersion = told.version;
    seen = dry ? just : "";
    show(told);
    if (!dry) announce(`Imported: version ${told.version} is in force.`);
  } catch (error) {
    seen = "";
    refuse(error);
  }
  delete form.dataset.busy;
  said.hidden = false;
  said.focus({ preventScroll: false });
  settle();
}

if (form) {
  form.addEventListener("submit", (event) => { event.preventDefault(); go(true); });
  form.addEventListener("input", settle);
  apply?.addEventListener("click", () => go(false));
  document.getElementById("import-file").addEventListener("change", async (event) => {
    const [file] = event.target.files;
    if (!file) return;
    text.value = await file.text();
    settle();
    go(true);
  });
}
