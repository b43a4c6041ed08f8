// The way to people, with the question and the clauses that were seen.
import { address, clauseName } from "./card.js";

const MAIL = /^[^\s@:/?]+@[^\s@:/?]+$/;
// A mail address with its text must stay short enough for mail programs.
const LONGEST = 500;

// Address to be followed, null where none is given or it is neither mail nor web.
export function contactAddress({ contact, against }, question, citations, base, words) {
  const url = parsed(contact.trim(), against);
  const asked = [...question].slice(0, LONGEST).join("");
  const seen = citations.map((citation) => ({ name: clauseName(citation), link: address(citation, base) }));
  if (url?.protocol === "mailto:") {
    const clauses = seen.map(({ name, link }) => `- ${name}\n  ${link}`).join("\n");
    const body = `${words.bodyQuestion}\n${asked}\n\n${clauses ? `${words.bodyClauses}\n${clauses}\n` : ""}`;
    const more = `subject=${encodeURIComponent(words.subject)}&body=${encodeURIComponent(body.replaceAll("\n", "\r\n"))}`;
    return url.href + (url.search ? "&" : "?") + more;
  }
  if (!/^https?:$/.test(url?.protocol ?? "")) return null;
  url.searchParams.set("question", asked);
  for (const { link } of seen) url.searchParams.append("clause", link);
  return url.href;
}

function parsed(text, against) {
  try {
    return text ? new URL(MAIL.test(text) ? `mailto:${text}` : text, against) : null;
  } catch {
    return null;
  }
}
