// The panel "Cluster": rollouts with their replica sets as squares, weights as a bar, and the workflows' steps.

import { el } from "./dom.js";

const RECENT = 3;
let shown = "";

export function drawCluster(section, { rollouts = [], replicasets = [], pods = [], workflows = [], elsewhere = false }) {
  if (elsewhere) {
    if (shown !== "elsewhere") section.replaceChildren(el("p", { class: "quiet" }, "The cluster is a real one and not shown here. kubectl shows it."));
    shown = "elsewhere";
    return;
  }
  const recent = [...workflows].sort((a, b) => ((a.startedAt ?? "~") < (b.startedAt ?? "~") ? 1 : -1)).slice(0, RECENT);
  const print = JSON.stringify([rollouts, replicasets, pods, recent]);
  if (print === shown) return;
  shown = print;
  section.replaceChildren(
    el("h2", {}, "Rollouts"),
    rollouts.length ? el("div", {}, [...rollouts].sort(movingFirst).map((one) => rollout(one, replicasets, pods)))
      : el("p", { class: "quiet" }, "Nothing runs yet. A first deploy puts a rollout here."),
    el("h2", {}, "Workflows"),
    recent.length ? el("div", {}, recent.map(workflow)) : el("p", { class: "quiet" }, "No pipeline has run yet."));
}

const settled = (one) => one.phase === "Healthy" && one.stable === one.current;
const movingFirst = (a, b) => settled(a) - settled(b) || `${a.namespace}/${a.name}`.localeCompare(`${b.namespace}/${b.name}`);

const badge = (phase) => el("span", { class: `phase ${String(phase).toLowerCase()}` }, phase ?? "New");

function rollout(one, replicasets, pods) {
  const own = replicasets.filter((set) => set.rollout === one.name && set.namespace === one.namespace && (set.replicas > 0 || podsOf(set, pods).length > 0));
  const version = own.find((set) => set.hash === one.current)?.version ?? one.version;
  return el("article", { class: "card", "aria-label": `${one.name} in ${one.namespace}` },
    el("header", {}, el("strong", {}, one.name), el("span", { class: "quiet" }, one.namespace), badge(one.phase)),
    el("p", { class: "facts" }, [one.strategy, version, step(one)].filter(Boolean).join(" · ")),
    one.message ? el("p", { class: "quiet" }, one.message) : null,
    one.steps.length && !settled(one) ? weight(one.weight) : null,
    own.sort((a, b) => Number(b.revision) - Number(a.revision)).map((set) => replicas(set, podsOf(set, pods))));
}

const podsOf = (set, pods) => pods.filter((pod) => pod.replicaset === set.name && pod.namespace === set.namespace);

function step(one) {
  const count = one.steps.length;
  if (settled(one)) return "";
  if (!count || one.aborted) return one.aborted ? "aborted" : "";
  const index = one.step ?? 0;
  if (index >= count) return `all ${count} steps done`;
  return `step ${index + 1} of ${count}: ${label(one.steps[index])}`;
}

function label(part) {
  if ("setWeight" in part) return `to ${part.setWeight} %`;
  if ("pause" in part) return part.pause.duration ? `pause of ${part.pause.duration}` : "pause until a promote";
  return Object.keys(part)[0] ?? "";
}

function weight(fresh) {
  const filled = el("span", {});
  filled.style.width = `${fresh}%`;
  return el("div", { class: "weight" },
    el("div", { class: "weight-bar", role: "img", "aria-label": `${fresh} % on the new version, ${100 - fresh} % on the stable one` }, filled),
    el("p", { class: "weight-legend" }, el("span", { class: "new" }, `new ${fresh} %`), el("span", {}, `stable ${100 - fresh} %`)));
}

function replicas(set, pods) {
  return el("div", { class: `replicas ${set.role}` },
    el("p", {}, el("span", { class: `role ${set.role}` }, set.role === "canary" ? "new" : set.role), el("strong", {}, set.version ?? ""),
      el("code", {}, set.hash ?? set.name), el("span", { class: "quiet" }, `${set.ready}/${set.replicas} ready`)),
    el("div", { class: "pods", role: "img", "aria-label": `${set.ready} of ${set.replicas} pods ready` }, pods.map(square)));
}

function square(pod) {
  const state = pod.terminating ? "terminating" : pod.reason ? "stuck" : pod.ready ? "ready" : "starting";
  const words = [pod.name, pod.terminating ? "terminating" : pod.reason ?? pod.phase].filter(Boolean).join(": ");
  return el("span", { class: `pod ${state}${pod.ready ? " ready" : ""}`, title: words });
}

const MARKS = { succeeded: "✓", running: "◐", failed: "✕", error: "✕", skipped: "–", omitted: "–" };

function workflow(one) {
  return el("article", { class: "card", "aria-label": one.name },
    el("header", {}, el("strong", {}, one.name), badge(one.phase)),
    one.message ? el("p", { class: "quiet" }, one.message) : null,
    el("ol", { class: "steps" }, one.steps.map((part) => {
      const phase = String(part.phase).toLowerCase();
      return el("li", { class: phase }, el("span", { class: "mark", "aria-hidden": "true" }, MARKS[phase] ?? "○"), part.name,
        el("span", { class: "unseen" }, part.phase ?? ""), el("span", { class: "quiet" }, [seconds(part), part.message].filter(Boolean).join(" · ")));
    })));
}

function seconds({ startedAt, finishedAt }) {
  if (!startedAt || !finishedAt) return "";
  return `${Math.max(0, Math.round((new Date(finishedAt) - new Date(startedAt)) / 1000))} s`;
}
