// The dependency map: fetched once the page is there, drawn as SVG; drag or arrow keys, wheel or + and -, find, collapse.
//
//   data-map    where the picture comes from
//   data-self   the item that it is about
//   data-whole  it is the page's main thing: it may take the wheel
import { announce } from "./announce.js";

const NS = "http://www.w3.org/2000/svg";
const [BOX_WIDTH, BOX_HEIGHT] = [168, 40];
const STATES = ["up", "at risk", "degraded", "down"];
const CLASSES = ["up", "at-risk", "degraded", "down"];
const MARKS = ["M12 14a6 6 0 1 0 .01 0z", "M12 13l7 13h-14z", "M12 12l8 8-8 8-8-8z", "M5 13h14v14h-14z"];
const LABELS_FROM = 0.42;
const [ZOOM_MIN, ZOOM_MAX] = [0.04, 2.5];
const BETWEEN_MS = 1500;
const RESTS_AFTER_MS = 180;
// How much smaller and larger a picture may be shown than it was drawn.
const [STRETCH_MIN, STRETCH_MAX] = [0.5, 4];

const svg = (name, attributes = {}, text) => {
  const element = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  return element;
};

const html = (name, properties = {}, ...children) => {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
};

const short = (text, length) => ([...text].length > length ? `${[...text].slice(0, length - 1).join("")}…` : text);
const pathOf = (item) => `/${item.service ? "services" : "cis"}/${encodeURIComponent(item.id)}`;

class Map_ {
  constructor(place) {
    this.place = place;
    this.source = new URL(place.dataset.map, location.href);
    this.self = place.dataset.self;
    this.whole = "whole" in place.dataset;
    this.items = [];
    this.view = { x: 0, y: 0, k: 1 };
    this.current = -1;
    this.pointers = new Map();
    this.build();
    this.load().then(() => this.begin());
    document.addEventListener("watchfire:fresh", () => this.later());
  }

