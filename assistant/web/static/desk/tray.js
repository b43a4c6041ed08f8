// The tray of collected citations: in the memory of this page alone, with a warning before it is lost.

import { Problem, request } from "./api.js";
import { byId, download, fill, h, toast } from "./dom.js";
import { clauseLabel, csvOf, dateText, markdownOf, policyName } from "./texts.js";

let items = [];
let before = null; // The tray as it was before the last change that can be undone.
let changed = () => {};

export const count = () => items.length;

/** Says what else is to be done when the tray changes. */
export function whenChanged(action) {
  changed = action;
}

const key = (citation) => `${citation.policy} ${citation.span}`;

/** Adds a citation, once. */
export function add(citation) {
  if (items.some((item) => key(item) === key(citation))) {
    toast("This clause is in the tray already.");
    return;
  }
  items = [...items, citation];
  before = null;
  draw();
  toast(`Added to the tray: ${clauseLabel(citation)}. ${clauses(items.length)}.`);
}

/** Undoes the last removal or clearing. */
export function undo() {
  if (!before) return;
  items = before;
  before = null;
  byId("_toast").hidden = true;
  draw();
  toast(`Brought back. ${clauses(items.length)} in the tray.`);
}

const clauses = (number) => `${number} ${number === 1 ? "clause" : "clauses"}`;

function remove(index) {
  before = items;
  items = items.filter((_, which) => which !== index);
  draw(Math.min(index, items.length - 1));
  toast("Removed from the tray.", undo);
}

function clear() {
  before = items;
  items = [];
  draw();
  byId("_tray").focus({ preventScroll: true });
  toast(`Cleared the tray of ${clauses(before.length)}.`, undo);
}

function shift(index, step) {
  const to = index + step;
  if (to < 0 || to >= items.length) return;
  items = items.with(index, items[to]).with(to, items[index]);
  draw(to, step < 0 ? ".up" : ".down");
  toast(`Moved to place ${to + 1} of ${items.length}.`);
}

/** Moves or removes the item that has the focus; false where none has. */
export function act(what) {
  const item = document.activeElement?.closest("#_tray li");
  if (!item) return false;
  const index = [...item.parentElement.children].indexOf(item);
  if (what === "remove") remove(index);
  else shift(index, what === "up" ? -1 : 1);
  return true;
}

/** Draws the tray; the focus goes to the item at `focus`, to its button `on` where that can be pressed. */
export function draw(focus = -1, on = ".remove") {
  const tray = byId("_tray");
  fill(
    tray,
    h("div", { class: "tray-head" }, h("h2", { id: "_tray-title" }, "Tray", items.length > 0 && h("span", { class: "count" }, ` ${items.length}`)), items.length > 0 && button("Clear", clear, "quiet")),
    items.length === 0
      ? h("p", { class: "hint" }, "Add clauses with ", h("kbd", {}, "a"), " to copy or hand them out together. The tray lives in this page only.")
      : [h("ol", {}, items.map(row)), exports()],
  );
  const wanted = focus >= 0 ? tray.querySelectorAll("li")[focus] : null;
  const target = wanted?.querySelector(`${on}:not([disabled])`) ?? wanted?.querySelector("button:not([disabled])");
  target?.focus();
  changed(items.length);
}

function row(citation, index) {
  const label = clauseLabel(citation);
  const small = (sign, name, title, action, off) =>
    h("button", { type: "button", class: `small ${name}`, "aria-label": `${title}: ${label}`, onclick: action, disabled: off }, h("span", { "aria-hidden": "true" }, sign));
  return h(
    "li",
    {},
    h("p", { class: "what" }, h("b", { dir: "auto" }, label), h("span", { class: "facts" }, h("bdi", {}, policyName(citation)), citation.effective_date && `, ${dateText(citation.effective_date)}`)),
    h("div", { class: "moves" }, small("↑", "up", "Move up", () => shift(index, -1), index === 0), small("↓", "down", "Move down", () => shift(index, 1), index === items.length - 1), small("×", "remove", "Remove", () => remove(index))),
  );
}

const button = (text, action, look = "") => h("button", { type: "button", class: `button ${look}`, onclick: action }, text);

function exports() {
  const today = new Date().toISOString().slice(0, 10);
  const save = (text, type, ending) => () => download(new Blob([text()], { type: `${type};charset=utf-8` }), `privacy-clauses-${today}.${ending}`);
  return h(
    "div",
    { class: "exports", role: "group", "aria-label": "Export the tray" },
    h("span", { class: "hint" }, "Export"),
    button("Markdown", save(() => markdownOf(items), "text/markdown", "md")),
    button("CSV", save(() => csvOf(items), "text/csv", "csv")),
    button("PDF", (event) => handOut(event.currentTarget, `privacy-clauses-${today}.pdf`)),
  );
}

/** The hand-out: the server is told which clauses, and cuts them from its own policies. */
async function handOut(pressed, name) {
  pressed.disabled = true;
  pressed.textContent = "Making the PDF…";
  const wanted = items.map(({ policy, span, marks, document_sha256 }) => ({ policy, span, marks, document_sha256 }));
  try {
    download(await (await request("agents/handout.pdf", { body: { clauses: wanted } })).blob(), name);
    toast("The PDF is made.");
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    toast(error.message);
  } finally {
    pressed.disabled = false;
    pressed.textContent = "PDF";
  }
}

addEventListener("beforeunload", (event) => {
  if (items.length) event.preventDefault();
});
