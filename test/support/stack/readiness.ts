import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import type { Context } from "mocha";
import type { Contact } from "../../../app/contacts/contact.js";
import { type TemporaryDatabase, temporaryDatabase } from "../database/temporary-database.js";
import { send } from "../load/load.js";

/** A database for tests to which any will do: PostgreSQL where there is one, as it starts sooner; else the app's own. */
export async function anyDatabase(test: Context): Promise<{ env: NodeJS.ProcessEnv; drop(): Promise<void> }> {
  if (!process.env.TEST_DATABASE_URL) return { env: {}, drop: async () => {} };
  const database: TemporaryDatabase = await temporaryDatabase(test);
  return { env: { DATABASE_URL: database.url }, drop: database.drop };
}

/** Creates a contact through the API. */
export async function createContact(url: string, token: string, contact: object): Promise<Contact> {
  const { status, body } = await send(url, {
    name: "create a contact",
    method: "POST",
    path: "/contacts",
    headers: bearer(token),
    body: contact,
  });
  assert.equal(status, 201, body);
  return JSON.parse(body) as Contact;
}

export function bearer(token: string): { Authorization: string } {
  return { Authorization: `Bearer ${token}` };
}

/** Waits until `/readyz` says that all is well, or that just one thing is missing; what it says may be a second old. */
export async function assertReadiness(url: string, missing?: "database" | "pdp" | "okta"): Promise<void> {
  const checks = { database: "ok", pdp: "ok", okta: "ok", ...(missing && { [missing]: "unavailable" }) };
  const status = missing ? 503 : 200;
  const seen: unknown[] = [];
  const asExpected = async () => {
    const answer = await send(url, { name: "readyz", path: "/readyz" });
    const told = { status: answer.status, checks: JSON.parse(answer.body).checks };
    return seen.push(told) && isDeepStrictEqual(told, { status, checks });
  };
  await until(asExpected, 8_000, () => `readyz: ${JSON.stringify(seen.at(-1))}`);
}

/** Waits until something holds; looks again and again. @throws AssertionError when it does not within so many ms */
export async function until(holds: () => unknown, limit: number, what: string | (() => string)): Promise<void> {
  const end = performance.now() + limit;
  while (!(await holds())) {
    if (performance.now() > end) assert.fail(`not within ${limit} ms: ${typeof what === "string" ? what : what()}`);
    await sleep(20);
  }
}
