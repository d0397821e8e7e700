// What every page does: shows instants in the chosen zone, stays fresh, carries out forms, listens to keys.
import "./prefer.js";
import "./time.js";
import "./act.js";
import "./conflict.js";
import "./keys.js";
import "./live.js";

// On a phone the menu begins closed; where there is room for it, it is always open.
const menu = document.querySelector("details.menu");
const wide = matchMedia("(min-width: 60rem)");
const fit = () => { if (menu) menu.open = wide.matches; };
wide.addEventListener("change", fit);
fit();
document.documentElement.dataset.ready = "";
