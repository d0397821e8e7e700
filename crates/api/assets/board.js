// The list of open incidents: one dialog to assign and one to comment, for whichever row asks; filters that leave no
// empty words in the address; and which team is one's own.
const MINE = "watchfire-team";

// Before the dialog opens: whose it is, and what is known of it.
function prepare(event) {
  const button = event.target.closest("[data-of]");
  const dialog = button && document.getElementById(button.dataset.open);
  const form = dialog?.querySelector("form[data-act]");
  if (!form) return;
  const row = button.closest("[data-key]");
  const number = button.dataset.of;
  form.dataset.act = `/api/v1/incidents/${encodeURIComponent(number)}/${button.dataset.open}`;
  form.dataset.done = `${number}: ${button.dataset.open === "assign" ? "assigned" : "commented"}.`;
  form.querySelector("[data-error]")?.replaceChildren();
  form.querySelector("[data-which]").textContent = `${number} ${row?.querySelector("a")?.textContent ?? ""}`;
  for (const name of ["team", "assignee"]) {
    if (!form.elements[name]) continue;
    // Said, not filled in: what is left empty stays as it is, whoever changed it meanwhile.
    form.elements[name].value = "";
    form.elements[name].placeholder = row?.dataset[name] ?? "";
  }
  if (form.elements.text) form.elements.text.value = "";
}

function toMe(event) {
  const button = event.target.closest("[data-me]");
  if (button) button.form.elements.assignee.value = button.dataset.me;
}

document.addEventListener("click", prepare, true);
document.addEventListener("click", toMe);
document.addEventListener("formdata", (event) => {
  if (!("clean" in event.target.dataset)) return;
  for (const [name, value] of [...event.formData]) if (value === "") event.formData.delete(name);
});

try {
  const mine = document.querySelector("[data-my-team]")?.dataset.myTeam;
  if (mine) localStorage.setItem(MINE, mine);
  const remembered = localStorage.getItem(MINE);
  if (remembered && document.querySelector("[data-go-to-my-team]")) {
    location.replace(`/team/${encodeURIComponent(remembered)}`);
  }
} catch {
  // A browser that keeps nothing asks each time.
}
