import assert from "node:assert/strict";
import { type Answer, type Ask, tally } from "./load.js";

/** A request whose right answers are known. */
export interface JudgedAsk extends Ask {
  /** The statuses that are right when every service is well. */
  readonly right: readonly number[];
  /** Whether the policy allows it; if not, no answer may be a success. */
  readonly allowed: boolean;
  /** Looks at the body of a success. */
  readonly proves?: (body: string) => void;
}

export type JudgedAnswer = Answer<JudgedAsk>;

/** Every answer is right, or an honest 503. */
export function assertEachRightOr503(answers: readonly JudgedAnswer[]): void {
  const wrong = answers.filter(({ ask, status }) => status !== 503 && !ask.right.includes(status));
  const [first] = wrong;
  assert(
    !first,
    `${wrong.length} of ${answers.length} answers are wrong: ${JSON.stringify(tally(wrong))}; the first: ${first?.error ?? first?.body}`,
  );
  for (const answer of answers) {
    const { ask, status, headers, body } = answer;
    if (status < 300) {
      assert(ask.allowed, `${ask.name}: ${status}`);
      ask.proves?.(body);
    } else if (status === 503) {
      assertUnavailable(answer);
    } else if (status >= 400 && headers["content-type"]?.startsWith("application/")) {
      assert.equal(JSON.parse(body).status, status);
    }
  }
}

/** A 503 says when to try again, and what is the matter in the form that was asked for. */
export function assertUnavailable({ ask, status, headers, body }: Answer): void {
  assert.equal(status, 503, `${ask.name}: ${body}`);
  assert.match(headers["retry-after"] ?? "", /^[1-9]\d*$/, "Retry-After");
  if (ask.headers?.Accept?.includes("html")) {
    assert.match(headers["content-type"] ?? "", /^text\/html/);
    assert.match(body, /<h1>[^<]+<\/h1>[\s\S]*<\/html>/);
    return;
  }
  assert.match(headers["content-type"] ?? "", /^application\/problem\+json/);
  const problem = JSON.parse(body);
  assert.equal(problem.status, 503);
  assert(problem.title && problem.detail, body);
}

/** The answers to what was asked within a span of time. */
export function during<A extends Answer>(answers: readonly A[], from: number, to = Number.POSITIVE_INFINITY): A[] {
  return answers.filter(({ startedAt, endedAt }) => startedAt >= from && endedAt <= to);
}

/** How long after a moment the last 503 was given, in ms. */
export function recoveryAfter(answers: readonly Answer[], moment: number): number {
  const late = answers.filter(({ status, endedAt }) => status === 503 && endedAt > moment);
  return Math.max(0, ...late.map(({ endedAt }) => endedAt - moment));
}

/** How long all but one in ten of the answers took at most, in ms: what the machine's other work costs. */
export function slowest(answers: readonly Answer[]): number {
  const times = answers.map(({ startedAt, endedAt }) => endedAt - startedAt).sort((a, b) => a - b);
  return times[Math.floor(times.length * 0.9)] ?? 0;
}
