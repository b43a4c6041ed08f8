// Whether an answer was useful, and where not, why.
import { call } from "./api.js";
import { el, icon } from "./dom.js";

const THUMB =
  "M2 10h4v11H2zM8 21V10l4.2-8c1.9.1 3 1.6 2.6 3.5L14 9h6a2.2 2.2 0 0 1 2.15 2.65l-1.5 7.5A2.3 2.3 0 0 1 18.4 21z";
const REASONS = ["wrong_policy", "not_the_clause", "not_answered", "out_of_date", "other"];

// `view` is that of the cards with `policies`; `team` makes the way to people, or null.
export function feedback(question, answer, view, team) {
  const { words, base } = view;
  const box = el("div", { class: "feedback" });
  const trouble = el("p", { class: "trouble", role: "alert" });

  async function vote(useful, reason = null, note = "") {
    const clauses = answer.citations.map(({ url }) => url);
    const told = { status: answer.status, clauses };
    trouble.textContent = "";
    try {
      await call(base, "api/feedback", { useful, reason, note, question, answer: told, policies: view.policies });
    } catch {
      trouble.textContent = words.notSent;
      return;
    }
    const thanks = el("p", { class: "soft", tabindex: "-1" }, words.thanks);
    box.replaceChildren(thanks, ...[useful ? null : team()].filter(Boolean));
    thanks.focus({ preventScroll: true });
  }

  function why() {
    const form = reasons(words, trouble, (reason, note) => vote(false, reason, note), () => {
      ask();
      box.querySelector(".down").focus();
    });
    box.replaceChildren(form);
    form.querySelector("input").focus({ preventScroll: true });
    form.scrollIntoView({ block: "nearest" });
  }

  function ask() {
    const thumb = (kind, text, onclick) =>
      el("button", { type: "button", class: `thumb ${kind}`, onclick }, icon(THUMB), text);
    const label = el("span", { class: "soft" }, words.useful);
    const group = el("div", { class: "row", role: "group", "aria-label": words.useful },
      label, thumb("up", words.yes, () => vote(true)), thumb("down", words.no, why));
    box.replaceChildren(group, trouble);
  }

  ask();
  return box;
}

function reasons(words, trouble, send, cancel) {
  const radio = (reason) => el("input", { type: "radio", name: "reason", value: reason });
  const choice = (reason) => el("label", { class: "choice" }, radio(reason), words.reasons[reason]);
  const note = el("textarea", { class: "field", rows: "2", maxlength: "1000", dir: "auto" });
  return el("form", { onsubmit: (event) => {
    event.preventDefault();
    send(new FormData(event.target).get("reason"), note.value.trim());
  } },
    el("fieldset", {}, el("legend", {}, words.why), REASONS.map(choice)),
    el("label", { class: "note" }, words.note, note),
    trouble,
    el("div", { class: "row" },
      el("button", { class: "main" }, words.send),
      el("button", { type: "button", class: "link", onclick: cancel }, words.cancel)));
}
