// On a narrow screen the reading pane and the tray open over the page, one at a time, in a dialog.

import { byId, fill, h } from "./dom.js";

const narrow = matchMedia("(max-width: 60rem)");
export const isNarrow = () => narrow.matches;

/** Opens a part of the page, by id, over the others. */
export function open(id) {
  const sheet = byId("_sheet");
  const part = byId(id);
  if (sheet.contains(part)) return;
  close();
  const back = h("button", { type: "button", class: "button quiet back", onclick: () => close() }, h("span", { "aria-hidden": "true" }, "← "), "Back to the list");
  fill(sheet, h("div", { class: "sheet-head" }, back), part);
  sheet.setAttribute("aria-label", id === "_tray" ? "Tray" : "Reading pane");
  sheet.showModal();
}

/** Closes what is open, and puts it back to its place. */
export function close() {
  if (byId("_sheet").open) byId("_sheet").close();
}

byId("_sheet").addEventListener("close", () => {
  const beside = byId("_beside");
  const toast = byId("_sheet").querySelector(".toast");
  if (toast) byId("_main").append(toast);
  beside.append(...["_pane", "_tray"].map((id) => byId(id) ?? byId("_sheet").querySelector(`#${id}`)));
});
narrow.addEventListener("change", close);
