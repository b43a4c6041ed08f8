// The desk: what is typed and chosen becomes a search, and what is found is read, copied and collected.

import { KEYS, acts, copied, openPane, openTray } from "./commands.js";
import { byId } from "./dom.js";
import { clearFilters, formState, showAuto, showChosen, showState } from "./form.js";
import { setKeys, showKeys } from "./keys.js";
import * as list from "./list.js";
import * as pane from "./pane.js";
import { filtersChanged, plural, run, submit } from "./search.js";
import { language, session } from "./session.js";
import { close, isNarrow } from "./sheet.js";
import { read, write } from "./state.js";
import * as tray from "./tray.js";

setKeys(KEYS);
pane.setActions(acts);
list.whenSelected((citation, opened) => {
  pane.show(citation, language(citation.policy));
  if (opened && isNarrow()) openPane();
});
tray.whenChanged((count) => {
  byId("_tray-bar").hidden = count === 0;
  byId("_tray-bar").textContent = `Tray: ${plural(count, "clause")}`;
});

const on = (id, event, action) => byId(id).addEventListener(event, action);

on("_search", "submit", (event) => {
  event.preventDefault();
  submit();
});
on("_modes", "change", () => (formState().q ? submit() : showAuto("")));
on("_views", "change", () => formState().q && submit());
on("_filters", "input", showChosen);
on("_filters", "toggle", () => byId("_filters").open || filtersChanged());
on("_unfilter", "click", clearFilters);
on("_help", "click", showKeys);
on("_link", "click", () => copied(location.href, "the link to this search"));
on("_tray-bar", "click", openTray);
document.addEventListener("pointerdown", (event) => {
  if (!event.target.closest("#_filters")) byId("_filters").open = false;
});
addEventListener("online", () => session.offline && run());
for (const event of ["hashchange", "popstate"]) addEventListener(event, fromAddress);

/** Takes the search from the address, as after "back" or in a link that was followed. */
function fromAddress() {
  const said = read(location.hash);
  if (write(said) === write(session.state)) return;
  session.state = said;
  close();
  showState(said);
  run();
}

tray.draw();
pane.clear();
showState(session.state);
run();
