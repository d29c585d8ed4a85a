// Makes elements and keeps lists in step with data. Text always goes in as text, never as HTML.

export function el(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (key === "class") node.className = value;
    else if (key in node && typeof value !== "string") node[key] = value;
    else node.setAttribute(key, value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

// Only what changed is rebuilt, so that focus, scrolling and running animations survive an update.
export function reconcile(parent, entries) {
  const old = new Map([...parent.children].map((node) => [node.dataset.key, node]));
  const wanted = entries.map(({ key, state, make }) => {
    const known = old.get(key);
    const print = JSON.stringify(state);
    if (known && known.print === print) return known;
    const node = make();
    node.dataset.key = key;
    node.print = print;
    if (known) keepFocus(known, node);
    return node;
  });
  wanted.forEach((node, index) => {
    if (parent.children[index] !== node) parent.insertBefore(node, parent.children[index] ?? null);
  });
  while (parent.children.length > wanted.length) parent.lastElementChild.remove();
}

function keepFocus(before, after) {
  const focused = before.contains(document.activeElement) ? document.activeElement : null;
  if (!focused) return;
  const same = [...after.querySelectorAll("button, select, input")].find(
    (node) => node.textContent === focused.textContent && node.tagName === focused.tagName);
  queueMicrotask(() => (same ?? after.querySelector("button"))?.focus({ preventScroll: true }));
}

export function avatar(name, { app = false } = {}) {
  const hue = [...name].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) % 6, 7);
  if (app) return el("img", { class: "avatar", src: "/page/icon.svg", alt: "" });
  return el("span", { class: `avatar hue-${hue}`, "aria-hidden": "true" }, name.slice(0, 1).toUpperCase());
}

export function clock(ts) {
  return new Date(Number(ts) * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}

export function toast(text, kind = "plain") {
  const note = el("p", { class: `toast ${kind}` }, text);
  document.getElementById("toasts").append(note);
  setTimeout(() => note.remove(), 8000);
}
