// Several dead letters at once: each is asked for by itself, one after the other, and what did not work stays chosen.
import { ask } from "./act.js";
import { announce } from "./announce.js";

const bar = document.getElementById("several");
const said = document.getElementById("several-said");
const form = document.getElementById("discard-form");
const boxes = () => [...document.querySelectorAll("#letters input[name='letter']")];
const chosen = () => boxes().filter((box) => box.checked);
let busy = false;

function count() {
  const many = chosen().length;
  for (const place of bar.querySelectorAll("[data-count]")) place.textContent = many ? String(many) : "";
  for (const button of bar.querySelectorAll("button")) button.disabled = busy || !many;
  const every = document.getElementById("every");
  every.checked = many > 0 && many === boxes().length;
  every.indeterminate = many > 0 && !every.checked;
}

async function each(what, done, body) {
  const all = chosen();
  busy = true;
  count();
  let worked = 0;
  const failed = [];
  for (const box of all) {
    said.textContent = `${worked + failed.length + 1} of ${all.length}…`;
    try {
      await ask(`/api/v1/dead-letters/${encodeURIComponent(box.value)}/${what}`, { body });
      worked += 1;
      box.checked = false;
    } catch (error) {
      failed.push(error.message);
      // Without an answer, or without the right to it, the others fare no better.
      if (!error.status || error.status === 403) break;
    }
  }
  busy = false;
  const others = failed.length ? ` ${failed.length} not, and still chosen: ${failed[0]}` : "";
  said.textContent = `${worked} ${done}.${others}`;
  announce(said.textContent, failed.length ? "error" : "done");
  document.dispatchEvent(new CustomEvent("watchfire:refresh"));
  count();
}

if (bar) {
  document.addEventListener("change", (event) => {
    if (event.target.id === "every") for (const box of boxes()) box.checked = event.target.checked;
    count();
  });
  document.addEventListener("watchfire:fresh", count);
  document.getElementById("replay-several").addEventListener("click", () => each("replay", "replayed"));
  document.getElementById("discard-several").addEventListener("click", () => document.getElementById("discard").showModal());
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    document.getElementById("discard").close();
    each("discard", "discarded", { reason: form.elements.reason.value });
  });
  count();
}
