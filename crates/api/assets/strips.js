// Uptime strips: what a day was, for whoever points at it or walks along with the arrow keys; Enter shows its outages.
//
//   data-strip  the service's page
//   data-first  the first day, such as 2026-05-01
//   data-days   by commas: nothing (a good day), n (no data), o (nothing agreed), or available|down|degraded|planned
const tip = document.createElement("p");
tip.className = "tip";
tip.hidden = true;
document.body.append(tip);

const daysOf = (strip) => strip.dataset.days.split(",");

function dateOf(strip, at) {
  return new Date(Date.parse(`${strip.dataset.first}T00:00:00Z`) + at * 86400000).toISOString().slice(0, 10);
}

function length(seconds) {
  const minutes = Math.round(seconds / 60);
  if (seconds < 60) return `${seconds} s`;
  if (minutes < 60) return `${minutes} min`;
  return minutes % 60 ? `${Math.floor(minutes / 60)} h ${minutes % 60} min` : `${minutes / 60} h`;
}

function words(strip, at) {
  const day = dateOf(strip, at);
  const said = daysOf(strip)[at] ?? "n";
  if (said === "") return `${day}: 100 % available`;
  if (said === "n") return `${day}: no data, nobody watched it`;
  if (said === "o") return `${day}: outside the agreed hours`;
  const [share, down, degraded, planned] = said.split("|");
  const parts = [share ? `${share} % available` : "nothing agreed"];
  if (Number(down)) parts.push(`down ${length(Number(down))}`);
  if (Number(degraded)) parts.push(`degraded ${length(Number(degraded))}`);
  if (Number(planned)) parts.push(`maintenance ${length(Number(planned))}`);
  return `${day}: ${parts.join(", ")}`;
}

function show(strip, at) {
  const box = strip.getBoundingClientRect();
  const count = daysOf(strip).length;
  tip.textContent = words(strip, at);
  tip.hidden = false;
  const middle = box.left + ((at + 0.5) / count) * box.width;
  const wide = tip.getBoundingClientRect().width;
  tip.style.left = `${Math.min(Math.max(4, middle - wide / 2), innerWidth - wide - 4)}px`;
  tip.style.top = `${box.bottom + 6}px`;
}

function under(strip, event) {
  const box = strip.getBoundingClientRect();
  const count = daysOf(strip).length;
  return Math.min(count - 1, Math.max(0, Math.floor(((event.clientX - box.left) / box.width) * count)));
}

const open = (strip, at) => location.assign(`${strip.dataset.strip}?day=${dateOf(strip, at)}#outages`);
const of = (event) => event.target.closest?.("[data-strip]");

document.addEventListener("pointermove", (event) => {
  const strip = of(event);
  if (strip) show(strip, under(strip, event));
  else if (!document.activeElement?.matches("[data-strip]")) tip.hidden = true;
});
document.addEventListener("click", (event) => {
  const strip = of(event);
  if (strip) open(strip, under(strip, event));
});
document.addEventListener("focusin", (event) => {
  const strip = of(event);
  if (strip) show(strip, Number(strip.getAttribute("aria-valuenow")) - 1);
});
document.addEventListener("focusout", () => { tip.hidden = true; });
document.addEventListener("keydown", (event) => {
  const strip = of(event);
  if (!strip || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") { tip.hidden = true; return; }
  const count = daysOf(strip).length;
  const here = Number(strip.getAttribute("aria-valuenow")) - 1;
  const steps = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageUp: -7, PageDown: 7, Home: -count, End: count };
  if (event.key === "Enter") { event.preventDefault(); open(strip, here); return; }
  if (!(event.key in steps)) return;
  event.preventDefault();
  const at = Math.min(count - 1, Math.max(0, here + steps[event.key]));
  strip.setAttribute("aria-valuenow", at + 1);
  strip.setAttribute("aria-valuetext", words(strip, at));
  show(strip, at);
});
