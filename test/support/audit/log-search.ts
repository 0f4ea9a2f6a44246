import assert from "node:assert/strict";
import type { DecisionRecord } from "../../../app/audit/record/record.js";
import { json } from "../http/answers.js";
import type { Client } from "../http/client.js";

/** A page of the log as JSON shows it. */
export interface LogPage {
  readonly decisions: readonly DecisionRecord[];
  readonly next: string | null;
  readonly message?: string;
}

/** What a search of the log finds first. */
export async function searched(client: Client, query: Record<string, string> = {}): Promise<LogPage> {
  const answer = await client.get(`/audit?${new URLSearchParams(query)}`);
  assert.equal(answer.status, 200, answer.body);
  return json<LogPage>(answer);
}

/** Everything that a search of the log finds, page by page. */
export async function searchedAll(client: Client, query: Record<string, string> = {}): Promise<DecisionRecord[]> {
  const found: DecisionRecord[] = [];
  let next: string | null = null;
  do {
    const page: LogPage = await searched(client, { limit: "100", ...query, ...(next && { after: next }) });
    found.push(...page.decisions);
    next = page.next;
  } while (next);
  return found;
}

/** The decision that refused a request, as its problem names it. */
export function decisionIdIn({ body }: { body: string }): string {
  const { decisionId } = JSON.parse(body) as { decisionId?: string };
  assert(decisionId, body);
  return decisionId;
}

/** Waits until what has been decided is written down: as the log does when it is asked for what it does not have. */
export async function written(client: Client): Promise<void> {
  assert.equal((await client.get("/audit/none")).status, 404);
}
