// Shows a person's open modal as a dialog: inputs, searchable menus, errors, submit and close.

import { blocks, confirmed } from "./blocks.js";
import { el, toast } from "./dom.js";
import { get, post } from "./api.js";

const dialog = document.getElementById("view");
let shown = "";

export async function drawModal(me, nameOf, still) {
  const { views } = await get("views", { user: me });
  if (!still()) return;
  const view = views.at(-1);
  const print = view ? `${me}/${view.id}/${view.hash}` : "";
  if (print === shown) return;
  const kept = shown.startsWith(`${me}/${view?.id}/`) ? entered() : {};
  shown = print;
  if (!view) return dialog.close();
  dialog.replaceChildren(form(view, me, nameOf, kept));
  if (!dialog.open) dialog.showModal();
  dialog.querySelector("[data-block] input, [data-block] textarea, [data-block] select")?.focus();
}

const fields = () => [...dialog.querySelectorAll("[data-block]")];
const entered = () => Object.fromEntries(fields().map((field) => [field.dataset.block, field.read()]));

function form(view, me, nameOf, kept) {
  const where = { user: me, view: view.id };
  const close = (event) => { event?.preventDefault(); post("close", where).catch(complain); };
  const use = {
    nameOf,
    input: (block) => input(block, where, kept[block.block_id]),
    async press(what, node, asked) {
      if (asked && !(await confirmed(document.getElementById("confirm"), asked, nameOf))) return;
      post("click", { ...where, ...what }).catch(complain);
    },
  };
  dialog.oncancel = close;
  return el("form", { novalidate: "", onsubmit: (event) => { event.preventDefault(); send(event.currentTarget, where); } },
    el("header", {}, el("h2", { id: "view-title" }, view.title?.text ?? ""),
      el("button", { type: "button", class: "icon", "aria-label": "Close", onclick: close }, "✕")),
    el("div", { class: "modal-body" }, blocks(view.blocks, use)),
    el("p", { class: "form-error", role: "alert" }),
    el("footer", {}, el("button", { type: "button", class: "btn", onclick: close }, view.close?.text ?? "Close"),
      view.submit ? el("button", { class: "btn primary", "data-submit": "" }, view.submit.text) : null));
}

const complain = (error) => toast(error.message, "bad");

async function send(node, where) {
  const button = node.querySelector("[data-submit]");
  if (!button) return;
  button.disabled = true;
  button.classList.add("busy");
  try {
    const told = await post("submit", { ...where, values: entered() });
    showErrors(told.errors ?? {});
    node.querySelector(".form-error").textContent = told.error ?? "";
  } catch (error) {
    node.querySelector(".form-error").textContent = error.message;
  }
  button.disabled = false;
  button.classList.remove("busy");
}

function showErrors(errors) {
  for (const field of fields()) {
    const words = errors[field.dataset.block] ?? "";
    field.querySelector(".field-error").textContent = words;
    field.querySelector("input, textarea, select")?.setAttribute("aria-invalid", words ? "true" : "false");
  }
  dialog.querySelector("[aria-invalid=true]")?.focus();
}

function input(block, where, kept) {
  const id = `in-${block.block_id}`;
  const control = CONTROLS[block.element.type] ?? line;
  const { nodes, read } = control(block.element, { id, where, block, kept });
  const field = el("div", { class: "input", "data-block": block.block_id },
    el("label", { for: id }, block.label.text, block.optional ? el("span", { class: "quiet" }, " (optional)") : null),
    nodes,
    block.hint ? el("p", { class: "quiet" }, block.hint.text) : null,
    el("p", { class: "field-error", id: `${id}-error`, role: "alert" }));
  nodes.at(-1).setAttribute("aria-describedby", `${id}-error`);
  field.read = read;
  return field;
}

