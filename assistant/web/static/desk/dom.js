// Elements, and what the person is told. Text from a policy or a person only ever becomes text nodes.

export const byId = (id) => document.getElementById(id);

/** An element with attributes, listeners (`onclick`) and children: strings, elements, lists; null for none. */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  return fill(element, ...children);
}

/** Puts children in the place of those that an element has; lists are laid flat, nothing and false are left out. */
export function fill(element, ...children) {
  element.replaceChildren(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Pieces of a quote, [text, marked] each. */
export const marked = (pieces) => pieces.map(([text, seen]) => (seen ? h("mark", {}, text) : text));

/** Says a short line to screen readers. */
export function say(text) {
  byId("_said").textContent = text;
}

let vanishing = 0;

/** Shows and says a short line, with a button where there is something to undo. */
export function toast(text, undo = null) {
  const box = byId("_toast");
  const press = () => {
    box.hidden = true;
    undo();
  };
  fill(box, h("span", {}, text), undo && h("button", { type: "button", class: "button", onclick: press }, "Undo"));
  (document.querySelector("dialog[open]") ?? byId("_main")).append(box); // Above a modal dialog nothing else is seen.
  box.hidden = false;
  say(text);
  clearTimeout(vanishing);
  if (!undo) vanishing = setTimeout(() => (box.hidden = true), 4000);
}

/** Puts text on the clipboard; also where the page is not served securely and the modern way is missing. */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = h("textarea", { class: "unseen", readonly: true });
    area.value = text;
    const before = document.activeElement;
    (document.querySelector("dialog[open]") ?? document.body).append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    before?.focus({ preventScroll: true });
    return done;
  }
}

/** Saves a file. */
export function download(blob, name) {
  const url = URL.createObjectURL(blob);
  const link = h("a", { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
