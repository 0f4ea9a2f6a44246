import assert from "node:assert/strict";
import type { Answer } from "./client.js";

/** Problem details: RFC 9457, section 3, with this app's extension members. */
export interface ProblemJson {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly requestId: string;
  readonly code?: string;
  readonly errors?: readonly { readonly field: string; readonly message: string }[];
}

/** The parsed body of an answer that is JSON. */
export function json<T = unknown>({ headers, body }: Answer): T {
  assert.match(headers.get("content-type") ?? "", /^application\/json\b/, body);
  return JSON.parse(body) as T;
}

/** The problem in an answer, which must have the status, and all that every problem has. */
export function problemIn(answer: Answer, status: number): ProblemJson {
  assert.equal(answer.status, status, answer.body);
  assert.match(answer.headers.get("content-type") ?? "", /^application\/problem\+json\b/);
  const problem = JSON.parse(answer.body) as ProblemJson;
  assert.equal(problem.type, "about:blank");
  assert.equal(problem.status, status);
  assert.ok(problem.title, "a title");
  assert.ok(problem.detail, "a detail");
  assert.equal(problem.requestId, answer.headers.get("x-request-id"));
  assert.equal(answer.headers.get("cache-control"), "no-store");
  return problem;
}

/** The fields that a problem has messages for, each with its message. */
export function messagesIn({ errors = [] }: ProblemJson): Record<string, string> {
  return Object.fromEntries(errors.map(({ field, message }) => [field, message]));
}
