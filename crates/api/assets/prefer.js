// What a person chose for this browser.
const STANDARD = { theme: "", zone: "", hours: "24", sound: false, badge: true, shortcuts: true };

function read() {
  try {
    return { ...STANDARD, ...JSON.parse(localStorage.getItem("watchfire") || "{}") };
  } catch {
    return { ...STANDARD };
  }
}

export const chosen = read();

const form = document.getElementById("prefer-form");
if (form) {
  for (const zone of Intl.supportedValuesOf?.("timeZone") ?? []) {
    if (zone !== "UTC") form.elements.zone.add(new Option(zone.replaceAll("_", " "), zone));
  }
  for (const [name, value] of Object.entries(chosen)) {
    const field = form.elements[name];
    if (!field) continue;
    if (field.type === "checkbox") field.checked = Boolean(value);
    else field.value = value;
  }
  form.addEventListener("change", () => {
    for (const name of Object.keys(STANDARD)) {
      const field = form.elements[name];
      chosen[name] = field.type === "checkbox" ? field.checked : field.value;
    }
    try {
      localStorage.setItem("watchfire", JSON.stringify(chosen));
    } catch {
      // Private windows may refuse; it then holds until the page is left.
    }
    if (chosen.theme) document.documentElement.dataset.theme = chosen.theme;
    else delete document.documentElement.dataset.theme;
    document.dispatchEvent(new CustomEvent("watchfire:chosen"));
  });
}
