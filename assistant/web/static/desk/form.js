// The search form: box, ways to search, views and filters.

import { byId, h } from "./dom.js";
import { isDate } from "./state.js";
import { dateText, policyName } from "./texts.js";

const FILTERS = ["policies", "companies", "languages"];
const MANY = 12; // So many choices are searched by typing.
const form = () => byId("_search");

const languageName = (code) => new Intl.DisplayNames(["en"], { type: "language", fallback: "code" }).of(code);

/** Fills the filters with what the policies have. */
export function fillFilters(policies) {
  const counted = new Map();
  for (const policy of policies) counted.set(policyName(policy), (counted.get(policyName(policy)) ?? 0) + 1);
  const named = (policy) => [policyName(policy), dateText(policy.effective_date), counted.get(policyName(policy)) > 1 && !policy.effective_date && policy.id];
  const choices = {
    policies: policies.map((policy) => [policy.id, named(policy).filter(Boolean).join(" · ")]),
    companies: distinct(policies, "company").map((company) => [company, company]),
    languages: distinct(policies, "language").map((code) => [code, languageName(code)]),
  };
  for (const name of FILTERS) {
    const set = form().querySelector(`[data-filter=${name}]`);
    const boxes = choices[name].map(([value, label]) => h("label", {}, h("input", { type: "checkbox", name, value }), h("span", { dir: "auto" }, label)));
    set.querySelector("div").replaceChildren(...boxes);
    set.hidden = boxes.length === 0;
    if (boxes.length > MANY && !set.querySelector(".narrow")) set.querySelector("div").before(narrowing(boxes, set.querySelector("legend").textContent));
  }
}

const distinct = (policies, field) => [...new Set(policies.map((policy) => policy[field]).filter(Boolean))].sort((a, b) => a.localeCompare(b));

function narrowing(boxes, what) {
  const narrow = (event) => {
    const typed = event.target.value.toLowerCase();
    for (const box of boxes) box.hidden = !box.textContent.toLowerCase().includes(typed);
  };
  return h("input", { class: "field narrow", type: "search", "aria-label": `Narrow ${what.toLowerCase()}`, placeholder: "Type to narrow", oninput: narrow });
}

/** What the form says; a date that is none is left out. */
export function formState() {
  const said = new FormData(form());
  const day = (name) => (isDate(said.get(name).trim()) ? said.get(name).trim() : "");
  const lists = Object.fromEntries(FILTERS.map((name) => [name, said.getAll(name)]));
  return { q: said.get("q").trim(), mode: said.get("mode"), view: said.get("view"), topic: "", ...lists, from: day("from"), to: day("to") };
}

/** Makes the form say what `state` does. */
export function showState(state) {
  const { elements } = form();
  elements.q.value = state.q;
  elements.mode.value = state.mode;
  elements.view.value = state.view;
  for (const day of ["from", "to"]) elements[day].value = state[day];
  for (const name of FILTERS) {
    for (const box of form().querySelectorAll(`input[name=${name}]`)) box.checked = state[name].includes(box.value);
  }
  showChosen();
}

/** Says beside "Filters" what is chosen, and at a date what is wrong with it. */
export function showChosen() {
  const state = formState();
  const labels = FILTERS.flatMap((name) => [...form().querySelectorAll(`input[name=${name}]:checked`)].map((box) => box.parentElement.textContent));
  const days = [state.from && `from ${dateText(state.from)}`, state.to && `to ${dateText(state.to)}`].filter(Boolean);
  const all = [...labels, ...days];
  byId("_chosen").textContent = all.length > 2 ? `${all.length} on` : all.join(", ");
  byId("_chosen").hidden = all.length === 0;
  for (const name of ["from", "to"]) {
    const field = form().elements[name];
    field.toggleAttribute("aria-invalid", field.value.trim() !== "" && !isDate(field.value.trim()));
  }
}

/** Unchooses every filter. */
export function clearFilters() {
  for (const box of form().querySelectorAll(".panel input")) {
    if (box.type === "checkbox") box.checked = false;
    else box.value = "";
  }
  showChosen();
}

/** Says what "Auto" came to. */
export function showAuto(mode) {
  const words = { meaning: "meaning", phrase: "exact phrase", clause: "clause number" };
  byId("_auto").textContent = form().elements.mode.value === "auto" && words[mode] ? `: ${words[mode]}` : "";
}

/** Sets the way to search. */
export function setMode(mode) {
  form().elements.mode.value = mode;
}

/** Sets the view. */
export function setView(view) {
  form().elements.view.value = view;
}