  build() {
    const button = (text, label, act) => {
      const made = html("button", { type: "button", className: "small", textContent: text, title: label });
      made.setAttribute("aria-label", label);
      made.addEventListener("click", act);
      return made;
    };
    this.find = html("input", { type: "search", placeholder: "Find in the map" });
    this.find.setAttribute("aria-label", "Find an item in the map");
    if (this.whole) this.find.dataset.search = "";
    this.find.addEventListener("input", () => this.mark());
    this.find.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      this.next();
    });
    this.found = html("span", { className: "hint" });
    this.found.setAttribute("role", "status");
    const bar = html("div", { className: "map-bar" }, this.find, this.found,
      button("+", "Zoom in", () => this.zoom(1.3)), button("−", "Zoom out", () => this.zoom(1 / 1.3)),
      button("Fit", "Fit all of it in", () => this.fit()));
    this.port = html("div", { className: "map-view", tabIndex: 0 });
    this.port.setAttribute("role", "group");
    this.port.setAttribute("aria-label", "Dependency map. Arrow keys go along dependencies and to neighbours, Enter opens, c collapses, plus and minus zoom, 0 shows all.");
    this.world = svg("svg", { class: "map-world" });
    this.port.append(this.world);
    this.panel = html("div", { className: "map-panel" });
    this.panel.setAttribute("aria-live", "polite");
    this.panel.textContent = "Choose an item to see what it needs and what needs it.";
    this.place.replaceChildren(bar, this.port, this.panel);
    this.listen();
  }

  async load() {
    let said;
    try {
      const answer = await fetch(this.source, { headers: { Accept: "application/json" }, cache: "no-store" });
      if (!answer.ok) throw new Error(String(answer.status));
      said = await answer.json();
    } catch {
      this.panel.textContent = "The map could not be fetched. The list below says the same; reload the page to try again.";
      return;
    }
    const chosen = this.items[this.current]?.id ?? this.self;
    this.version = said.version;
    this.size = { width: said.width, height: said.height };
    this.items = said.items.map(([id, name, kind, state, x, y, service, maintenance, hidden]) =>
      ({ id, name, kind, state, x, y, service, maintenance, hidden, needs: [], neededBy: [] }));
    this.edges = said.edges;
    for (const [from, to] of this.edges) {
      this.items[from].needs.push(to);
      this.items[to].neededBy.push(from);
    }
    // Who goes by keyboard goes on from where they were; from the map itself where that is gone.
    const focused = this.world.contains(document.activeElement);
    this.draw();
    this.select(this.items.findIndex((item) => item.id === chosen), focused);
    if (focused && this.current < 0) this.port.focus({ preventScroll: true });
    this.mark();
  }

  line([from, to]) {
    const [a, b] = [this.items[from], this.items[to]];
    const [x1, y1, x2, y2] = [a.x + BOX_WIDTH / 2, a.y + BOX_HEIGHT, b.x + BOX_WIDTH / 2, b.y];
    const bend = Math.max(24, Math.abs(y2 - y1) / 2);
    return `M${x1} ${y1}C${x1} ${y1 + bend} ${x2} ${y2 - bend} ${x2} ${y2}`;
  }

  draw() {
    const kinds = [0, 1, 2].map((kind) => this.edges.filter((edge) => edge[2] === kind).map((edge) => this.line(edge)).join(""));
    const drawn = document.createDocumentFragment();
    kinds.forEach((d, kind) => { if (d) drawn.append(svg("path", { class: `edge kind-${kind}`, d })); });
    this.lit = svg("path", { class: "edge lit" });
    drawn.append(this.lit);
    this.nodes = this.items.map((item, at) => {
      const node = svg("a", { href: pathOf(item), transform: `translate(${item.x} ${item.y})`, tabindex: "-1", "data-at": at });
      node.append(svg("rect", { width: BOX_WIDTH, height: BOX_HEIGHT, rx: 6 }),
        svg("path", { class: "mark", d: MARKS[item.state] }), svg("text", { x: 28, y: 17, class: "name" }, short(item.name, 19)), " ",
        svg("text", { x: 28, y: 32, class: "kind" }, short(item.hidden ? `${item.hidden} behind it` : item.kind, 22)));
      if (item.hidden) node.append(svg("path", { class: "folded", d: `M8 ${BOX_HEIGHT + 4}h${BOX_WIDTH - 16}` }));
      drawn.append(node);
      return node;
    });
    this.items.forEach((_, at) => this.show(at));
    this.world.setAttribute("viewBox", `0 0 ${this.size.width} ${this.size.height}`);
    this.world.replaceChildren(drawn);
    if (this.drawnAt) this.sharpen();
  }

  show(at) {
    const [item, node] = [this.items[at], this.nodes[at]];
    node.setAttribute("class", `node ${CLASSES[item.state]}${item.service ? " service" : ""}${item.maintenance ? " kept" : ""}${item.id === this.self ? " self" : ""}${at === this.current ? " chosen" : ""}${this.marked?.has(at) ? " hit" : ""}`);
    node.querySelector(".mark").setAttribute("d", MARKS[item.state]);
    node.setAttribute("aria-label", this.words(item));
  }

  words(item) {
    // Begins with what is to be seen, for who says it aloud to choose it.
    const seen = item.hidden ? `${item.name}, ${item.hidden} behind it, collapsed, ${item.kind}` : `${item.name}, ${item.kind}`;
    return `${seen}, ${STATES[item.state]}${item.maintenance ? ", in maintenance" : ""}, needs ${item.needs.length}, needed by ${item.neededBy.length}`;
  }

  select(at, focus = true) {
    const before = this.current;
    this.current = at;
    if (this.nodes?.[before]) this.show(before);
    if (at < 0 || !this.items[at]) { this.current = -1; this.lit?.setAttribute("d", ""); return; }
    this.show(at);
    this.lit.setAttribute("d", this.edges.filter(([from, to]) => from === at || to === at).map((edge) => this.line(edge)).join(""));
    if (focus) { this.nodes[at].focus({ preventScroll: true }); this.into(at); }
    this.tell(at);
  }

  tell(at) {
    const item = this.items[at];
    const list = (places) => {
      const made = html("span");
      places.slice(0, 8).forEach((place, number) => {
        const go = html("button", { type: "button", className: "small quiet isolate", textContent: this.items[place].name });
        go.addEventListener("click", () => this.select(place));
        made.append(number ? " " : "", go);
      });
      if (places.length > 8) made.append(` and ${places.length - 8} more`);
      return places.length ? made : "nothing";
    };
    const state = html("span", { className: `state ${CLASSES[item.state]}`, textContent: STATES[item.state] });
    const parts = [html("p", {}, html("strong", { className: "isolate", textContent: item.name }), " ", state),
      html("p", {}, "Needs: ", list(item.needs)), html("p", {}, "Needed by: ", list(item.neededBy))];
    const acts = html("p", { className: "actions" }, html("a", { className: "button", href: pathOf(item), textContent: "Open it" }));
    acts.append(html("a", { className: "button", href: `/map?around=${encodeURIComponent(item.id)}`, textContent: "Show what is around it" }));
    if (item.hidden || item.needs.length) {
      const fold = html("button", { type: "button", textContent: item.hidden ? "Expand" : "Collapse what only it needs" });
      fold.addEventListener("click", () => this.fold(at));
      acts.append(fold);
    }
    this.panel.replaceChildren(...parts, acts);
  }

  async fold(at) {
    const item = this.items[at];
    if (!item) return;
    const closed = this.source.searchParams.getAll("collapse");
    const without = closed.filter((id) => id !== item.id);
    this.source.searchParams.delete("collapse");
    for (const id of without.length < closed.length ? without : [...closed, item.id]) this.source.searchParams.append("collapse", id);
    const before = this.items.length;
    await this.load();
    const now = this.items.findIndex((other) => other.id === item.id);
    this.select(now);
    if (this.items.length === before && without.length === closed.length) announce("Nothing stands behind it that others do not need too.");
    if (this.whole) {
      const here = new URL(location.href);
      here.searchParams.delete("collapse");
      for (const id of this.source.searchParams.getAll("collapse")) here.searchParams.append("collapse", id);
      history.replaceState(null, "", here);
    }
  }

  hits() {
    const wanted = this.find.value.trim().toLowerCase();
    if (!wanted) return [];
    return this.items.flatMap((item, at) => (item.name.toLowerCase().includes(wanted) || item.id.toLowerCase().includes(wanted) ? [at] : []));
  }

  mark() {
    const hits = this.marked = new Set(this.hits());
    const finding = this.find.value.trim() !== "";
    this.port.classList.toggle("finding", finding);
    this.nodes?.forEach((node, at) => node.classList.toggle("hit", hits.has(at)));
    this.found.textContent = finding ? `${hits.size} found${hits.size ? ", Enter goes to the next" : ""}` : "";
  }

  next() {
    const hits = this.hits();
    if (!hits.length) return;
    const at = hits.find((hit) => hit > (this.lastHit ?? -1)) ?? hits[0];
    this.lastHit = at;
    this.select(at, false);
    this.into(at, true);
  }

  // Moves the picture that is there, which thousands of items bear; it is drawn anew, sharp, once it rests.
  apply() {
    if (!this.size) return;
    clearTimeout(this.resting);
    const by = this.view.k / this.drawnAt;
    if (by >= STRETCH_MIN && by <= STRETCH_MAX) this.put(by);
    else this.sharpen();
    if (by !== 1) this.resting = setTimeout(() => this.sharpen(), RESTS_AFTER_MS);
  }

  sharpen() {
    this.drawnAt = this.view.k;
    this.world.setAttribute("width", this.size.width * this.drawnAt);
    this.world.setAttribute("height", this.size.height * this.drawnAt);
    this.port.classList.toggle("far", this.drawnAt < LABELS_FROM);
    this.put(1);
  }

  put(scale) {
    this.world.style.transform = `translate(${this.view.x}px, ${this.view.y}px) scale(${scale})`;
  }

  room() {
    const box = this.port.getBoundingClientRect();
    return { width: box.width || 800, height: box.height || 480 };
  }

  fit() {
    if (!this.size) return;
    const { width, height } = this.room();
    const k = Math.min(1, Math.max(ZOOM_MIN, Math.min((width - 24) / this.size.width, (height - 24) / this.size.height)));
    this.view = { k, x: (width - this.size.width * k) / 2, y: Math.max(12, (height - this.size.height * k) / 2) };
    this.sharpen();
  }

  // All of it where that can be read; else the part where things are gravest, as large as can be read.
  begin() {
    this.fit();
    if (!this.size || this.view.k >= LABELS_FROM) return;
    const gravest = this.items.reduce((worst, item, at) => (item.state > (this.items[worst]?.state ?? -1) ? at : worst), 0);
    const k = LABELS_FROM;
    const { width, height } = this.room();
    const { x, y, state } = this.items[gravest];
    const [middle, top] = state > 0 ? [x + BOX_WIDTH / 2, height / 2 - y * k] : [this.size.width / 2, 12];
    this.view = { k, x: width / 2 - middle * k, y: top };
    this.sharpen();
  }

  zoom(by, at) {
    const { width, height } = this.room();
    const [x, y] = at ?? [width / 2, height / 2];
    const k = Math.min(ZOOM_MAX, Math.max(ZOOM_MIN, this.view.k * by));
    const real = k / this.view.k;
    this.view = { k, x: x - (x - this.view.x) * real, y: y - (y - this.view.y) * real };
    this.apply();
  }

  pan(dx, dy) {
    this.view.x += dx;
    this.view.y += dy;
    this.apply();
  }

  // Brings an item into view, and near enough to be read.
  into(at, near = false) {
    const item = this.items[at];
    const { width, height } = this.room();
    if (near && this.view.k < 0.7) this.view.k = 0.9;
    const [x, y] = [item.x * this.view.k + this.view.x, item.y * this.view.k + this.view.y];
    const inside = x > 8 && y > 8 && x + BOX_WIDTH * this.view.k < width - 8 && y + BOX_HEIGHT * this.view.k < height - 8;
    if (!inside) {
      this.view.x = width / 2 - (item.x + BOX_WIDTH / 2) * this.view.k;
      this.view.y = height / 2 - (item.y + BOX_HEIGHT / 2) * this.view.k;
    }
    this.apply();
  }

  // Along a dependency upwards or downwards, the one that is nearest; or to the neighbour in the same row.
  go(key) {
    if (!this.items.length) return;
    if (this.current < 0) { this.select(0); return; }
    const here = this.items[this.current];
    const nearest = (places) => places.reduce((best, at) =>
      (best < 0 || Math.abs(this.items[at].x - here.x) < Math.abs(this.items[best].x - here.x) ? at : best), -1);
    let to = -1;
    if (key === "ArrowUp") to = nearest(here.neededBy);
    if (key === "ArrowDown") to = nearest(here.needs);
    if (key === "ArrowLeft" || key === "ArrowRight") {
      const side = key === "ArrowLeft" ? -1 : 1;
      const row = this.items.flatMap((item, at) => (item.y === here.y && (item.x - here.x) * side > 0 ? [at] : []));
      to = nearest(row);
    }
    if (to >= 0) this.select(to);
  }

  listen() {
    this.port.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const acts = { "+": () => this.zoom(1.3), "=": () => this.zoom(1.3), "-": () => this.zoom(1 / 1.3), 0: () => this.fit(), c: () => this.fold(this.current) };
      if (event.key.startsWith("Arrow")) {
        if (event.shiftKey) this.pan(...{ ArrowUp: [0, 60], ArrowDown: [0, -60], ArrowLeft: [60, 0], ArrowRight: [-60, 0] }[event.key]);
        else this.go(event.key);
      } else if (acts[event.key]) acts[event.key]();
      else return;
      event.preventDefault();
      event.stopPropagation();
    });
    this.port.addEventListener("wheel", (event) => {
      if (!this.whole && !event.ctrlKey) return;
      event.preventDefault();
      const box = this.port.getBoundingClientRect();
      this.zoom(Math.exp(-event.deltaY / 500), [event.clientX - box.left, event.clientY - box.top]);
    }, { passive: false });
    // The whole name while it is pointed at: there always, it would be read beside what is to be seen.
    this.port.addEventListener("pointerover", (event) => {
      const node = event.target.closest?.("a.node");
      const item = this.items[node?.dataset.at];
      if (item && !node.querySelector("title")) node.prepend(svg("title", {}, `${item.name} (${item.kind})`));
    });
    this.port.addEventListener("dragstart", (event) => event.preventDefault());
    this.port.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      this.pointers.set(event.pointerId, [event.clientX, event.clientY]);
      this.moved = 0;
    });
    addEventListener("pointermove", (event) => this.move(event));
    for (const end of ["pointerup", "pointercancel"]) addEventListener(end, (event) => this.pointers.delete(event.pointerId));
    // A press chooses; the second press on the same, or with a key held, goes there.
    this.port.addEventListener("click", (event) => {
      const node = event.target.closest?.("a.node");
      if (this.moved > 4) { event.preventDefault(); return; }
      if (!node || event.ctrlKey || event.metaKey || event.shiftKey || event.detail === 0) return;
      const at = Number(node.dataset.at);
      if (at === this.current && event.detail > 1) return;
      event.preventDefault();
      this.select(at, false);
    });
    addEventListener("resize", () => this.apply());
  }

  move(event) {
    const before = this.pointers.get(event.pointerId);
    if (!before) return;
    const now = [event.clientX, event.clientY];
    const others = [...this.pointers].filter(([id]) => id !== event.pointerId).map(([, at]) => at);
    this.pointers.set(event.pointerId, now);
    this.moved += Math.abs(now[0] - before[0]) + Math.abs(now[1] - before[1]);
    if (!others.length) { this.pan(now[0] - before[0], now[1] - before[1]); return; }
    const far = (a, b) => Math.hypot(a[0] - b[0], a[1] - b[1]) || 1;
    const box = this.port.getBoundingClientRect();
    this.zoom(far(now, others[0]) / far(before, others[0]), [(now[0] + others[0][0]) / 2 - box.left, (now[1] + others[0][1]) / 2 - box.top]);
  }

  later() {
    if (this.timer) return;
    this.timer = setTimeout(() => { this.timer = 0; this.refresh(); }, BETWEEN_MS);
  }

  async refresh() {
    try {
      const answer = await fetch(`/map/states.json${this.source.search}`, { headers: { Accept: "application/json" }, cache: "no-store" });
      if (!answer.ok) return;
      const said = await answer.json();
      if (said.version !== this.version || this.source.searchParams.get("show") === "troubled") { await this.load(); return; }
      this.items.forEach((item, at) => {
        const [state, maintenance] = said.states[item.id] ?? [0, 0];
        if (state === item.state && maintenance === item.maintenance) return;
        Object.assign(item, { state, maintenance });
        this.show(at);
        if (at === this.current) this.tell(at);
      });
    } catch {
      // The page itself says that it is not live.
    }
  }
}

for (const place of document.querySelectorAll("[data-map]")) new Map_(place);
