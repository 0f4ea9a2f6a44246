import assert from "node:assert/strict";
import type { DecisionRecord } from "../../../app/audit/record/record.js";
import { json } from "../http/answers.js";
import type { Client } from "../http/client.js";

/** A page of the log as JSON. */
export interface LogPage {
  readonly decisions: readonly DecisionRecord[];
  readonly next: string | null;
  readonly message?: string;
}

/** The first page that a search of the log finds. */
export async function searchLog(client: Client, query: Record<string, string> = {}): Promise<LogPage> {
  const answer = await client.get(`/audit?${new URLSearchParams(query)}`);
  assert.equal(answer.status, 200, answer.body);
  return json<LogPage>(answer);
}

/** Everything that a search of the log finds, page by page. */
export async function searchAllPages(client: Client, query: Record<string, string> = {}): Promise<DecisionRecord[]> {
  const found: DecisionRecord[] = [];
  let next: string | null = null;
  do {
    const page: LogPage = await searchLog(client, { limit: "100", ...query, ...(next && { after: next }) });
    found.push(...page.decisions);
    next = page.next;
  } while (next);
  return found;
}

/** The id of the decision that refused a request, from its problem details. */
export function decisionIdIn({ body }: { body: string }): string {
  const { decisionId } = JSON.parse(body) as { decisionId?: string };
  assert(decisionId, body);
  return decisionId;
}

/** Makes the app write the decisions that it still has in memory, as it does when an unknown decision is asked for. */
export async function flushLog(client: Client): Promise<void> {
  assert.equal((await client.get("/audit/none")).status, 404);
}
