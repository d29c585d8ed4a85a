// Starts the page: who you are, which channel is open, and the loop that follows the workspace's changes.

import { get, post } from "./api.js";
import { confirmed } from "./blocks.js";
import { drawCluster } from "./cluster.js";
import { makeComposer } from "./composer.js";
import { avatar, el, reconcile, toast } from "./dom.js";
import { drawMessages, hint } from "./messages.js";
import { drawModal } from "./modal.js";

const $ = (id) => document.getElementById(id);
const address = new URLSearchParams(location.search);
const remembered = (name) => address.get(name) ?? sessionStorage.getItem(name);
const state = { space: null, me: "", channel: "", thread: null, read: {}, seq: 0 };

const person = () => state.space.people.find((one) => one.id === state.me);
const channel = () => state.space.channels.find((one) => one.id === state.channel);
const known = (list, wanted) => list.find((one) => one.id === wanted || one.name === wanted) ?? list[0];

function nameOf(id) {
  const bare = id.split("|")[0];
  if (bare === state.space.app.user) return state.space.app.name;
  return [...state.space.people, ...state.space.channels].find((one) => one.id === bare)?.name ?? bare;
}

async function press(message, what, node, question) {
  if (question && !(await confirmed($("confirm"), question, nameOf))) {
    if (node.tagName === "SELECT") node.value = "";
    return;
  }
  node.classList.add("busy");
  try {
    const told = await post("click", { user: state.me, channel: message.channel, ts: message.ts, ...what });
    if (!told.acknowledged) toast(`${state.space.app.name} did not answer this press (${told.reason}). Press again in a moment.`, "bad");
  } catch (error) {
    toast(error.message, "bad");
  }
  node.classList.remove("busy");
}

// Two refreshes may overlap; what was asked for another person or channel must not be drawn any more.
const looking = () => `${state.me}/${state.channel}/${state.thread}`;

async function drawChannel() {
  const asked = looking();
  const [{ messages }, { ephemerals }] = await Promise.all([
    get("messages", { channel: state.channel }),
    get("ephemerals", { user: state.me, channel: state.channel }),
  ]);
  if (asked !== looking()) return;
  const shown = [...messages, ...ephemerals.filter((one) => !one.thread_ts)].sort((a, b) => (a.ts < b.ts ? -1 : 1));
  const scroll = $("scroll");
  const atEnd = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 80;
  const first = $("messages").childElementCount === 0;
  const empty = channel().member || messages.length ? null : hint({ channel: channel(), me: person(), people: state.space.people, fill, become });
  drawMessages($("messages"), shown, { nameOf, press, openThread, empty });
  if (atEnd || first) scroll.scrollTop = scroll.scrollHeight;
  state.read[state.channel] = messages.at(-1)?.ts ?? "";
  if (state.thread) await drawThread(ephemerals);
}

async function drawThread(ephemerals) {
  const asked = looking();
  const { messages } = await get("messages", { channel: state.channel, thread: state.thread });
  if (asked !== looking()) return;
  const mine = ephemerals.filter((one) => one.thread_ts === state.thread);
  const shown = [...messages, ...mine].sort((a, b) => (a.ts < b.ts ? -1 : 1));
  drawMessages($("replies"), shown, { nameOf, press, openThread, inThread: true });
}

function drawRail() {
  const { channels, people, latest } = state.space;
  const mine = channels.filter((one) => !one.member || one.member === state.me);
  reconcile($("channels"), mine.map((one) => {
    const here = one.id === state.channel;
    const unread = !here && (latest[one.id] ?? "") > (state.read[one.id] ?? "");
    const name = one.member ? state.space.app.name : one.name;
    return { key: one.id, state: [here, unread, name], make: () => el("li", {}, el("button", {
      class: unread ? "unread" : "", "aria-current": here ? "page" : null, onclick: () => goTo(one.id),
    }, el("span", { class: "sign", "aria-hidden": "true" }, one.member ? "●" : "#"), name, unread ? el("span", { class: "dot" }, el("span", { class: "unseen" }, "unread")) : null)) };
  }));
  reconcile($("people"), people.map((one) => ({ key: one.id, state: one.id === state.me, make: () => el("button", {
    role: "radio", "aria-checked": String(one.id === state.me), tabindex: one.id === state.me ? "0" : "-1", onclick: () => become(one.id), onkeydown: walkPeople,
  }, avatar(one.name), el("span", {}, el("strong", {}, one.name), el("small", {}, one.title))) })));
  $("channel-name").textContent = channel().member ? state.space.app.name : `# ${channel().name}`;
  $("channel-topic").textContent = channel().topic;
  $("line").placeholder = `Message ${channel().member ? state.space.app.name : `#${channel().name}`} as ${person().name}`;
  $("me").replaceChildren(avatar(person().name));
  $("me").setAttribute("aria-label", `You are ${person().name}. Change`);
  const up = state.space.connections > 0;
  $("bot-state").textContent = up ? `${state.space.app.name} is connected` : `${state.space.app.name} is not connected`;
  $("bot-state").classList.toggle("off", !up);
}

