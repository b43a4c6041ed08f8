// The search as it stands in the address, behind "#": it can be shared, and never reaches a server's log.

export const MODES = ["auto", "meaning", "phrase", "clause"];
const LISTS = { policies: "policy", companies: "company", languages: "language" };
const DATE = /^\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?$/;

export const isDate = (text) => DATE.test(text);

/** The search that a fragment says; what it says wrongly is left out. */
export function read(fragment) {
  const said = new URLSearchParams(fragment.replace(/^#/, ""));
  const one = (name, known) => (known.includes(said.get(name)) ? said.get(name) : known[0]);
  const day = (name) => (isDate(said.get(name) ?? "") ? said.get(name) : "");
  const state = { q: said.get("q") ?? "", mode: one("mode", MODES), view: one("view", ["table", "side"]), topic: said.get("topic") ?? "" };
  for (const [list, name] of Object.entries(LISTS)) state[list] = said.getAll(name);
  return { ...state, from: day("from"), to: day("to") };
}

/** The fragment of a search, "" for none; what is as usual is left out. */
export function write(state) {
  const said = new URLSearchParams();
  for (const name of ["q", "mode", "view", "topic", "from", "to"]) {
    if (state[name] && state[name] !== "auto" && state[name] !== "table") said.append(name, state[name]);
  }
  for (const [list, name] of Object.entries(LISTS)) state[list].forEach((value) => said.append(name, value));
  return said.size ? `#${said}` : "";
}

/** The policies that the filters leave, as the API filters them: an undated policy lies in no time. */
export function matching(policies, state) {
  const oneOf = (wanted, value) => !wanted.length || wanted.includes(value);
  const end = (date) => date.padEnd("2018-05-07".length, "~");
  const inTime = (date) => !(state.from || state.to) || (date && end(date) >= state.from && (!state.to || date <= end(state.to)));
  return policies.filter(
    (policy) =>
      oneOf(state.policies, policy.id) && oneOf(state.companies, policy.company) && oneOf(state.languages, policy.language) && inTime(policy.effective_date),
  );
}
