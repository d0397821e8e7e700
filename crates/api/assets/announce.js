// Tells what happened, to eyes and to screen readers, and gets out of the way.
const place = document.getElementById("said");

export function announce(text, kind = "done") {
  if (!place) return;
  const said = document.createElement("p");
  said.className = `toast ${kind}`;
  said.textContent = text;
  place.append(said);
  setTimeout(() => said.remove(), kind === "error" ? 12000 : 6000);
}
