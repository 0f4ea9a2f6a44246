import assert from "node:assert/strict";
import { type Answer, type LoadRequest, tally } from "./load.js";

/** A request whose right answers are known. */
export interface JudgedRequest extends LoadRequest {
  /** The statuses that are right when every service is well. */
  readonly right: readonly number[];
  /** Whether the policy allows it; if not, no answer may be a success. */
  readonly allowed: boolean;
  /** Looks at the body of a success. */
  readonly proves?: (body: string) => void;
}

export type JudgedAnswer = Answer<JudgedRequest>;

/** Asserts that every answer is right, or a well-formed 503. */
export function assertEachRightOr503(answers: readonly JudgedAnswer[]): void {
  const wrong = answers.filter(({ request, status }) => status !== 503 && !request.right.includes(status));
  const [first] = wrong;
  assert(
    !first,
    `${wrong.length} of ${answers.length} answers are wrong: ${JSON.stringify(tally(wrong))}; the first: ${first?.error ?? first?.body}`,
  );
  for (const answer of answers) {
    const { request, status, headers, body } = answer;
    if (status < 300) {
      assert(request.allowed, `${request.name}: ${status}`);
      request.proves?.(body);
    } else if (status === 503) {
      assertUnavailable(answer);
    } else if (status >= 400 && headers["content-type"]?.startsWith("application/")) {
      assert.equal(JSON.parse(body).status, status);
    }
  }
}

/** Asserts that an answer is a 503 that says when to try again, and what is wrong, in the format that the request accepts. */
export function assertUnavailable({ request, status, headers, body }: Answer): void {
  assert.equal(status, 503, `${request.name}: ${body}`);
  assert.match(headers["retry-after"] ?? "", /^[1-9]\d*$/, "Retry-After");
  if (request.headers?.Accept?.includes("html")) {
    assert.match(headers["content-type"] ?? "", /^text\/html/);
    assert.match(body, /<h1>[^<]+<\/h1>[\s\S]*<\/html>/);
    return;
  }
  assert.match(headers["content-type"] ?? "", /^application\/problem\+json/);
  const problem = JSON.parse(body);
  assert.equal(problem.status, 503);
  assert(problem.title && problem.detail, body);
}

/** The answers to the requests within a span of time. */
export function during<A extends Answer>(answers: readonly A[], from: number, to = Number.POSITIVE_INFINITY): A[] {
  return answers.filter(({ startedAt, endedAt }) => startedAt >= from && endedAt <= to);
}

/** How long after a moment the last 503 was given, in ms. */
export function recoveryAfter(answers: readonly Answer[], moment: number): number {
  const late = answers.filter(({ status, endedAt }) => status === 503 && endedAt > moment);
  return Math.max(0, ...late.map(({ endedAt }) => endedAt - moment));
}

/** The 90th percentile of the answers' times, in ms: what the machine's other work costs. */
export function slowest(answers: readonly Answer[]): number {
  const times = answers.map(({ startedAt, endedAt }) => endedAt - startedAt).sort((a, b) => a - b);
  return times[Math.floor(times.length * 0.9)] ?? 0;
}
