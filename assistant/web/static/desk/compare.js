// The same question over chosen policies, one column each; a policy that does not state it says so.

import { byId, fill, h, marked } from "./dom.js";
import { take } from "./list.js";
import { clauseLabel, dateText, policyName } from "./texts.js";

/** Shows the columns of a comparison. */
export function showColumns(columns) {
  const items = [];
  const shown = columns.map((column, index) => section(column, index, items));
  const label = `The question over ${columns.length} policies`;
  fill(byId("_list"), h("div", { class: "columns", role: "group", "aria-label": label, "data-count": columns.length }, shown));
  take(items);
}

function section(column, index, items) {
  const { policy } = column;
  const stated = column.status === "answered";
  const cards = (citations) => h("ol", { class: "cards" }, citations.map((citation) => card(citation, policy, index, items)));
  const sure = { clear: "Stated", likely: "Probably stated: read the clause before you rely on it" }[column.confidence];
  const nearest = column.related.length > 0 && !stated;
  return h(
    "section",
    { class: "column", "aria-labelledby": `_column-${index}` },
    h("h3", { id: `_column-${index}` }, h("bdi", { lang: policy.language }, policyName(policy))),
    h("p", { class: "facts" }, policy.effective_date ? dateText(policy.effective_date) : "Undated"),
    stated ? h("p", { class: "verdict", "data-confidence": column.confidence }, sure) : h("p", { class: "verdict not" }, "Not stated"),
    !stated && h("p", { class: "hint" }, column.status === "off_topic" ? column.summary : "No clause of this policy answers it. Silence means neither yes nor no."),
    stated && cards(column.citations),
    nearest && h("details", {}, h("summary", {}, `Nearest clauses, may not answer (${column.related.length})`), cards(column.related)),
  );
}

function card(citation, policy, column, items) {
  const button = h("button", { type: "button", class: "open" }, h("bdi", {}, clauseLabel(citation)));
  const area = h(
    "li",
    { class: "card" },
    h("h4", {}, button),
    // A long clause scrolls here, by keyboard as well; chosen, it is read whole beside.
    h("blockquote", { class: "quote", lang: policy.language, dir: "auto", tabindex: "0" }, marked(citation.pieces)),
  );
  items.push({ area, button, citation, column });
  return area;
}