function line(element, { id, kept }) {
  const common = { id, placeholder: element.placeholder?.text ?? null, maxlength: element.max_length ? String(element.max_length) : null };
  const type = { datepicker: "date", timepicker: "time", number_input: "number", email_text_input: "email", url_text_input: "url" }[element.type] ?? "text";
  const node = element.multiline ? el("textarea", { ...common, rows: "3" }) : el("input", { ...common, type });
  node.value = kept ?? element.initial_value ?? element.initial_date ?? element.initial_time ?? "";
  return { nodes: [node], read: () => node.value };
}

function choice(element, { id, kept }) {
  const chosen = kept ?? element.initial_option?.value ?? "";
  const options = (list) => list.map((option) =>
    el("option", { value: option.value, selected: option.value === chosen }, [option.text.text, option.description?.text].filter(Boolean).join(" – ")));
  const node = el("select", { id }, el("option", { value: "" }, element.placeholder?.text ?? "Choose an option"),
    options(element.options ?? []),
    (element.option_groups ?? []).map((group) => el("optgroup", { label: group.label.text }, options(group.options))));
  return { nodes: [node], read: () => node.value };
}

function radios(element, { id, kept }) {
  const chosen = kept ?? element.initial_option?.value;
  const group = el("div", { id, role: "radiogroup", class: "choices" }, element.options.map((option) =>
    el("label", {}, el("input", { type: "radio", name: id, value: option.value, checked: option.value === chosen }), option.text.text,
      option.description ? el("small", {}, option.description.text) : null)));
  return { nodes: [group], read: () => group.querySelector(":checked")?.value ?? "" };
}

function ticks(element, { id, kept }) {
  const chosen = kept ?? (element.initial_options ?? []).map((option) => option.value);
  const group = el("div", { id, role: "group", class: "choices" }, element.options.map((option) =>
    el("label", {}, el("input", { type: "checkbox", value: option.value, checked: chosen.includes(option.value) }), option.text.text)));
  return { nodes: [group], read: () => [...group.querySelectorAll(":checked")].map((node) => node.value) };
}

// A searchable menu: each pause in typing asks the app, as Slack's client does.
function search(element, { id, where, block, kept }) {
  let option = kept && typeof kept === "object" ? kept : element.initial_option ?? null;
  let timer = 0;
  const list = el("ul", { class: "found", role: "listbox", hidden: true });
  const node = el("input", { id, type: "text", role: "combobox", "aria-expanded": "false", placeholder: element.placeholder?.text ?? "Type to search", oninput: later, onclick: ask, onkeydown: keys });
  node.value = option?.text.text ?? "";
  node.addEventListener("blur", () => setTimeout(() => show([]), 150));
  function choose(one) { option = one; node.value = one.text.text; show([]); }
  function later() { option = null; clearTimeout(timer); timer = setTimeout(ask, 150); }
  async function ask() {
    if (node.value.length < (element.min_query_length ?? 3)) return show([]);
    try { show((await post("suggest", { ...where, block: block.block_id, query: option ? "" : node.value })).options); } catch (error) { complain(error); }
  }
  function show(options) {
    list.hidden = options.length === 0;
    node.setAttribute("aria-expanded", String(options.length > 0));
    list.replaceChildren(...options.map((one) => el("li", { role: "option", tabindex: "-1", onpointerdown: (event) => { event.preventDefault(); choose(one); }, onkeydown: (event) => { if (event.key === "Enter") { event.preventDefault(); choose(one); node.focus(); } else walk(event); } },
      one.text.text, one.description ? el("small", {}, one.description.text) : null)));
  }
  function keys(event) {
    if (event.key === "ArrowDown") { event.preventDefault(); if (list.hidden) ask(); else list.firstElementChild.focus(); }
    if (event.key === "Escape" && !list.hidden) { event.preventDefault(); event.stopPropagation(); show([]); }
  }
  function walk(event) {
    const next = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key];
    if (next) { event.preventDefault(); (document.activeElement[next] ?? node).focus(); }
  }
  return { nodes: [el("div", { class: "search" }, node, list)], read: () => option ?? node.value };
}

const CONTROLS = { static_select: choice, external_select: search, radio_buttons: radios, checkboxes: ticks };
