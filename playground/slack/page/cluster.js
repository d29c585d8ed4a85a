// The panel "Cluster": rollouts with their replica sets as squares, weights as a bar, and the workflows' steps.

import { el } from "./dom.js";

let shown = "";

export function drawCluster(section, { rollouts = [], workflows = [] }) {
  const print = JSON.stringify([rollouts, workflows]);
  if (print === shown) return;
  shown = print;
  section.replaceChildren(
    el("h2", {}, "Rollouts"),
    rollouts.length ? el("div", {}, rollouts.map(rollout)) : el("p", { class: "quiet" }, "Nothing runs yet. A first deploy puts a rollout here."),
    el("h2", {}, "Workflows"),
    workflows.length ? el("div", {}, workflows.map(workflow)) : el("p", { class: "quiet" }, "No pipeline has run yet."));
}

const phaseClass = (phase) => `phase ${String(phase).toLowerCase()}`;

function rollout(one) {
  return el("article", { class: "card", "aria-label": `${one.name} in ${one.namespace}` },
    el("header", {}, el("strong", {}, one.name), el("span", { class: "quiet" }, one.namespace),
      el("span", { class: phaseClass(one.phase) }, one.phase)),
    el("p", { class: "facts" }, [one.strategy, one.version, step(one)].filter(Boolean).join(" · ")),
    one.message ? el("p", { class: "quiet" }, one.message) : null,
    one.weight ? weight(one.weight) : null,
    (one.replicasets ?? []).map(replicas));
}

function step(one) {
  if (!one.step || !one.step.count) return "";
  return `step ${one.step.index} of ${one.step.count}${one.step.label ? ` (${one.step.label})` : ""}`;
}

function weight({ new: fresh, stable }) {
  const filled = el("span", {});
  filled.style.width = `${fresh}%`;
  return el("div", { class: "weight" },
    el("div", { class: "weight-bar", role: "img", "aria-label": `${fresh} % on the new version, ${stable} % on the stable one` }, filled),
    el("p", { class: "weight-legend" }, el("span", { class: "new" }, `new ${fresh} %`), el("span", {}, `stable ${stable} %`)));
}

function replicas(set) {
  const pods = set.pods ?? Array.from({ length: set.desired }, (_, i) => ({ name: "", ready: i < set.ready, phase: "" }));
  return el("div", { class: `replicas ${set.role}` },
    el("p", {}, el("span", { class: `role ${set.role}` }, set.role), el("strong", {}, set.version || ""), el("code", {}, set.hash),
      el("span", { class: "quiet" }, `${set.ready}/${set.desired} ready`)),
    el("div", { class: "pods", role: "img", "aria-label": `${set.ready} of ${set.desired} pods ready` },
      pods.map((pod) => el("span", { class: `pod ${pod.ready ? "ready" : ""} ${String(pod.phase).toLowerCase()}`, title: `${pod.name} ${pod.phase}`.trim() }))));
}

const MARKS = { succeeded: "✓", running: "◐", failed: "✕", error: "✕", skipped: "–", omitted: "–" };

function workflow(one) {
  return el("article", { class: "card", "aria-label": one.name },
    el("header", {}, el("strong", {}, one.name), el("span", { class: phaseClass(one.phase) }, one.phase)),
    el("ol", { class: "steps" }, (one.steps ?? []).map((part) => {
      const phase = String(part.phase).toLowerCase();
      return el("li", { class: phase }, el("span", { class: "mark", "aria-hidden": "true" }, MARKS[phase] ?? "○"), part.name,
        el("span", { class: "quiet" }, [part.seconds === undefined || part.seconds === null ? "" : `${Math.round(part.seconds)} s`, part.message, ""].filter(Boolean).join(" · ")),
        el("span", { class: "unseen" }, part.phase));
    })));
}
