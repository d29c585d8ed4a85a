// Draws Block Kit blocks. `use` says what happens on a press: use.press({label, block_id, action_id}, button, confirm).

import { el } from "./dom.js";
import { emojiText, mrkdwn, withEmoji } from "./mrkdwn.js";

export function text(object, nameOf) {
  return object.type === "plain_text" ? withEmoji(object.text) : mrkdwn(object.text, nameOf);
}

export function blocks(list, use) {
  return list.map((block) => (DRAW[block.type] ?? unknown)(block, use));
}

const unknown = (block) => el("p", { class: "b-unknown" }, `A block of type ${block.type}, which this page does not draw.`);

const DRAW = {
  header: (block, use) => el("h3", { class: "b-header" }, text(block.text, use.nameOf)),
  divider: () => el("hr"),
  markdown: (block, use) => el("div", { class: "b-section" }, mrkdwn(block.text.replaceAll("**", "*"), use.nameOf)),
  context: (block, use) => el("div", { class: "b-context" }, block.elements.map((part) =>
    part.type === "image" ? image(part) : el("span", {}, text(part, use.nameOf)))),
  actions: (block, use) => el("div", { class: "b-actions" }, block.elements.map((part) => element(part, block, use))),
  image: (block) => el("figure", {}, block.title ? el("figcaption", {}, block.title.text) : null, image(block)),
  alert: (block, use) => el("p", { class: "b-alert" }, text(block.text, use.nameOf)),
  section(block, use) {
    const words = el("div", { class: "b-text" },
      block.text ? el("div", {}, text(block.text, use.nameOf)) : null,
      block.fields ? el("div", { class: "b-fields" }, block.fields.map((field) => el("div", {}, text(field, use.nameOf)))) : null);
    return el("div", { class: "b-section" }, words, block.accessory ? element(block.accessory, block, use) : null);
  },
  input: (block, use) => use.input?.(block) ?? unknown(block),
  rich_text: (block) => el("div", { class: "b-section" }, words(block.elements)),
};

function words(parts) {
  return (parts ?? []).map((part) => (part.type === "text" ? part.text : el("span", {}, words(part.elements))));
}

function image(part) {
  return el("img", { src: part.image_url, alt: part.alt_text, title: part.alt_text, class: "b-image", loading: "lazy" });
}

function element(part, block, use) {
  if (part.type === "button") return button(part, block, use);
  if (part.type === "overflow") return overflow(part, block, use);
  if (part.type === "image") return image(part);
  if (part.options || part.option_groups) return select(part, block, use);
  return unknown(part);
}

const place = (part, block) => ({ block_id: block.block_id, action_id: part.action_id });

function button(part, block, use) {
  const label = part.text.text;
  const press = (event) => {
    if (part.url) window.open(part.url, "_blank", "noopener");
    use.press({ label, ...place(part, block) }, event.currentTarget, part.confirm);
  };
  return el("button", { type: "button", class: `btn ${part.style ?? ""}`, "aria-label": part.accessibility_label, onclick: press }, withEmoji(label));
}

function overflow(part, block, use) {
  const open = (event) => menu(event.currentTarget, part.options.map((option) => ({
    label: emojiText(option.text.text),
    description: option.description?.text,
    choose() {
      if (option.url) window.open(option.url, "_blank", "noopener");
      use.press({ label: option.text.text, ...place(part, block) }, event.target, part.confirm);
    },
  })));
  return el("button", { type: "button", class: "btn more", "aria-label": "More actions", "aria-haspopup": "menu", onclick: open }, "⋯");
}

function select(part, block, use) {
  const chosen = part.initial_option?.value;
  const options = (list) => list.map((option) =>
    el("option", { value: option.text.text, selected: option.value === chosen }, emojiText(option.text.text)));
  const grouped = (part.option_groups ?? []).map((group) => el("optgroup", { label: group.label.text }, options(group.options)));
  const label = part.placeholder?.text ?? "Choose";
  const change = (event) => use.press({ label: event.target.value, ...place(part, block) }, event.target, part.confirm);
  return el("select", { class: "btn", "aria-label": label, onchange: change },
    chosen ? null : el("option", { value: "", disabled: true, selected: true }, label),
    options(part.options ?? []), grouped);
}

// The menu lives on the page, not in the message: an edit of the message must not take it away under the pointer.
export function menu(anchor, entries) {
  document.querySelector(".menu")?.remove();
  const close = () => { list.remove(); anchor.focus({ preventScroll: true }); };
  const list = el("div", { class: "menu", role: "menu", onkeydown: keys }, entries.map((entry) =>
    el("button", { type: "button", role: "menuitem", onclick() { close(); entry.choose(); } }, entry.label,
      entry.description ? el("small", {}, entry.description) : null)));
  function keys(event) {
    const all = [...list.children];
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape" || event.key === "Tab") { event.preventDefault(); close(); }
    if (step) { event.preventDefault(); all.at((all.indexOf(document.activeElement) + step) % all.length).focus(); }
  }
  document.body.append(list);
  const at = anchor.getBoundingClientRect();
  list.style.left = `${Math.max(8, Math.min(at.left, innerWidth - list.offsetWidth - 8))}px`;
  const below = at.bottom + 4;
  list.style.top = `${below + list.offsetHeight > innerHeight ? Math.max(8, at.top - list.offsetHeight - 4) : below}px`;
  list.firstElementChild.focus();
  setTimeout(() => document.addEventListener("pointerdown", (event) => {
    if (!list.contains(event.target)) list.remove();
  }, { once: true }));
}

export function confirmed(dialog, asked, nameOf) {
  return new Promise((resolve) => {
    const answer = (yes) => () => { dialog.close(); resolve(yes); };
    dialog.replaceChildren(
      el("h2", { id: "confirm-title" }, emojiText(asked.title.text)),
      el("div", { class: "confirm-text" }, text(asked.text, nameOf)),
      el("div", { class: "confirm-buttons" },
        el("button", { class: "btn", onclick: answer(false) }, asked.deny.text),
        el("button", { class: `btn ${asked.style ?? "primary"}`, onclick: answer(true), autofocus: true }, asked.confirm.text)));
    dialog.oncancel = () => resolve(false);
    dialog.showModal();
  });
}
