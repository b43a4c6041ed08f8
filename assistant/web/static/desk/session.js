// What the desk is about at this moment: the search, and the policies and topics of the server.

import { get } from "./api.js";
import { read } from "./state.js";

export const session = { state: read(location.hash), policies: [], topics: [], offline: false };

/** Asks the server for its policies and topics. */
export async function load(signal) {
  const [known, told] = await Promise.all([get("api/policies", { signal }), get("api/topics", { signal })]);
  session.policies = known.policies;
  session.topics = told.topics;
}

/** In which language a policy is written. */
export const language = (policy) => session.policies.find(({ id }) => id === policy)?.language ?? "";
