// Everything by keyboard: one table says what each key does, and the dialog shows that very table.

import { byId, fill, h } from "./dom.js";

let table = []; // [group, [[keys, what, action], …]]
let byKey = new Map();
let on = true;

/** Takes the table of keys; a key such as "Shift+C" or "Alt+ArrowUp" names its modifiers. */
export function setKeys(given) {
  table = given;
  byKey = new Map(given.flatMap(([, rows]) => rows.flatMap(([keys, , action]) => keys.map((key) => [key, action]))));
  document.addEventListener("keydown", pressed);
}

const typing = (element) => element.matches("input:not([type=radio], [type=checkbox]), textarea, select, [contenteditable]");
const NAMES = { ArrowDown: "↓", ArrowUp: "↑", ArrowLeft: "←", ArrowRight: "→", Escape: "Esc" };
const named = (key) => key.split("+").map((part) => h("kbd", {}, NAMES[part] ?? part));

function pressed(event) {
  const target = event.target instanceof Element ? event.target : document.body;
  if (event.isComposing || event.defaultPrevented || event.ctrlKey || event.metaKey) return;
  if (event.key === "Escape") {
    byKey.get("Escape")(target);
    return;
  }
  const arrow = event.key.startsWith("Arrow");
  // Arrows belong to what has the focus: radio buttons, what scrolls, an open dialog.
  const busy = typing(target) || (arrow && !event.altKey && target.closest("fieldset, dialog, .pane, .tray, .quote"));
  if (busy || byId("_keys").open) return;
  const single = event.key.length === 1;
  if (single && !on && event.key !== "?") return;
  const name = (event.altKey ? "Alt+" : "") + (single && event.shiftKey && event.key !== "?" ? `Shift+${event.key.toUpperCase()}` : event.key);
  const action = byKey.get(single && event.shiftKey && !byKey.has(name) ? event.key : name);
  if (action && action(target) !== false) event.preventDefault();
}

/** Opens the written key table. */
export function showKeys() {
  const dialog = byId("_keys");
  const rows = ([keys, what]) => h("tr", {}, h("td", {}, keys.map((key, index) => [index > 0 && " or ", named(key)])), h("th", { scope: "row" }, what));
  const group = ([name, lines]) => h("table", {}, h("caption", {}, name), h("thead", { class: "unseen" }, h("tr", {}, h("th", { scope: "col" }, "Key"), h("th", { scope: "col" }, "What it does"))), h("tbody", {}, lines.map(rows)));
  const single = h("input", { type: "checkbox", checked: on, onchange: (event) => (on = event.target.checked) });
  fill(
    dialog,
    h("div", { class: "keys-head" }, h("h2", { id: "_keys-title" }, "Keys"), h("button", { type: "button", class: "button", onclick: () => dialog.close() }, "Close")),
    h("p", { class: "hint" }, "In a field keys type; Esc leaves it."),
    h("div", { class: "tables" }, table.map(group)),
    h("label", { class: "switch" }, single, h("span", {}, "Single keys are on (turn them off where a screen reader or voice control needs them)")),
  );
  dialog.showModal();
}
