// Elements out of what an answer says: text stays text.
export function element(name, attributes = {}, children = []) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...[children].flat().filter((child) => child !== null && child !== undefined));
  return made;
}

export function list(items, kind = "") {
  return element("ul", { class: kind }, items);
}
