// Before the first paint: the colours that this person chose, so that nothing flashes.
try {
  const chosen = JSON.parse(localStorage.getItem("watchfire") || "{}").theme;
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch {
  // What cannot be read is as if nothing was chosen.
}
