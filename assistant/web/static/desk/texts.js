// Citations as text: names and dates, what is copied, what is exported. The words are those of citation_text.py.

import { ROOT } from "./api.js";

const MONTHS = "January February March April May June July August September October November December".split(" ");

/** "7 May 2018", "May 2014", "2014", as exact as the date is known. */
export function dateText(iso) {
  const [, year, month, day] = /^(\d{4})(?:-(\d\d)(?:-(\d\d))?)?$/.exec(iso) ?? [];
  return year ? [day && Number(day), month && MONTHS[month - 1], year].filter(Boolean).join(" ") : iso;
}

/** "italki Privacy Policy". */
export function policyName({ company, title }) {
  return company && !title.toLowerCase().includes(company.toLowerCase()) ? `${company} ${title}` : title;
}

/** The clause's heading without its number, "" for none. */
export function heading(citation) {
  const own = citation.path.at(-1) ?? "";
  return citation.clause && own.startsWith(citation.clause) ? own.slice(citation.clause.length).trim() : own;
}

/** "3.2 Service providers", "Clause 3.2" or "Opening text". */
export function clauseLabel(citation) {
  const title = heading(citation);
  return title ? `${citation.clause} ${title}`.trim() : citation.clause ? `Clause ${citation.clause}` : "Opening text";
}

export const address = (citation) => new URL(citation.url, ROOT).href;

/** "italki Privacy Policy, 3.2 Service providers, 7 May 2018". */
export function citationWords(citation) {
  const title = heading(citation);
  const clause = title ? `${citation.clause} ${title}`.trim() : citation.clause && `clause ${citation.clause}`;
  const dated = dateText(citation.effective_date) || (citation.version && `version ${citation.version}`);
  return [policyName(citation), clause, dated].filter(Boolean).join(", ");
}

export const plainCitation = (citation) => `${citationWords(citation)}\n${address(citation)}`;

export function markdownCitation(citation) {
  const words = citationWords(citation).replace(/[\\`*_[\]<>]/g, "\\$&");
  return `[${words}](${address(citation).replaceAll("(", "%28").replaceAll(")", "%29")})`;
}

/** All citations as a Markdown document. */
export function markdownOf(citations) {
  const parts = citations.map((citation) => {
    const quote = citation.quote.split("\n").map((line) => (line.trim() ? `> ${escaped(line)}  ` : ">"));
    return `${quote.join("\n")}\n\n— ${markdownCitation(citation)}`;
  });
  return `# Privacy clauses\n\n${parts.join("\n\n---\n\n")}\n`;
}

/** A line that Markdown shows as it is: its signs escaped, its indent kept. */
function escaped(line) {
  const [, indent, rest] = /^(\s*)(.*)$/su.exec(line);
  const signs = rest.replace(/[\\`*_[\]<>#|~&$]/g, "\\$&");
  return "\u00a0".repeat(indent.length) + signs.replace(/^[+=-]/, "\\$&").replace(/^(\d+)([.)])/, "$1\\$2");
}

const COLUMNS = {
  policy: policyName,
  version: (citation) => citation.version,
  date: (citation) => citation.effective_date,
  clause: (citation) => citation.clause,
  heading,
  page: (citation) => citation.page ?? "",
  quote: (citation) => citation.quote,
  link: address,
};

/** All citations as RFC 4180 has it; a cell that a spreadsheet would run as a formula starts with an apostrophe. */
export function csvOf(citations) {
  const rows = citations.map((citation) => Object.values(COLUMNS).map((value) => cell(String(value(citation)))));
  // The mark in front tells a spreadsheet that this is UTF-8.
  return `\ufeff${[Object.keys(COLUMNS), ...rows].map((row) => `${row.join(",")}\r\n`).join("")}`;
}

function cell(text) {
  const safe = /^[\s\p{Cf}]*[=+\-@＝＋－＠|%]/u.test(text) || /^[\t\r\n]/.test(text) ? `'${text}` : text;
  return /[",\r\n']/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

const ENDS = /[.!?。！？;:\n]\s*/gu;
// Characters of a table cell, and of what stands around the marks in it.
const LONGEST = 240;
const AROUND = 90;

/** The marked sentence with a little around it; the start of the quote where nothing is marked. */
export function snippet(pieces) {
  const first = pieces.findIndex(([, seen]) => seen);
  if (first < 0) return [[head(pieces.map(([text]) => text).join("").trimStart(), LONGEST), false]];
  const out = [[tail(pieces.slice(0, first).map(([text]) => text).join("")), false]];
  let room = LONGEST;
  for (const [at, [text, seen]] of pieces.entries()) {
    if (at < first) continue;
    const last = !pieces.slice(at + 1).some(([, more]) => more);
    const part = seen ? head(text, room) : last ? toEnd(text, pieces[at - 1][0]) : head(text, AROUND);
    out.push([part, seen]);
    room -= part.length;
    if (part !== text || room < 20) break;
  }
  return out.filter(([text]) => text);
}

function tail(text) {
  const ends = [...text.matchAll(ENDS)];
  const start = ends.length ? ends.at(-1).index + ends.at(-1)[0].length : 0;
  const sentence = text.slice(start).trimStart();
  const points = Array.from(sentence);
  return points.length > AROUND ? `… ${points.slice(-AROUND).join("").replace(/^\S*\s/u, "")}` : sentence;
}

function toEnd(text, before) {
  if (/[.!?。！？]["'”’)\s]*$/u.test(before)) return "";
  ENDS.lastIndex = 0;
  const end = ENDS.exec(text);
  return head(end ? text.slice(0, end.index + 1) : text, AROUND);
}

function head(text, longest) {
  const points = Array.from(text);
  if (points.length <= longest) return text;
  return `${points.slice(0, longest).join("").replace(/\s+\S*$/u, "")} …`;
}
