// The REST API of the server that this page came from, at whatever path it is mounted.

export const ROOT = new URL("../../../", import.meta.url);

/** What went wrong, in a sentence for people. */
export class Problem extends Error {
  constructor(detail, offline = false) {
    super(detail);
    this.offline = offline;
  }
}

/** The response of one request; with `body` it is posted as JSON. */
export async function request(path, { body, signal } = {}) {
  const sent = body === undefined ? {} : { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  let response;
  try {
    response = await fetch(new URL(path, ROOT), { ...sent, signal, credentials: "omit" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem("The server cannot be reached. Check the connection; the search is kept, and runs again once it is back.", true);
  }
  if (!response.ok) throw new Problem(await detail(response));
  return response;
}

export const get = async (path, options) => (await request(path, options)).json();
export const post = async (path, body, options) => (await request(path, { ...options, body })).json();

async function detail(response) {
  const said = await response.json().catch(() => null);
  return typeof said?.detail === "string" ? said.detail : `The server could not do this (${response.status}). Try again.`;
}

const documents = new Map();

/** A policy with its text and outline, asked for once. */
export function policyText(id) {
  if (!documents.has(id)) {
    const loading = get(`api/policies/${encodeURIComponent(id)}`).then((policy) => ({ ...policy, points: Array.from(policy.text) }));
    loading.catch(() => documents.delete(id));
    documents.set(id, loading);
  }
  return documents.get(id);
}
