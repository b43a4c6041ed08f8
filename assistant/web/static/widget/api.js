// What is asked of the server; what goes wrong there, or on the way, is a Problem.

// How long an answer is waited for, in milliseconds.
const PATIENCE = 30_000;

export class Problem extends Error {
  // `code` is one of the server's, "offline" or "slow"; `again` says whether asking again may help.
  constructor(code, detail, again) {
    super(detail);
    this.code = code;
    this.again = again;
  }
}

// The JSON that `path` answers, null for no content; with a body it is posted.
export async function call(base, path, body) {
  const post = body && { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  let response;
  let said;
  try {
    response = await fetch(new URL(path, base), {
      ...post,
      credentials: "omit",
      referrerPolicy: "no-referrer",
      signal: AbortSignal.timeout(PATIENCE),
    });
    said = response.status === 204 ? null : await response.json();
  } catch (error) {
    if (!response || response.ok) throw new Problem(error.name === "TimeoutError" ? "slow" : "offline", "", true);
  }
  if (response.ok) return said;
  const { status } = response;
  const code = said?.code ?? { 429: "too_many_requests", 503: "busy" }[status] ?? "internal";
  throw new Problem(code, typeof said?.detail === "string" ? said.detail : "", status === 429 || status >= 500);
}
