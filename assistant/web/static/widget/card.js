// A clause as a card: where it stands, its words with what answers marked, its date, and the way to the whole policy.
import { el, fill } from "./dom.js";
import { fold, quoted } from "./quote.js";

// As a person would call a policy: "italki Privacy Policy".
export function policyName({ company, title }) {
  const known = company && !title.toLowerCase().includes(company.toLowerCase());
  return known ? `${company} ${title}` : title;
}

// Where a clause can be read; null for what is no web address.
export function address(citation, base) {
  const url = new URL(citation.url, base);
  return /^https?:$/.test(url.protocol) ? url.href : null;
}

// A clause in one line: "italki Privacy Policy, 3.2 Service providers".
export function clauseName(citation) {
  return [policyName(citation), citation.path.at(-1)].filter(Boolean).join(", ");
}

// An ISO date, as exact as it is, as people of this language write it.
function dateText({ effective_date: date, date_text: english }, language) {
  const [year, month, day] = date.split("-").map(Number);
  if (language === "en" || !year) return english;
  const exact = { year: "numeric", month: month && "long", day: day && "numeric", timeZone: "UTC" };
  return new Intl.DateTimeFormat(language, exact).format(Date.UTC(year, (month || 1) - 1, day || 1));
}

// The cards of some citations. `view` is {words, language, base, columns, languages: policy id → language}.
export function cards(citations, view) {
  return el("ol", { class: "cards", role: "list" }, citations.map((citation) => card(citation, view)));
}

function card(citation, view) {
  const { words, language } = view;
  const own = citation.path.at(-1) ?? "";
  const number = citation.clause;
  const title = number && own.startsWith(number) ? own.slice(number.length).trim() : own;
  const early = fold(citation.pieces, view.columns);
  const quote = quoted(citation.pieces, early, view.languages[citation.policy]);
  return el("li", { class: "card" },
    el("p", { class: "trail" }, trail(citation)),
    el("h4", { class: "title", dir: "auto" },
      number && !title ? `${words.clause} ` : "",
      number && el("span", { class: "number" }, number),
      number && title ? " " : "",
      el("bdi", {}, title || (number ? "" : words.opening))),
    quote,
    early === null ? null : folding(quote, words),
    el("p", { class: "facts" }, facts(citation, words, language)),
    reader(citation, view));
}

function trail(citation) {
  const step = () => el("span", { class: "step", "aria-hidden": "true" }, " › ");
  const above = citation.path.slice(0, -1).flatMap((label) => [step(), el("bdi", {}, label)]);
  return [el("bdi", { class: "policy" }, policyName(citation)), ...above];
}

function folding(quote, words) {
  quote.classList.add("folded");
  const button = el("button", { type: "button", class: "link fold", "aria-expanded": "false", onclick: () => {
    const folded = quote.classList.toggle("folded");
    button.setAttribute("aria-expanded", String(!folded));
    button.textContent = folded ? words.whole : words.less;
    if (folded) button.scrollIntoView({ block: "nearest" });
  } }, words.whole);
  return button;
}

function facts(citation, words, language) {
  const date = dateText(citation, language);
  const dated = date ? el("time", { datetime: citation.effective_date }, fill(words.dated, { date })) : words.undated;
  return [
    el("span", {}, dated),
    citation.version && el("span", {}, fill(words.version, { version: citation.version })),
    citation.page && el("span", {}, fill(words.page, { page: citation.page })),
  ];
}

function reader(citation, { words, base }) {
  const href = address(citation, base);
  if (!href) return null;
  const where = el("span", { class: "unseen" }, `: ${clauseName(citation)} (${words.newTab})`);
  return el("a", { class: "link", href, target: "_blank", rel: "noopener" }, words.read, where);
}
