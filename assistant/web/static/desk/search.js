// A search, from what the form says to what is shown.

import { Problem, get, post } from "./api.js";
import { showColumns } from "./compare.js";
import { byId, fill, h, say } from "./dom.js";
import { clearFilters, fillFilters, formState, setMode, setView, showAuto, showState } from "./form.js";
import * as list from "./list.js";
import * as pane from "./pane.js";
import { showNothing, showProblem, showTable, showWelcome, showWords } from "./results.js";
import { language, load, session } from "./session.js";
import { isNarrow } from "./sheet.js";
import { matching, write } from "./state.js";

const MOST_COMPARED = 6;
// Clauses that are asked for at first, and those that the API gives at most.
const FIRST = 20;
const MOST = 50;
const WORDS = { meaning: "by meaning", phrase: "with this exact phrase", clause: "by number" };

let running = null; // Stops the search that is under way.
let wanted = FIRST;

export const plural = (number, one, many = `${one}s`) => `${number} ${number === 1 ? one : many}`;

/** Makes a search of what the form says, and puts it into the address. */
export function submit(change = {}) {
  session.state = { ...formState(), ...change };
  wanted = FIRST;
  const fragment = write(session.state);
  if (location.hash !== fragment) history.pushState(null, "", location.pathname + location.search + fragment);
  byId("_filters").open = false;
  run(true);
}

/** Runs the search of the session; `moving` moves the focus to what is found. */
export async function run(moving = false) {
  running?.abort();
  running = new AbortController();
  const { signal } = running;
  session.offline = false;
  showAuto("");
  byId("_results").setAttribute("aria-busy", "true");
  if (asked()) announce("Searching…");
  try {
    if (!session.topics.length) await begin(signal);
    showTopics();
    const words = await found(signal);
    if (signal.aborted) return;
    announce(words);
    if (!list.isEmpty() && !isNarrow()) list.selectFirst({ focus: moving });
    else if (moving) byId("_found").focus({ preventScroll: true });
  } catch (error) {
    if (signal.aborted) return;
    if (!(error instanceof Problem)) throw error;
    session.offline = error.offline;
    byId("_found").textContent = "Clauses";
    pane.clear();
    showProblem(error, () => run(true));
  } finally {
    if (!signal.aborted) byId("_results").removeAttribute("aria-busy");
  }
}

const asked = () => session.state.q || session.state.topic;

function announce(words) {
  byId("_found").textContent = words;
  if (asked()) say(words);
}

async function begin(signal) {
  await load(signal);
  fillFilters(session.policies);
  showState(session.state);
}

function found(signal) {
  byId("_link").hidden = !asked();
  if (session.state.topic) return byTopic(signal);
  if (!session.state.q) return welcome();
  return session.state.view === "side" ? sideBySide(signal) : search(signal);
}

function welcome() {
  pane.clear();
  showWelcome();
  return "Clauses";
}

async function search(signal) {
  const { q: query, mode, companies, languages, from, to, policies } = session.state;
  const chosen = policies.length ? policies : null;
  const body = { query, mode, policies: chosen, companies, languages, from: from || null, to: to || null, top_k: wanted };
  const answer = await post("api/search", body, { signal });
  showAuto(answer.mode);
  const all = answer.citations.length < wanted;
  const words = `${all ? "" : "First "}${plural(answer.citations.length, "clause")} ${WORDS[answer.mode]}`;
  const shown = table(answer.citations, words, answer.mode);
  if (!all && wanted < MOST) byId("_list").append(h("p", { class: "more" }, h("button", { type: "button", class: "button", onclick: more }, "Show more")));
  return shown;
}

/** Asks for as many as there may be, and goes on from the first new one. */
async function more() {
  wanted = MOST;
  await run();
  list.select(FIRST, { focus: true });
}

async function byTopic(signal) {
  const chosen = isFiltered() ? matching(session.policies, session.state) : [];
  if (isFiltered() && !chosen.length) return table([], "");
  const query = new URLSearchParams(chosen.map(({ id }) => ["policy", id]));
  const { topic, citations } = await get(`api/topics/${encodeURIComponent(session.state.topic)}?${query}`, { signal });
  return table(citations, `${topic.title}: ${plural(citations.length, "clause")}`);
}

function table(citations, words, mode = "") {
  pane.clear();
  if (citations.length) showTable(citations, language, words);
  else showNothing(session.state, mode, ways(mode));
  return citations.length ? words : "Nothing found";
}

const isFiltered = () => ["policies", "companies", "languages", "from", "to"].some((name) => session.state[name].length > 0);

/** What can be tried where nothing was found. */
function ways(mode) {
  const by = (other) => () => {
    setMode(other);
    submit();
  };
  const unfiltered = () => {
    clearFilters();
    submit({ topic: session.state.topic });
  };
  return [
    mode && mode !== "meaning" && ["Search by meaning", by("meaning")],
    mode && mode !== "phrase" && ["Search for the exact phrase", by("phrase")],
    isFiltered() && ["Clear the filters", unfiltered],
    ["Browse a topic", focusTopics],
  ].filter(Boolean);
}

async function sideBySide(signal) {
  const chosen = matching(session.policies, session.state);
  pane.clear();
  if (chosen.length < 2 || chosen.length > MOST_COMPARED) {
    showWords(
      h("p", { class: "lead" }, `Choose 2 to ${MOST_COMPARED} policies to set side by side.`),
      h("p", {}, `The filters leave ${plural(chosen.length, "policy", "policies")}.`),
      h("p", {}, h("button", { type: "button", class: "button", onclick: openFilters }, "Choose policies")),
    );
    return "Side by side";
  }
  const { columns } = await post("api/compare", { question: session.state.q, policies: chosen.map(({ id }) => id) }, { signal });
  showColumns(columns);
  const stated = columns.filter((column) => column.status === "answered").length;
  return `Stated in ${stated} of ${plural(columns.length, "policy", "policies")}`;
}

/** Opens the filters, and puts the focus on the first. */
export function openFilters() {
  byId("_filters").open = true;
  byId("_filters").querySelector("input").focus();
}

/** Runs the search again where the filters were changed. */
export function filtersChanged() {
  const now = formState();
  const names = ["policies", "companies", "languages", "from", "to"];
  if (names.some((name) => String(now[name]) !== String(session.state[name]))) submit({ topic: session.state.topic });
}

/** Puts the focus on the topic that is chosen, else the first. */
export function focusTopics() {
  const chips = byId("_topics");
  (chips.querySelector("[aria-pressed=true]") ?? chips.querySelector("button"))?.focus();
}

function showTopics() {
  const focused = byId("_topics").contains(document.activeElement);
  const chip = ({ id, title }) =>
    h("button", { type: "button", class: "chip", "aria-pressed": String(session.state.topic === id), onclick: () => browse(id) }, title);
  fill(byId("_topics"), session.topics.map((topic) => h("li", {}, chip(topic))));
  if (focused) focusTopics();
  byId("_topics").querySelector("[aria-pressed=true]")?.scrollIntoView({ block: "nearest", inline: "center" });
}

function browse(topic) {
  byId("_query").value = "";
  setView("table");
  submit({ topic: session.state.topic === topic ? "" : topic });
}
