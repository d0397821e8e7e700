// Instants in the zone and on the clock that this person chose; ages that go on counting.
import { chosen } from "./prefer.js";

// The service's clock decides, not this machine's: both are told apart when a page comes.
let offset = 0;

export function setNow(text) {
  const told = Date.parse(text);
  if (!Number.isNaN(told)) offset = told - Date.now();
}

export const now = () => Date.now() + offset;

export const zone = () => chosen.zone || Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";

function formats() {
  const common = { timeZone: zone(), hourCycle: chosen.hours === "12" ? "h12" : "h23" };
  const hour = chosen.hours === "12" ? "numeric" : "2-digit";
  return {
    minute: new Intl.DateTimeFormat("en-GB", { ...common, hour, minute: "2-digit" }),
    second: new Intl.DateTimeFormat("en-GB", { ...common, hour, minute: "2-digit", second: "2-digit" }),
    day: new Intl.DateTimeFormat("sv-SE", { timeZone: zone(), year: "numeric", month: "2-digit", day: "2-digit" }),
    exact: new Intl.DateTimeFormat("en-GB", { ...common, hour, minute: "2-digit", second: "2-digit", timeZoneName: "short" }),
  };
}

let format = formats();

export function moment(at, to = "minute") {
  const date = new Date(at);
  return `${format.day.format(date)} ${format[to].format(date)}`;
}

export function age(milliseconds) {
  const minutes = Math.floor(Math.abs(milliseconds) / 60000);
  const two = (big, unit, small, of) => (small ? `${big} ${unit} ${small} ${of}` : `${big} ${unit}`);
  if (minutes < 1) return "under 1 min";
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 1440) return two(Math.floor(minutes / 60), "h", minutes % 60, "min");
  if (minutes < 14400) return two(Math.floor(minutes / 1440), "d", Math.floor(minutes / 60) % 24, "h");
  return `${Math.floor(minutes / 1440)} d`;
}

function show(element) {
  const at = Date.parse(element.dateTime);
  if (Number.isNaN(at)) return;
  const exact = `${format.day.format(at)} ${format.exact.format(at)}`;
  const text = "ago" in element.dataset ? age(now() - at) : moment(at, element.dataset.at || "minute");
  if (element.textContent !== text) element.textContent = text;
  if (element.title !== exact) element.title = exact;
}

// All instants of a part of the page.
export function localize(root = document) {
  for (const element of root.querySelectorAll("time[data-at], time[data-ago]")) show(element);
}

// What `<input type=datetime-local>` says in the chosen zone, as an instant; empty where it says nothing.
export function instantOf(local) {
  if (!local) return "";
  const wanted = Date.parse(`${local}Z`);
  let at = wanted;
  // The zone's distance depends on the instant that is looked for: twice is enough for every zone.
  for (let round = 0; round < 2; round += 1) at = wanted - distance(at);
  return new Date(at).toISOString();
}

function distance(at) {
  const parts = new Intl.DateTimeFormat("en-US", {
    timeZone: zone(), hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric",
    hour: "numeric", minute: "numeric", second: "numeric",
  }).formatToParts(at);
  const part = Object.fromEntries(parts.map(({ type, value }) => [type, Number(value)]));
  const shown = Date.UTC(part.year, part.month - 1, part.day, part.hour, part.minute, part.second);
  return shown - Math.floor(at / 1000) * 1000;
}

function anew() {
  format = formats();
  const place = document.getElementById("zone");
  if (place) place.textContent = `· times in ${zone().replaceAll("_", " ")}`;
  localize();
}

setNow(document.querySelector('meta[name="now"]')?.content);
anew();
document.addEventListener("watchfire:chosen", anew);
setInterval(() => localize(), 15000);
