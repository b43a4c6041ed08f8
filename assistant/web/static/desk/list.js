// The clauses on the page as one list that the keys move through, whether they stand in a table or in columns.

/** @typedef {{button: HTMLElement, citation: object, column: number}} Item */
let items = [];
let at = -1;
let onSelect = () => {};

/** Says what is to be done when a clause is selected: `(citation, opened) => …`. */
export function whenSelected(action) {
  onSelect = action;
}

/** Takes a new list; nothing is selected in it yet. */
export function take(found) {
  items = found;
  at = -1;
  items.forEach((item, index) => {
    item.button.tabIndex = index === 0 ? 0 : -1;
    item.button.addEventListener("click", () => select(index, { opened: true, focus: true }));
    item.area.addEventListener("click", (event) => {
      if (!event.target.closest("a, button, summary") && String(getSelection()) === "") select(index, { opened: true, focus: true });
    });
  });
}

/** Selects one clause, shows it, and where wanted moves the focus to it. */
export function select(index, { opened = false, focus = false } = {}) {
  if (!items[index]) return; // All may be folded away.
  for (const [which, item] of items.entries()) {
    const here = which === index;
    item.button.tabIndex = here ? 0 : -1;
    item.area.classList.toggle("here", here);
    if (here) item.button.setAttribute("aria-current", "true");
    else item.button.removeAttribute("aria-current");
  }
  at = index;
  if (focus) focusCurrent();
  onSelect(items[index].citation, opened);
}

/** Selects the first clause that is seen. */
export function selectFirst(how) {
  select(items.findIndex((item) => item.button.checkVisibility()), how);
}

/** One clause on or back; the first one where none is selected. */
export function move(step) {
  const seen = items.map((item, index) => (item.button.checkVisibility() ? index : -1)).filter((index) => index >= 0);
  const here = seen.indexOf(at);
  const next = here < 0 ? 0 : Math.min(Math.max(here + step, 0), seen.length - 1);
  if (seen.length) select(seen[next], { focus: true });
}

/** To the first clause of the next column or the one before. */
export function moveColumn(step) {
  const column = (items[at]?.column ?? -step) + step;
  const next = items.findIndex((item) => (step > 0 ? item.column >= column : item.column === column) && item.button.checkVisibility());
  if (next >= 0) select(next, { focus: true });
}

/** Puts the focus on the selected clause; false where there is none. */
export function focusCurrent() {
  const button = items[at]?.button;
  button?.focus({ preventScroll: true });
  items[at]?.area.scrollIntoView({ block: "nearest", inline: "nearest" });
  return Boolean(button);
}

export const selected = () => items[at]?.citation ?? null;
export const isEmpty = () => items.length === 0;
export const hasColumns = () => items.some((item) => item.column > 0);
