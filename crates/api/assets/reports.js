// Reports: printing, and a time of one's own that is chosen by naming its days.
import { chosen } from "./prefer.js";

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}

const form = document.querySelector("form.filters");

// Days are of the zone that this person chose, unless the address says of which.
const asked = new URLSearchParams(location.search);
if (form?.elements.zone && chosen.zone && !asked.has("zone") && !asked.size) form.elements.zone.value = chosen.zone;
const period = form?.elements.period;

if (period) {
  const days = [form.elements.from, form.elements.to];
  for (const day of days) day.addEventListener("input", () => { period.value = "own"; });
  // Days are only said where they are meant: an address stays short.
  form.addEventListener("submit", () => {
    if (period.value !== "own") for (const day of days) day.disabled = true;
    for (const field of form.elements) if (field.name && field.value === "") field.disabled = true;
  });
  period.addEventListener("change", () => { if (period.value !== "own") form.requestSubmit(); });
}
addEventListener("pageshow", () => { for (const field of form?.elements ?? []) field.disabled = false; });