function walkPeople(event) {
  const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const people = state.space.people;
  become(people.at((people.findIndex((one) => one.id === state.me) + step) % people.length).id);
  $("people").querySelector("[aria-checked=true]").focus();
}

const complain = (error) => toast(error.message, "bad");

async function refresh() {
  const { me } = state;
  state.space = await get("workspace");
  await Promise.all([drawChannel(), drawModal(me, nameOf, () => me === state.me)]);
  drawRail();
}

function pane(name) {
  $("frame").dataset.pane = name;
  const thread = name === "thread";
  $("thread").hidden = !thread;
  $("cluster").hidden = thread;
  $("tab-thread").hidden = !state.thread;
  $("tab-thread").setAttribute("aria-selected", String(thread));
  $("tab-cluster").setAttribute("aria-selected", String(!thread));
  $("open-rail").setAttribute("aria-expanded", String(name === "rail"));
}

async function openThread(ts) {
  state.thread = ts;
  $("replies").replaceChildren();
  pane("thread");
  await refresh().catch(complain);
  $("reply-line").focus();
}

function goTo(id) {
  state.channel = id;
  state.thread = null;
  sessionStorage.setItem("channel", id);
  pane("none");
  $("messages").replaceChildren();
  drawRail();
  refresh().catch(complain);
}

function become(id) {
  state.me = id;
  sessionStorage.setItem("as", id);
  if (channel().member && channel().member !== id) state.channel = state.space.channels[0].id;
  pane(state.thread ? "thread" : "none");
  drawRail();
  refresh().catch(complain);
}

let fill = () => {};

async function send(what, body) {
  try {
    await post(what, { user: state.me, channel: state.channel, ...body });
    return true;
  } catch (error) {
    complain(error);
    return false;
  }
}

async function follow() {
  for (;;) {
    try {
      const { seq } = await get("events", { since: state.seq, wait: 25 });
      $("notice").hidden = true;
      if (seq !== state.seq) await refresh();
      state.seq = seq;
    } catch {
      $("notice").textContent = "The playground does not answer. Trying again every second.";
      $("notice").hidden = false;
      await new Promise((done) => setTimeout(done, 1000));
    }
  }
}

async function followCluster() {
  for (;;) {
    try {
      if (!document.hidden) drawCluster($("cluster"), await get("cluster"));
    } catch { /* The other loop tells the person; this one only waits for the server to be back. */ }
    await new Promise((done) => setTimeout(done, 700));
  }
}

async function start() {
  state.space = await get("workspace");
  state.seq = state.space.seq;
  state.read = { ...state.space.latest };
  state.me = known(state.space.people, remembered("as")).id;
  state.channel = known(state.space.channels, remembered("channel")).id;
  pane("none");
  ({ fill } = makeComposer({
    form: $("composer"), line: $("line"), hints: $("hints"), usage: $("usage"), commands: state.space.commands,
    send: (text) => send("command", { text }),
  }));
  makeComposer({ form: $("reply"), line: $("reply-line"), send: (text) => send("reply", { thread: state.thread, text }) });
  $("open-rail").onclick = () => pane($("frame").dataset.pane === "rail" ? "none" : "rail");
  $("me").onclick = () => pane("rail");
  $("open-cluster").onclick = () => pane("cluster");
  $("tab-cluster").onclick = () => pane("cluster");
  $("tab-thread").onclick = () => pane("thread");
  $("close-pane").onclick = () => { state.thread = null; pane("none"); };
  await refresh();
  $("line").focus();
  followCluster();
  follow();
}

start().catch((error) => {
  $("notice").textContent = `The playground does not answer: ${error.message}. Start it again and reload.`;
  $("notice").hidden = false;
});
