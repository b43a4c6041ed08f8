// A quote line by line, and how much of a long one is seen at first: never less than the sentences that answer.
import { el } from "./dom.js";

// Lines that a folded clause shows, and how many more make folding worth a button.
const SHOWN = 12;
const SPARE = 3;
const ITEM = /^\s*(?:[•·▪◦‣*–—-]|\(?(?:\d{1,2}|[a-zа-я])[.)])\s/;
const WIDE = /[ᄀ-ᅟ⺀-꓏가-힣豈-﫿︰-﹏＀-｠]/gu;

// Lines that `text` takes at `columns` characters; East Asian wide characters count twice.
function count(text, columns) {
  const width = (line) => line.length + (line.match(WIDE)?.length ?? 0);
  return text.split("\n").reduce((sum, line) => sum + Math.max(1, Math.ceil(width(line) / columns)), 0);
}

// How many characters at the start are hidden while a quote is folded; null where it is not folded.
export function fold(pieces, columns) {
  const quote = pieces.map(([text]) => text).join("");
  if (count(quote, columns) <= SHOWN + SPARE) return null;
  let at = 0;
  let first = -1;
  let last = 0;
  for (const [text, marked] of pieces) {
    if (marked && first < 0) first = at;
    at += text.length;
    if (marked) last = at;
  }
  if (first < 0) return 0;
  const starts = [0, quote.lastIndexOf("\n", first - 1) + 1, first];
  return starts.find((start) => count(quote.slice(start, last), columns) <= SHOWN) ?? null;
}

// The pieces cut once more where the hidden part ends.
function cut(pieces, early) {
  let at = 0;
  return pieces.flatMap(([text, marked]) => {
    const hidden = Math.min(Math.max(early - at, 0), text.length);
    at += text.length;
    const before = { text: text.slice(0, hidden), marked, early: true };
    const after = { text: text.slice(hidden), marked, early: false };
    return [before, after].filter((part) => part.text);
  });
}

function lines(parts) {
  const out = [[]];
  for (const part of parts) {
    for (const text of part.text.match(/[^\n]*\n|[^\n]+/g)) {
      out.at(-1).push({ ...part, text });
      if (text.endsWith("\n")) out.push([]);
    }
  }
  return out.filter((line) => line.length);
}

// The quote as an element; the text of the element is the quote, word for word.
export function quoted(pieces, early, language) {
  let resumed = !early;
  const shown = lines(cut(pieces, early ?? 0)).map((line) => {
    const text = line.map((part) => part.text).join("");
    const kinds = ["line", ITEM.test(text) && "item", !text.trim() && "blank"];
    if (!resumed && line.some((part) => !part.early)) {
      kinds.push("resumes");
      resumed = true;
    }
    return el("span", { class: kinds.filter(Boolean).join(" ") }, line.map(piece));
  });
  return el("blockquote", { class: "quote", dir: "auto", lang: language || null }, shown);
}

function piece({ text, marked, early }) {
  const look = marked ? el("mark", {}, text) : text;
  return early ? el("span", { class: "early" }, look) : look;
}
