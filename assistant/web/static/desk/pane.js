// The reading pane: the whole clause with what answers marked, and the clauses before and after it.

import { policyText } from "./api.js";
import { byId, fill, h, marked } from "./dom.js";
import { address, clauseLabel, dateText, policyName } from "./texts.js";

let shown = null; // The citation that is read; what is copied and collected.
let outline = null; // { policy, at }: the policy with its text, and the position of the clause in its outline, -1 for none.
let actions = {};

/** Says what the pane's buttons do: `{copy, copyMarkdown, collect}`, each given the citation. */
export function setActions(given) {
  actions = given;
}

export const reading = () => shown;

/** Empties the pane. */
export function clear() {
  shown = outline = null;
  fill(byId("_pane"), h("p", { class: "hint" }, "Choose a clause to read it whole, with what stands before and after it."));
}

/** Shows a citation, and once the policy is there the whole clause around it. */
export async function show(citation, language) {
  shown = citation;
  outline = null;
  draw(citation, citation.pieces, language, null);
  const policy = await policyText(citation.policy).catch(() => null);
  if (shown !== citation || !policy) return;
  if (policy.sha256 !== citation.document_sha256) {
    draw(citation, citation.pieces, language, "This policy has changed since it was searched; search again to read on.");
    return;
  }
  const at = innermost(policy, citation.span);
  outline = { policy, at };
  draw(citation, pieces(policy, wholeSpan(policy, at, citation.span), citation.marks), language, null);
}

/** The clause before (-1) or after (1): beside this one, else beside or above the one it belongs to. */
export function neighbour(step) {
  const next = outline ? beside(outline.policy, outline.at, step) : -1;
  if (next < 0) return false;
  const { policy } = outline;
  const clause = policy.clauses[next];
  const quote = policy.points.slice(...clause.span).join("").trimEnd();
  shown = {
    ...policy, policy: policy.id, number: 0, clause: clause.number, path: path(policy, next), page: null, marks: [], quote, pieces: [[quote, false]],
    span: [clause.span[0], clause.span[0] + Array.from(quote).length], document_sha256: policy.sha256, url: `${policy.url}#${encodeURIComponent(clause.anchor)}`,
  };
  outline = { policy, at: next };
  draw(shown, shown.pieces, policy.language, null);
  return true;
}

function beside(policy, at, step) {
  const { clauses } = policy;
  if (at < 0) return step > 0 && clauses.length ? 0 : -1;
  const [start, end] = clauses[at].span;
  if (step > 0) return clauses.findIndex((clause) => clause.span[0] >= end);
  const sibling = clauses.findLastIndex((clause, index) => index < at && clause.span[1] <= start && clause.depth <= clauses[at].depth);
  return Math.max(sibling, clauses[at].parent ?? -1);
}

const innermost = (policy, [start, end]) => policy.clauses.findLastIndex((clause) => clause.span[0] <= start && end <= clause.span[1]);

function wholeSpan(policy, at, span) {
  if (at >= 0) return policy.clauses[at].span;
  const first = policy.clauses[0]?.span[0] ?? policy.points.length;
  return span[1] <= first ? [0, first] : span;
}

function path(policy, at) {
  const labels = [];
  for (let index = at; index !== null && index >= 0; index = policy.clauses[index].parent) {
    const { number, title } = policy.clauses[index];
    labels.unshift([number, title].filter(Boolean).join(" "));
  }
  return labels.filter(Boolean);
}

/** The text of a span cut at the marks. */
function pieces(policy, [start, end], marks) {
  const out = [];
  let at = start;
  for (const [from, to] of marks.filter((mark) => start <= mark[0] && mark[1] <= end)) {
    out.push([policy.points.slice(at, from).join(""), false], [policy.points.slice(from, to).join(""), true]);
    at = to;
  }
  out.push([policy.points.slice(at, end).join("").trimEnd(), false]);
  return out.filter(([text]) => text);
}

/** The pieces without a first line that only repeats the heading above them. */
function withoutHeading(found, label) {
  const letters = (text) => text.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");
  const [text, seen] = found[0] ?? ["", false];
  const [line] = text.split("\n", 1);
  if (seen || line.length === text.length || letters(line) !== letters(label)) return found;
  return [[text.slice(line.length).replace(/^\s*\n/u, ""), false], ...found.slice(1)];
}

function draw(citation, found, language, note) {
  const pane = byId("_pane");
  const label = clauseLabel(citation);
  const button = (text, key, action, more = {}) =>
    h("button", { type: "button", class: "button", "aria-keyshortcuts": key, onclick: action, ...more }, text);
  const facts = [
    citation.effective_date ? `Dated ${dateText(citation.effective_date)}` : "No date stated",
    citation.version && `Version ${citation.version}`,
    citation.page && `Page ${citation.page}`,
  ];
  const turn = (step) => () => neighbour(step) && pane.focus({ preventScroll: true });
  const none = (step) => !outline || beside(outline.policy, outline.at, step) < 0;
  const around = (name, sign, key, step) =>
    h("button", { type: "button", class: "small", "aria-label": name, title: name, "aria-keyshortcuts": key, onclick: turn(step), disabled: none(step) }, h("span", { "aria-hidden": "true" }, sign));
  const trail = [policyName(citation), ...citation.path.slice(0, -1)];
  fill(
    pane,
    h(
      "div",
      { class: "pane-head" },
      h("p", { class: "trail" }, trail.map((step, index) => [index > 0 && h("span", { class: "step", "aria-hidden": "true" }, " › "), h("bdi", {}, step)])),
      h("nav", { class: "turns", "aria-label": "Clauses around this one" }, around("Previous clause", "↑", "p", -1), around("Next clause", "↓", "n", 1)),
    ),
    h("h2", { dir: "auto" }, label),
    h("p", { class: "facts" }, facts.filter(Boolean).join(" · ")),
    note && h("p", { class: "notice" }, note),
    h("blockquote", { class: "quote", lang: language, dir: "auto" }, marked(withoutHeading(found, label))),
    h(
      "div",
      { class: "acts" },
      button("Add to tray", "a", () => actions.collect(shown), { class: "button main" }),
      button("Copy", "c", () => actions.copy(shown), { "aria-label": "Copy citation", title: "Copy citation" }),
      button("Markdown", "Shift+C", () => actions.copyMarkdown(shown), { "aria-label": "Copy citation as Markdown", title: "Copy citation as Markdown" }),
      h("a", { class: "button", href: address(citation), target: "_blank", rel: "noopener", "aria-keyshortcuts": "o" }, "Read in policy", h("span", { class: "unseen" }, " (opens a new tab)")),
    ),
  );
  const mark = pane.querySelector("mark");
  // What is marked is in sight; the heading too, as long as both fit.
  pane.scrollTop = mark && mark.offsetTop > pane.clientHeight / 2 ? mark.offsetTop - pane.clientHeight / 4 : 0;
}
