// Draws messages, ephemerals and the hint of the empty channel into a list.

import { blocks } from "./blocks.js";
import { avatar, clock, el, reconcile } from "./dom.js";
import { mrkdwn } from "./mrkdwn.js";

export function drawMessages(list, messages, { nameOf, press, openThread, inThread = false, empty = null }) {
  const entries = messages.map((message) => ({
    key: message.ts,
    state: message,
    make: () => draw(message, { nameOf, press, openThread, inThread }),
  }));
  if (empty) entries.unshift({ key: "empty", state: empty.state, make: empty.make });
  reconcile(list, entries);
}

function draw(message, { nameOf, press, openThread, inThread }) {
  const use = { nameOf, press: (what, node, confirm) => press(message, what, node, confirm) };
  const body = message.blocks.length ? blocks(message.blocks, use) : [el("div", { class: "b-section" }, el("div", { class: "b-text" }, mrkdwn(message.text, nameOf)))];
  return el("li", { class: `message${message.ephemeral ? " ephemeral" : ""}` },
    message.ephemeral ? el("p", { class: "above" }, el("span", { class: "eye", "aria-hidden": "true" }), "Only visible to you") : null,
    message.broadcast && !inThread ? el("p", { class: "above" }, "↪ also sent to the channel · ",
      el("button", { class: "link", onclick: () => openThread(message.thread_ts) }, "open the thread")) : null,
    avatar(message.name, { app: message.from_app }),
    el("div", { class: "content" },
      el("p", { class: "by" }, el("strong", {}, message.name), message.from_app ? el("span", { class: "tag" }, "App") : null,
        el("time", { datetime: new Date(Number(message.ts) * 1000).toISOString() }, clock(message.ts)),
        message.edited && !message.blocks.length ? el("span", { class: "quiet" }, "(edited)") : null),
      body,
      message.files.map(file),
      reactions(message),
      footer(message, { openThread, inThread })));
}

function file(one) {
  if (one.mimetype.startsWith("image/")) return el("img", { class: "b-image", src: one.url_private, alt: one.alt_txt || one.title });
  const preview = el("pre", {}, "…");
  fetch(one.url_private).then((response) => response.text()).then((words) => { preview.textContent = words; });
  return el("figure", {}, el("figcaption", {}, one.title), preview);
}

function reactions(message) {
  const names = Object.entries(message.reactions);
  return names.length ? el("p", { class: "reactions" }, names.map(([name, users]) =>
    el("span", {}, mrkdwn(`:${name}: ${users.length}`, String)))) : null;
}

function footer(message, { openThread, inThread }) {
  if (inThread || message.ephemeral || message.broadcast) return null;
  if (message.replies === 0) {
    return el("button", { class: "thread-link quiet-link", onclick: () => openThread(message.ts) }, "Reply in thread");
  }
  const count = message.replies === 1 ? "1 reply" : `${message.replies} replies`;
  return el("button", { class: "thread-link", onclick: () => openThread(message.ts) }, el("span", { class: "bubble", "aria-hidden": "true" }), count,
    el("span", { class: "quiet" }, ` last at ${clock(message.latest_reply)}`));
}

// The first thing a visitor sees: what to type, and who approves.
export function hint({ channel, me, people, fill, become }) {
  const approver = people.find((person) => person.name === "bob");
  const line = "/deploy shop v1.2 canary";
  return {
    state: [channel.id, me.id],
    make: () => el("li", { class: "hint" },
      el("h2", {}, channel.name === "deploys" ? "Deploy something" : `Nothing in #${channel.name} yet`),
      el("ol", {},
        el("li", {}, "Send this line: ", el("button", { class: "btn fill", onclick: () => fill(line) }, el("code", {}, line))),
        el("li", {}, "Watch the card here and the pods under Cluster."),
        approver ? el("li", {}, "The canary waits for an approver: ",
          el("button", { class: "link", onclick: () => become(approver.id) }, "become bob"), ", then press the card's button.") : null),
      el("p", { class: "quiet" }, `You are ${me.name}${me.title ? `: ${me.title}` : ""}`)),
  };
}
