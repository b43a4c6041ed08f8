// What an agent does with a clause, and the key for each thing that the desk can do.

import { byId, copy, toast } from "./dom.js";
import { formState, setMode, setView } from "./form.js";
import { showKeys } from "./keys.js";
import * as list from "./list.js";
import * as pane from "./pane.js";
import { focusTopics, openFilters, submit } from "./search.js";
import { close, isNarrow, open } from "./sheet.js";
import { MODES } from "./state.js";
import { address, markdownCitation, plainCitation } from "./texts.js";
import * as tray from "./tray.js";

/** Copies words, and says so. */
export async function copied(words, what) {
  const done = await copy(words);
  toast(done ? `Copied ${what}.` : "This browser does not let the page copy; select the text instead.");
}

export const acts = {
  copy: (citation) => citation && copied(plainCitation(citation), "the citation"),
  copyMarkdown: (citation) => citation && copied(markdownCitation(citation), "the citation as Markdown"),
  collect: (citation) => citation && tray.add(citation),
};

/** Goes to the reading pane; on a narrow screen it opens. */
export function openPane() {
  if (!pane.reading()) return;
  if (isNarrow()) open("_pane");
  byId("_pane").focus({ preventScroll: true });
}

/** Goes to the tray; on a narrow screen it opens. */
export function openTray() {
  if (isNarrow()) open("_tray");
  (byId("_tray").querySelector("li .remove") ?? byId("_tray")).focus();
}

function toBox() {
  close();
  byId("_query").focus();
  byId("_query").select();
}

/** Leaves a field, closes what is open, and goes back to the clause. */
function leave(target) {
  const filters = byId("_filters");
  if (target.closest("dialog")) return;
  if (filters.open) {
    filters.open = false;
    filters.querySelector("summary").focus();
  } else if (!list.focusCurrent()) {
    target.blur();
  }
}

function readSelected(target) {
  if (!target.closest(".open")) return false;
  target.click();
  openPane();
  return true;
}

const way = (mode) => () => {
  setMode(mode);
  if (formState().q) submit();
};

function toggleView() {
  setView(formState().view === "side" ? "table" : "side");
  if (formState().q) submit();
}

const onto = (act) => () => act(pane.reading());
const openPolicy = () => pane.reading() && window.open(address(pane.reading()), "_blank", "noopener");

/** Keys by what they are for: `[keys, what they do, how]`; what gives false leaves the key to the browser. */
export const KEYS = [
  [
    "Search",
    [
      [["/"], "To the box", toBox],
      [["Escape"], "Leave a field, close what is open", leave],
      [["1"], "Search by: auto", way(MODES[0])],
      [["2"], "Search by: meaning", way(MODES[1])],
      [["3"], "Search by: exact phrase", way(MODES[2])],
      [["4"], "Search by: clause number", way(MODES[3])],
      [["s"], "Table or side by side", toggleView],
      [["f"], "Filters", openFilters],
      [["t"], "Topics", focusTopics],
    ],
  ],
  [
    "Clauses",
    [
      [["j", "ArrowDown"], "Next one", () => list.move(1)],
      [["k", "ArrowUp"], "Previous one", () => list.move(-1)],
      [["ArrowRight"], "Next column", () => list.hasColumns() && list.moveColumn(1)],
      [["ArrowLeft"], "Previous column", () => list.hasColumns() && list.moveColumn(-1)],
      [["Enter"], "Read the selected one", readSelected],
      [["n"], "Next clause of the policy", () => pane.neighbour(1)],
      [["p"], "Previous clause of the policy", () => pane.neighbour(-1)],
      [["o"], "Open it in the policy", openPolicy],
      [["c"], "Copy the citation", onto(acts.copy)],
      [["Shift+C"], "Copy it as Markdown", onto(acts.copyMarkdown)],
    ],
  ],
  [
    "Tray",
    [
      [["a"], "Add the clause", onto(acts.collect)],
      [["v"], "To the tray", openTray],
      [["Alt+ArrowUp"], "Move up", () => tray.act("up")],
      [["Alt+ArrowDown"], "Move down", () => tray.act("down")],
      [["Delete"], "Remove", () => tray.act("remove")],
      [["u"], "Undo", tray.undo],
      [["?"], "These keys", showKeys],
    ],
  ],
];
