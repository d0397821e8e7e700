// Trying an event: asks the API what it would become, and says it.
import { ask } from "./act.js";
import { element, list } from "./build.js";
import { localize } from "./time.js";

const form = document.getElementById("try-form");
const said = document.getElementById("try-said");
const wrong = document.getElementById("try-error");

const SAMPLES = {
  native: { source: "zabbix-eu", dedup_key: "db-7/disk", severity: "critical", summary: "disk full on db-7", labels: { alertname: "DiskFull", host: "db-7" }, ci: "db-7" },
  prometheus: [{ labels: { alertname: "DiskFull", severity: "critical", instance: "db-7:9100" }, annotations: { summary: "disk full on db-7" } }],
  alertmanager: { version: "4", receiver: "watchfire", alerts: [{ status: "firing", labels: { alertname: "DiskFull", severity: "critical", instance: "db-7:9100" }, annotations: { summary: "disk full on db-7" } }] },
  cloudevents: { specversion: "1.0", id: "1", source: "/monitor", type: "org.example.disk.full", subject: "db-7", data: { summary: "disk full on db-7", severity: "critical" } },
};

const path = (pipeline) => `/api/v1/pipelines/${encodeURIComponent(pipeline)}/try`;

// Without a pipeline, the one that takes it: whose it is says the answer of any other.
async function attempt({ pipeline, format, source, body }) {
  const asked = { format, source, body };
  if (pipeline) return ask(path(pipeline), { body: asked });
  const any = form.elements.pipeline.options[form.elements.pipeline.options.length - 1].value;
  const first = await ask(path(any), { body: asked });
  const takes = first.events[0]?.taken_by;
  return !takes || takes === any ? first : ask(path(takes), { body: asked });
}

const pair = (name, ...value) => [element("dt", {}, name), element("dd", { class: "isolate" }, value)];
const link = (where, text) => element("a", { href: where, class: "isolate" }, text);
const KIND = { alert: "alert", heartbeat: "heartbeat", change: "change", maintenance: "maintenance window", recovery_point: "recovery point", exercise: "exercise" };
const BECOMES = { opened: "a new alert", repeated: "said again", escalated: "another severity", cleared: "the alert ends", reopened: "fires again", suppressed: "suppressed", stale: "of the past", rejected: "refused", recorded: "kept on record" };

function incident(found) {
  if (!found) return "none";
  const named = found.number ? link(`/incidents/${encodeURIComponent(found.number)}`, found.number) : "a new one";
  return [element("span", { class: `priority ${found.priority}` }, found.priority), " ", named, ": ", element("span", { class: "isolate" }, found.title)];
}

function alertPairs(event) {
  const { alert } = event;
  if (!alert) return [];
  const labels = Object.entries(alert.labels).map(([name, value]) => element("span", { class: "tag" }, `${name}=${value}`));
  return [
    ...pair("Summary", alert.summary),
    ...pair("Severity", alert.severity, alert.effect ? `, effect ${alert.effect}` : ""),
    ...pair("Item", alert.ci ? link(`/cis/${encodeURIComponent(alert.ci)}`, alert.ci) : "none"),
    ...(event.names.length ? pair("Names looked for", event.names.join(", ")) : []),
    ...pair("Identity", element("span", { class: "mono" }, alert.dedup_key ?? "its labels"), element("small", { class: "soft mono" }, ` fingerprint ${alert.fingerprint}`)),
    ...(labels.length ? pair("Labels", element("span", { class: "tags" }, labels)) : []),
    ...(alert.url ? pair("Link it carries", element("span", { class: "isolate" }, alert.url)) : []),
    ...pair("Incident", incident(event.incident)),
  ];
}

function near(event) {
  const misses = event.joining?.near_misses ?? [];
  if (!misses.length) return [];
  return [element("p", { class: "hint" }, `It nearly belonged to ${misses.length === 1 ? "another incident" : `${misses.length} other incidents`} too: why not is what “explain” of the alert would say.`)];
}

function told(event, asked, answer) {
  const title = event.kind ? `${KIND[event.kind]}: ${BECOMES[event.disposition] ?? ""}` : "cannot be read";
  const other = event.taken_by !== answer.pipeline
    ? [element("p", { class: "notice warn" }, [`Tried with ${answer.pipeline}. By its format and source it is the pipeline `, link(`/pipelines/${encodeURIComponent(event.taken_by)}`, event.taken_by), " that takes it."])] : [];
  const notices = answer.notices.filter((notice) => notice.index === event.index).map((notice) => element("p", { class: "notice" }, notice.text));
  return element("article", { class: "card tried" }, [
    element("h3", {}, asked > 1 ? `${event.index + 1}. ${title}` : title),
    ...other,
    ...(event.error ? [element("p", { class: "error" }, event.error)] : []),
    list(event.in_words.map((sentence) => element("li", { class: "isolate" }, sentence)), "lines"),
    ...near(event), ...notices,
    element("dl", { class: "pairs" }, [...pair("Pipeline", link(`/pipelines/${encodeURIComponent(answer.pipeline)}`, answer.pipeline)), ...alertPairs(event)]),
  ]);
}

function show(answer) {
  const of_body = answer.notices.filter((notice) => notice.index === undefined).map((notice) => element("p", { class: "notice" }, notice.text));
  const refused = answer.refused ? [element("p", { class: "notice bad" }, `It could not be read as a whole, and would be kept as a dead letter: ${answer.refused}`)] : [];
  const none = !answer.refused && !answer.events.length ? [element("p", { class: "empty" }, "It holds no event.")] : [];
  said.replaceChildren(element("h2", {}, "What it would become"), ...refused, ...none, ...of_body, ...answer.events.map((event) => told(event, answer.events.length, answer)));
  said.hidden = false;
  localize(said);
  said.focus();
}

async function submit(event) {
  event.preventDefault();
  if (form.dataset.busy) return;
  form.dataset.busy = "1";
  wrong.hidden = true;
  try {
    const { pipeline, format, source, body } = form.elements;
    show(await attempt({ pipeline: pipeline.value, format: format.value, source: source.value, body: body.value }));
  } catch (error) {
    said.hidden = true;
    wrong.hidden = false;
    wrong.textContent = error.message;
  }
  delete form.dataset.busy;
}

if (form) {
  form.addEventListener("submit", submit);
  document.getElementById("try-sample").addEventListener("click", () => {
    form.elements.body.value = JSON.stringify(SAMPLES[form.elements.format.value], null, 2);
    form.elements.body.focus();
  });
}
