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
const ANSWERS_WITHIN_MS = 10000;

const parts = () => [...document.querySelectorAll("[data-live][id]")];
const state = document.getElementById("live");
const broken = document.getElementById("broken");

let leave;
let streaming = false;
let lostAt = 0;
let timer = 0;
let retry = 0;
let lookedAt = 0;
let looking = false;
let wanted = false;
let signedOut = false;

function tell(name, text) {
  if (!state || (state.dataset.state === name && state.textContent === text)) return;
  state.dataset.state = name;
  state.textContent = text;
}

function lost() {
  if (signedOut) return;
  if (!lostAt) lostAt = now();
  tell("lost", "Not live");
  if (broken) {
    const text = `Not live since ${moment(lostAt)}: the service does not answer. What stands here may be old; trying again by itself.`;
    if (broken.textContent !== text) broken.textContent = text;
    broken.hidden = false;
  }
}

// A page that is not looked at again by itself, such as a report or a form, stays; but it says why nothing comes any more.
async function signedIn() {
  if (parts().length || document.hidden || signedOut) return;
  try {
    const answer = await fetch("/api/v1/status", { cache: "no-store", signal: AbortSignal.timeout(ANSWERS_WITHIN_MS) });
    if (answer.status !== 401) return;
  } catch {
    return;
  }
  signedOut = true;
  tell("lost", "Signed out");
  if (!broken) return;
  const again = document.createElement("a");
  again.href = `/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`;
  again.textContent = "Sign in again";
  broken.replaceChildren("You are signed in no longer. ", again);
  broken.hidden = false;
}

function back() {
  signedOut = false;
  if (lostAt) announce("Live again.");
  lostAt = 0;
  tell("live", "Live");
  if (broken) { broken.hidden = true; broken.textContent = ""; }
}

// A page without such parts is asked for by whoever looks at it, and by nothing else.
function soon() {
  if (!parts().length) return;
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
    // A connection may die without a word: what takes so long is lost.
    const signal = AbortSignal.timeout(ANSWERS_WITHIN_MS);
    const answer = await fetch(location.href, { headers: { Accept: "text/html" }, cache: "no-store", signal });
    if (answer.redirected && new URL(answer.url).pathname === "/sign-in") { location.assign(answer.url); return; }
    if (!answer.ok) throw new Error(String(answer.status));
    take(new DOMParser().parseFromString(await answer.text(), "text/html"));
    if (streaming) back();
  } catch {
    lost();
    retry ||= setTimeout(() => { retry = 0; soon(); }, AGAIN_MS);
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
  const [active, row] = [document.activeElement, document.activeElement?.closest("[data-key]")?.dataset.key];
  for (const part of parts()) {
    const fresh = page.getElementById(part.id);
    if (fresh) morph(part, fresh);
  }
  if (active !== document.body && document.activeElement === document.body) refocus(active, row);
  localize();
  document.dispatchEvent(new CustomEvent("watchfire:fresh"));
}

// What had the focus may be gone, or have been moved: then its row has it, or the page.
function refocus(active, row) {
  const place = row && document.querySelector(`[data-key="${CSS.escape(row)}"]`);
  const next = active.isConnected ? active : place?.querySelector("a[href], button") ?? document.getElementById("content");
  next?.focus({ preventScroll: true });
}

const keyOf = (node) => (node.nodeType === 1 ? node.dataset?.key || node.id || "" : "");
const alike = (a, b) => a.nodeType === b.nodeType && a.nodeName === b.nodeName && keyOf(a) === keyOf(b);

// What a person did to an element is theirs, and is not taken back; what a form carries along is ours.
const THEIRS = new Set(["open", "data-busy", "title"]);
const TYPED = new Set(["value", "checked"]);
const WALKED = new Set(["aria-valuenow", "aria-valuetext"]);
const isTheirs = (element, name) =>
  THEIRS.has(name) || (WALKED.has(name) && element.getAttribute("role") === "slider") || (TYPED.has(name) && element.nodeName === "INPUT" && element.type !== "hidden");

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
  const staying = new Set([...fresh.childNodes].map(keyOf));
  const byKey = new Map();
  // What goes goes first, so that nothing that stays is moved, which would take the focus from it.
  for (const child of [...old.childNodes]) {
    if (!keyOf(child)) continue;
    if (staying.has(keyOf(child))) byKey.set(keyOf(child), child);
    else child.remove();
  }
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

// A new P1, for who looks elsewhere: one that opened lately, or that has become one. Told once, whatever page one is on.
const FRESH_MS = 600000;
const TOLD = "watchfire-told";
const before = new Map();
let unread = 0;
const title = document.title;

function toldAlready(id) {
  try {
    const told = JSON.parse(sessionStorage.getItem(TOLD) || "[]");
    if (told.includes(id)) return true;
    sessionStorage.setItem(TOLD, JSON.stringify([...told, id].slice(-200)));
  } catch {
    // A browser that keeps nothing tells it on each page.
  }
  return false;
}

function attend(data) {
  let incident;
  try { incident = JSON.parse(data); } catch { return; }
  document.dispatchEvent(new CustomEvent("watchfire:incident", { detail: incident }));
  const was = before.get(incident.id);
  before.set(incident.id, incident.priority);
  if (before.size > 1000) before.delete(before.keys().next().value);
  const isOpened = now() - Date.parse(incident.opened_at) <= FRESH_MS;
  const isRaised = was !== undefined && was !== "P1";
  if (incident.priority !== "P1" || incident.state !== "open" || !(isOpened || isRaised)) return;
  if (toldAlready(incident.id)) return;
  announce(`${isRaised ? "Now a P1" : "New P1"}: ${incident.title}`, "error");
  if (chosen.badge && document.hidden) { unread += 1; document.title = `(${unread}) ${title}`; }
  if (chosen.sound) tone();
}

let audio;

function tone() {
  try {
    audio ??= new AudioContext();
    audio.resume();
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
  if (said === "lost") { lost(); signedIn(); return; }
  if (said === "open") {
    // What was committed while this page was on its way, or nobody listened, is in no event.
    if (lostAt || parts().length) soon();
    if (!lostAt) back();
    return;
  }
  if (kind === "incident") attend(data);
  if (kind === "reset" || parts().some((part) => part.dataset.live.split(",").includes(kind))) soon();
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
  // Who wants the tone hears which one it is; and a browser that wants a press before it makes a sound has had one.
  document.querySelector('#prefer-form [name="sound"]')?.addEventListener("change", ({ target }) => { if (target.checked) tone(); });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    unread = 0;
    document.title = title;
    soon();
  });
  setInterval(() => { if (!document.hidden && parts().length) soon(); }, LOOK_EVERY_MS);
}
