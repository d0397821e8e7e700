// Somebody else decided something while a dialog is open: it says what, and what was typed stays. A page that may be
// changed by several says what of it may change, in `data-facts`.
//
//   dialog[data-whole="Name,…"]  is filled with these as they were when the page came, and writes them as a whole
const facts = () => {
  try { return JSON.parse(document.querySelector("main [data-facts]")?.dataset.facts ?? "{}"); } catch { return {}; }
};

const loaded = facts();

function compare() {
  const now = facts();
  for (const dialog of document.querySelectorAll("dialog[open][data-seen]")) {
    const then = JSON.parse(dialog.dataset.seen);
    const changed = Object.keys(now).filter((name) => now[name] !== then[name]);
    let place = dialog.querySelector("[data-changed]");
    if (!changed.length) { place?.remove(); continue; }
    if (!place) {
      place = document.createElement("p");
      place.dataset.changed = "";
      place.className = "notice warn";
      place.setAttribute("role", "alert");
      dialog.querySelector("h2")?.after(place);
    }
    const told = changed.map((name) => `${name}: ${now[name] || "nothing"} (was ${then[name] || "nothing"})`).join("; ");
    const text = `Somebody changed it while this was open. ${told}. What you typed is kept.`;
    if (place.textContent !== text) place.textContent = text;
  }
}

function opened(dialog) {
  if (!dialog) return;
  const whole = (dialog.dataset.whole ?? "").split(",").filter((name) => name in loaded);
  dialog.dataset.seen = JSON.stringify({ ...facts(), ...Object.fromEntries(whole.map((name) => [name, loaded[name]])) });
  dialog.querySelector("[data-changed]")?.remove();
  compare();
}

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-open]");
  if (opener) opened(document.getElementById(opener.dataset.open));
});
document.addEventListener("watchfire:fresh", compare);
