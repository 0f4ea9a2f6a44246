import { arrayOf, described, type JsonSchema, object, text } from "./schemas.js";

/** Problem details (RFC 9457, section 3), with this app's extension members. */
export const problem = object(
  {
    type: described("`about:blank`: the status says which kind of problem it is.", { type: "string", format: "uri" }),
    title: described("Short, and the same for every occurrence of the problem.", text),
    status: { type: "integer", minimum: 400, maximum: 599 },
    detail: described("What went wrong this time, and what the client can do.", text),
    requestId: described("The answer's `X-Request-Id`.", text),
    code: described("Why it was not allowed, in a word: such as `denied`, `no_roles` or `pdp_unavailable`.", text),
    decisionId: described("The id of the decision in the log.", text),
    errors: described(
      "What is wrong with fields of the body or with parameters.",
      arrayOf(object({ field: text, message: text })),
    ),
    validationErrors: described(
      "For developers, never in production: what does not fit the schemas of the policies.",
      arrayOf(object({ source: text, path: text, message: text })),
    ),
  },
  ["code", "decisionId", "errors", "validationErrors"],
);

const retryAfter = described("In how many seconds to try again.", text);
const challenge = described("Which access token is missing (RFC 6750, section 3; RFC 9470).", text);

const descriptions: Readonly<Record<number, string>> = {
  400: "The body, the query or a header is malformed.",
  401: "Not logged in, the access token is not valid, or the login is too long ago for this.",
  403: "The policy denies it, the caller has no role, or the access token lacks a scope.",
  404: "There is nothing with this id.",
  409: "It is in the way of what is there already, or of what is under way.",
  412: "The contact has been changed since. Nothing was written.",
  413: "The body is too large.",
  415: "The body is not JSON.",
  422: "Fields of the body are not valid. `errors` says which.",
  428: "`If-Match` is missing.",
  429: "Too many requests.",
  503: "The PDP, the database or Okta does not answer, or the decision cannot be recorded. Nothing was done.",
};

/** Headers of some problems, by status. Those of 401 are not there when the token is Okta's own. */
const headersOf: Readonly<Record<number, Readonly<Record<string, JsonSchema>>>> = {
  401: { "WWW-Authenticate": challenge },
  429: { "Retry-After": retryAfter },
  503: { "Retry-After": retryAfter },
};

function response(description: string, headers: Readonly<Record<string, JsonSchema>> = {}) {
  const described = Object.entries(headers).map(([name, { description, ...schema }]) => [
    name,
    { description, schema },
  ]);
  return {
    description,
    headers: { "X-Request-Id": { $ref: "#/components/headers/X-Request-Id" }, ...Object.fromEntries(described) },
    content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
  };
}

/** The answers with problem details, by their names in the document. */
export const problemResponses = Object.fromEntries([
  ["Problem", response("Any other problem.")],
  ...Object.entries(descriptions).map(([status, description]) => [
    `Problem${status}`,
    response(description, headersOf[Number(status)]),
  ]),
]);
