// One question with its answer, or with what went wrong.
import { cards, policyName } from "./card.js";
import { contactAddress } from "./contact.js";
import { el, fill } from "./dom.js";
import { feedback } from "./feedback.js";

// Policies that a first line names; of more the server's own line tells how many there are.
const MOST_NAMES = 3;

// The question, and a place for its answer.
export function turnOf(question, words) {
  const answer = el("div", { class: "answer" }, el("p", { class: "soft looking" }, words.looking));
  const asked = el("h3", { class: "question" }, el("span", { dir: "auto" }, question));
  return { question, status: "", answer, element: el("article", { class: "turn", tabindex: "-1" }, asked, answer) };
}

// What stands above an answer, in the words of the server where they are in this language.
export function firstLine(answer, { words, language }) {
  if (language === "en") return answer.summary;
  const named = answer.status === "answered" ? answer.citations : answer.policies;
  const names = [...new Set(named.map(policyName))];
  const line = fill(words[answer.status], { count: answer.citations.length, policies: names.join(", ") });
  return names.length > MOST_NAMES ? line.replace(/\s?[(（].*[)）]/, "") : line;
}

// Puts an answer into its turn. `asking` asks a suggested question.
export function showAnswer(turn, answer, view, asking) {
  const { words } = view;
  const open = answer.status === "not_covered";
  const known = { ...view, languages: Object.fromEntries(answer.policies.map(({ id, language }) => [id, language])) };
  const team = () => teamLink(turn.question, open ? answer.related : answer.citations, view);
  turn.status = answer.status;
  turn.element.dataset.status = answer.status;
  const parts = [el("p", { class: "summary", dir: "auto" }, firstLine(answer, view))];
  const sure = answer.confidence;
  if (sure) parts.push(el("p", { class: "confidence", "data-confidence": sure }, words[sure]));
  if (answer.status === "off_topic") {
    parts.push(chips(answer.suggestions ?? [], words.could, asking));
  } else {
    // The server's own line says more than ours can, such as which policy was named but not searched.
    if (view.language !== "en") parts.push(el("p", { class: "soft", lang: "en", dir: "auto" }, answer.summary));
    if (open) parts.push(el("p", { class: "soft" }, words.silence));
    if (answer.citations.length) parts.push(cards(answer.citations, known));
    if (open) parts.push(team());
    if (answer.related.length) parts.push(nearest(answer, known, open));
    parts.push(feedback(turn.question, answer, view, team));
  }
  turn.answer.replaceChildren(...parts.filter(Boolean));
}

// Says what went wrong, with a button to ask again where that may help.
export function showProblem(turn, problem, message, words, again) {
  turn.status = "error";
  turn.element.dataset.status = "error";
  const button = problem.again && el("button", { type: "button", class: "plain", onclick: again }, words.again);
  turn.answer.replaceChildren(el("p", { class: "summary", dir: "auto" }, message), ...[button].filter(Boolean));
}

// Questions to choose from, under a line that says so; null for none.
export function chips(questions, title, asking) {
  if (!questions.length) return null;
  const chip = (question) =>
    el("button", { type: "button", class: "chip", dir: "auto", onclick: () => asking(question) }, question);
  const group = { class: "chips", role: "group", "aria-label": title };
  return el("div", group, el("p", { class: "soft" }, title), questions.map(chip));
}

function nearest(answer, view, open) {
  const title = open ? view.words.closest : view.words.nearby;
  const count = el("span", { class: "soft" }, ` (${answer.related.length})`);
  const line = el("summary", {}, el("span", {}, title, count));
  return el("details", { class: "related", open }, line, cards(answer.related, view));
}

function teamLink(question, citations, { contact, base, words }) {
  const href = contactAddress(contact, question, citations, base, words);
  if (!href) return null;
  const elsewhere = href.startsWith("mailto:") ? {} : { target: "_blank", rel: "noopener" };
  const note = elsewhere.target && el("span", { class: "unseen" }, ` (${words.newTab})`);
  return el("a", { class: "plain team", href, ...elsewhere }, words.team, note);
}
