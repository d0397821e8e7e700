// Keeps a page fresh: every part with data-live is looked at again when something it names was committed. What did not
// change stays the very element it was, with its focus.
import { announce } from "./announce.js";
import { follow } from "./follow.js";
import { chosen } from "./prefer.js";
import { localize, moment, now, setNow } from "./time.js";

const LOOK_EVERY_MS = 30000;
const GATHER_MS = 120;
const BETWEEN_MS = 400;
const AGAIN_MS = 3000;

const parts = () => [...document.querySelectorAll("[data-live][id]")];
const state = document.getElementById("live");
const broken = document.getElementById("broken");

let leave;
let streaming = false;
let lostAt = 0;
let timer = 0;
let lookedAt = 0;
let looking = false;
let wanted = false;

function tell(name, text) {
  if (!state || (state.dataset.state === name && state.textContent === text)) return;
  state.dataset.state = name;
  state.textContent = text;
}

function lost() {
  if (!lostAt) lostAt = now();
  tell("lost", "Not live");
  if (broken) {
    const text = `Not live since ${moment(lostAt)}: the service does not answer. What stands here may be old; trying again by itself.`;
    if (broken.textContent !== text) broken.textContent = text;
    broken.hidden = false;
  }
}

function back() {
  if (lostAt) announce("Live again.");
  lostAt = 0;
  tell("live", "Live");
  if (broken) { broken.hidden = true; broken.textContent = ""; }
}

function soon() {
  wanted = true;
  if (timer || document.hidden) return;
  timer = setTimeout(look, Math.max(GATHER_MS, lookedAt + BETWEEN_MS - Date.now()));
}

async function look() {
  timer = 0;
  if (looking) return;
  looking = true;
  wanted = false;
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" }, cache: "no-store" });
    if (answer.redirected && new URL(answer.url).pathname === "/sign-in") { location.assign(answer.url); return; }
    if (!answer.ok) throw new Error(String(answer.status));
    take(new DOMParser().parseFromString(await answer.text(), "text/html"));
    if (streaming) back();
  } catch {
    lost();
    setTimeout(soon, AGAIN_MS);
  } finally {
    looking = false;
    lookedAt = Date.now();
    if (wanted) soon();
  }
}

function take(page) {
  const styles = (root) => root.querySelector('link[rel="stylesheet"]')?.getAttribute("href");
  if (styles(page) !== styles(document) && !document.querySelector("dialog[open]")) { location.reload(); return; }
  setNow(page.querySelector('meta[name="now"]')?.content);
  for (const part of parts()) {
    const fresh = page.getElementById(part.id);
    if (fresh) morph(part, fresh);
  }
  localize();
  document.dispatchEvent(new CustomEvent("watchfire:fresh"));
}

const keyOf = (node) => (node.nodeType === 1 ? node.dataset?.key || node.id || "" : "");
const alike = (a, b) => a.nodeType === b.nodeType && a.nodeName === b.nodeName && keyOf(a) === keyOf(b);

// What a person did to an element is theirs, and is not taken back; what a form carries along is ours.
const THEIRS = new Set(["open", "data-busy", "title"]);
const TYPED = new Set(["value", "checked"]);
const isTheirs = (element, name) =>
  THEIRS.has(name) || (TYPED.has(name) && element.nodeName === "INPUT" && element.type !== "hidden");

function morph(old, fresh) {
  if (old.nodeType !== 1) {
    if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue;
    return;
  }
  if ("keep" in (old.dataset ?? {}) || old.isEqualNode(fresh)) return;
  if (old.nodeName === "TIME" && old.getAttribute("datetime") === fresh.getAttribute("datetime")) return;
  attributes(old, fresh);
  children(old, fresh);
}

function attributes(old, fresh) {
  for (const { name } of [...old.attributes]) {
    if (!fresh.hasAttribute(name) && !isTheirs(old, name)) {
      if (name === "class" && old.classList.contains("selected")) continue;
      old.removeAttribute(name);
    }
  }
  for (const { name, value } of fresh.attributes) {
    if (isTheirs(old, name) || old.getAttribute(name) === value) continue;
    const marked = name === "class" && old.classList.contains("selected");
    old.setAttribute(name, value);
    if (marked) old.classList.add("selected");
  }
}

function children(old, fresh) {
  const byKey = new Map();
  for (const child of old.childNodes) if (keyOf(child)) byKey.set(keyOf(child), child);
  let at = old.firstChild;
  for (const child of [...fresh.childNodes]) {
    const key = keyOf(child);
    let match = key ? byKey.get(key) : at;
    if (match && !alike(match, child)) match = null;
    if (match && !key && keyOf(match)) match = null;
    if (!match) {
      const added = document.importNode(child, true);
      if (key && added.dataset) added.classList.add("fresh");
      old.insertBefore(added, at);
      continue;
    }
    if (match === at) at = at.nextSibling;
    else old.insertBefore(match, at);
    byKey.delete(key);
    morph(match, child);
  }
  while (at) {
    const next = at.nextSibling;
    at.remove();
    at = next;
  }
}

// A new P1, for who looks elsewhere.
const seen = new Set();
let unread = 0;
const title = document.title;

function attend(data) {
  let incident;
  try { incident = JSON.parse(data); } catch { return; }
  document.dispatchEvent(new CustomEvent("watchfire:incident", { detail: incident }));
  const isNew = incident.priority === "P1" && incident.state === "open" && !seen.has(incident.id);
  if (!isNew || now() - Date.parse(incident.opened_at) > 600000) return;
  seen.add(incident.id);
  announce(`New P1: ${incident.title}`, "error");
  if (chosen.badge && document.hidden) { unread += 1; document.title = `(${unread}) ${title}`; }
  if (chosen.sound) tone();
}

function tone() {
  try {
    const audio = new AudioContext();
    const gain = audio.createGain();
    gain.gain.setValueAtTime(0.05, audio.currentTime);
    gain.gain.exponentialRampToValueAtTime(0.0001, audio.currentTime + 0.8);
    const wave = new OscillatorNode(audio, { frequency: 660 });
    wave.connect(gain).connect(audio.destination);
    wave.start();
    wave.stop(audio.currentTime + 0.8);
  } catch {
    // A browser that wants a press first stays silent; the title and the message tell it too.
  }
}

function heard({ said, kind, data }) {
  if (said) streaming = said === "open";
  if (said === "lost") { lost(); return; }
  if (said === "open") {
    // What was committed while this page was on its way, or nobody listened, is in no event.
    if (lostAt || parts().length) soon();
    if (!lostAt) back();
    return;
  }
  if (kind === "incident") attend(data);
  soon();
}

// Where browsers have no workers to share, each page listens for itself.
function listen() {
  const kinds = [...new Set(["incident", ...parts().flatMap((part) => part.dataset.live.split(",")).filter(Boolean)])];
  if (!("SharedWorker" in window)) {
    leave = follow(kinds, heard).close;
    return;
  }
  const { port } = new SharedWorker(new URL("./shared.js", import.meta.url), { type: "module" });
  port.onmessage = ({ data }) => heard(data);
  port.postMessage(kinds);
  leave = () => port.postMessage([]);
}

if (state) {
  listen();
  // A page that a browser sets aside lets go of the stream, and is behind when it is taken out again.
  addEventListener("pagehide", () => leave());
  addEventListener("pageshow", ({ persisted }) => { if (persisted) { listen(); soon(); } });
  document.addEventListener("watchfire:refresh", soon);
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    unread = 0;
    document.title = title;
    soon();
  });
  setInterval(() => { if (!document.hidden && parts().length) soon(); }, LOOK_EVERY_MS);
}
