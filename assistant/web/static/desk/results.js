// What was found, as a table of clauses; and what is said where nothing is shown.

import { byId, fill, h, marked } from "./dom.js";
import { take } from "./list.js";
import { dateText, heading, policyName, snippet } from "./texts.js";

const COLUMNS = { policy: "Policy", number: "Clause", heading: "Heading", sentence: "Sentence", date: "Date" };

/** Shows the citations as a table. */
export function showTable(citations, language, caption) {
  const rows = citations.map((citation) => row(citation, language(citation.policy)));
  // Roles are said out loud: where a narrow screen lays the rows out as cards, browsers forget that this is a table.
  const head = Object.entries(COLUMNS).map(([name, label]) => h("th", { scope: "col", role: "columnheader", class: name }, label));
  const table = h(
    "table",
    { role: "table", class: "clauses" },
    h("caption", { class: "unseen" }, caption),
    h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, head)),
    h("tbody", { role: "rowgroup" }, rows.map((item) => item.area)),
  );
  fill(byId("_list"), table);
  take(rows);
}

function row(citation, language) {
  // A clause that has only a number goes by the heading that it stands under.
  const above = citation.path.at(-2)?.replace(/^[\d.()]+\s+/, "");
  const title = heading(citation) || (citation.clause ? above || `Clause ${citation.clause}` : "Opening text");
  const button = h("button", { type: "button", class: "open" }, h("bdi", {}, title));
  const cell = (name, ...children) => h("td", { role: "cell", class: name }, ...children);
  const area = h(
    "tr",
    { role: "row" },
    cell("policy", h("bdi", { lang: language }, policyName(citation))),
    cell("number", citation.clause || h("span", { class: "none" }, h("span", { "aria-hidden": "true" }, "–"), h("span", { class: "unseen" }, "no number"))),
    h("th", { role: "rowheader", scope: "row", class: "heading" }, button),
    cell("sentence", h("span", { lang: language, dir: "auto" }, marked(snippet(citation.pieces)))),
    cell("date", citation.effective_date ? h("time", { datetime: citation.effective_date }, dateText(citation.effective_date)) : h("span", { class: "none" }, "Undated")),
  );
  return { area, button, citation, column: 0 };
}

/** Shows a few words instead of clauses. */
export function showWords(...children) {
  fill(byId("_list"), h("div", { class: "words" }, ...children));
  take([]);
}

/** What the desk is for, before anything is asked. */
export function showWelcome() {
  const kind = (what, does, example) => h("li", {}, h("b", {}, what), ` ${does}: `, h("span", { class: "example" }, example));
  showWords(
    h("p", { class: "lead" }, "What does the customer want to know?"),
    h(
      "ul",
      { class: "kinds" },
      kind("A question", "finds clauses by meaning, whatever their words", "how long is data kept"),
      kind("Words in quotes", "find exactly these words, wherever they stand", "\"third parties\""),
      kind("A clause number", "opens that clause in every policy that has it", "5.8.3"),
    ),
    h("p", { class: "hint" }, "Side by side asks the same question of each policy alone. Topics browse clauses without a question."),
  );
}

/** What to try where nothing was found; each `[label, action]` is a button. */
export function showNothing(state, mode, ways) {
  const none = mode === "clause" ? `No policy here has a clause ${state.q}.` : "No clause was found.";
  showWords(
    h("p", { class: "lead" }, state.topic ? "No clause here is about this topic." : none),
    ways.length > 0 && h("p", {}, "You could try:"),
    h("ul", { class: "ways" }, ways.map(([label, action]) => h("li", {}, h("button", { type: "button", class: "button", onclick: action }, label)))),
  );
}

/** Says what went wrong, with a way to try again. */
export function showProblem(problem, again) {
  showWords(
    h("div", { role: "alert" }, h("p", { class: "lead warn" }, problem.offline ? "Offline" : "This did not work"), h("p", {}, problem.message)),
    h("p", {}, h("button", { type: "button", class: "button", onclick: again }, "Try again")),
  );
}
