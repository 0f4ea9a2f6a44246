import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { demoPeople } from "../../../app/demo/users.js";
import { cerbos, routesOf } from "../../../middleware/index.js";
import { startPdp } from "../../../middleware/testing/index.js";
import { directPool } from "../database/direct-pool.js";
import { clientsOf } from "../http/client.js";
import { projectPath } from "../paths.js";
import { startStack } from "../stack/stack.js";
import { crm } from "../stack/unconnected-app.js";
import { allIdentities, type Identity } from "./identities.js";
import { Judge } from "./judge.js";
import { MarkedContacts } from "./marked-contacts.js";
import { expectedRequests, type MutatedRequest, mutatedRequest, SENT_WORD } from "./mutated-request.js";
import { Sender, type SentRequest } from "./sender.js";

const MAX_PARALLEL = 8;
const ROUND = 1_000;
/** Of how many contacts each route and identity is tried with what the app expects. */
const EXPECTED_PICKS = 3;
/** What ends the sessions of a user, and makes the access tokens void that were issued until then, in whole seconds. */
const REVOKES = /^\/(logout\/everywhere|directory\/people\/[^/]+\/revoke)/i;
const NEXT_SECOND_MS = 1_001;
const SAFE_METHODS = ["GET", "HEAD"];
const PERSONAL = new RegExp(`${SENT_WORD}|mark\\d{3}x|@(test\\.)?example\\b`, "i");

/** How much is tried. */
export interface Trial {
  /** Of the first thousand requests; the next thousand has the next number. */
  readonly seed: number;
  readonly cases: number;
  /** Gets a line after each thousand. */
  readonly onProgress?: (line: string) => void;
}

/** What came of a trial. */
export interface Outcome {
  /** How many answers there were, by status. */
  readonly statuses: Readonly<Record<string, number>>;
  /** How many successes each identity had with routes of contacts, of the log and of the directory. */
  readonly successes: Readonly<Record<string, number>>;
  /** How many requests changed a contact, or created one. */
  readonly changes: number;
  /** What is wrong, each with the request that shows it. */
  readonly findings: readonly string[];
}

/**
 * Sends what the app expects, and then mutated requests, of all identities to all routes of an app of its own, with a real PDP, and judges each answer,
 * and each contact after each request that might have changed one.
 *
 * @param databaseUrl - of an empty PostgreSQL database
 */
export async function tryRequests(databaseUrl: string, { seed, cases, onProgress }: Trial): Promise<Outcome> {
  const closers: (() => unknown)[] = [];
  try {
    const stack = await startStack({ DATABASE_URL: databaseUrl });
    let isStopped = false;
    closers.push(() => isStopped || stack.stop());
    const pool = directPool(databaseUrl);
    closers.push(() => pool.end());
    const child = await startPdp({
      policies: projectPath("policies"),
      config: projectPath("pdp/pdp.yaml"),
    });
    closers.push(() => child.stop());
    const pdp = cerbos(child.target, { tls: false, deadline: 10_000 });
    closers.push(() => pdp.close());
    const sender = new Sender(stack.url);
    closers.push(() => sender.close());

    const { alice, uma, omar } = await clientsOf(stack);
    const identities = await allIdentities(stack);
    const contacts = await MarkedContacts.create([alice, uma, omar], ["uma@example.com", "omar@example.com"], pool);
    const decisions = (await pool.query("select id from decisions order by seq limit 50")).rows.map(({ id }) =>
      String(id),
    );
    const { app, close } = crm();
    close();
    const routes = routesOf(app);
    // A handover changes contacts after its answer: it has tests of its own.
    const tried = routes.filter(({ method, path }) => !(method === "POST" && path.includes("handover")));
    const judge = new Judge(pdp, contacts, routes);

    const statuses: Record<string, number> = {};
    const successes: Record<string, number> = {};
    const findings: string[] = [];
    let changes = 0;

    const send = async (mutated: MutatedRequest): Promise<void> => {
      const identity = identities[mutated.identity] ?? assert.fail();
      const sent = sentBy(identity, mutated, contacts, decisions);
      const shown = () =>
        `${identity.name}: ${JSON.stringify({ ...sent, headers: mutated.headers, body: sent.body?.toString().slice(0, 300) })}`;
      try {
        const answer = await sender.send(sent);
        const isSafe = SAFE_METHODS.includes(sent.method);
        const changed = isSafe ? { changed: [], created: 0 } : await contacts.changes();
        const found = await judge.findings(identity, mutated.hasCsrfToken, sent, answer, changed);
        if (found.length > 0)
          findings.push(
            `${found.join("; ")}: ${shown()} was answered with ${answer.status}: ${answer.text.slice(0, 300)}`,
          );
        if (changed.changed.length + changed.created > 0) {
          changes += 1;
          await contacts.restore();
        }
        statuses[answer.status] = (statuses[answer.status] ?? 0) + 1;
        if (answer.status < 300 && /^\/(contacts|audit|directory)/i.test(sent.path)) {
          successes[identity.name] = (successes[identity.name] ?? 0) + 1;
        }
        if (!isSafe && answer.status < 400 && REVOKES.test(sent.path)) {
          await sleep(NEXT_SECOND_MS);
          for (const each of identities) await each.renew();
        }
        // It may have ended the session.
        else if (!isSafe && answer.status < 400 && !/^\/(contacts|directory)/i.test(sent.path)) await identity.renew();
      } catch (error) {
        findings.push(`no answer (${error}): ${shown()}`);
      }
    };

    async function sendAll(requests: readonly MutatedRequest[]): Promise<void> {
      // What may change something is sent alone, so that it is known what has.
      let together: MutatedRequest[] = [];
      for (const mutated of [...requests, undefined]) {
        const isSafe = mutated && SAFE_METHODS.includes(mutated.method);
        if (isSafe) together.push(mutated);
        if (!isSafe || together.length === MAX_PARALLEL) {
          await Promise.all(together.map(send));
          together = [];
        }
        if (mutated && !isSafe) await send(mutated);
      }
    }

    await sendAll(expectedRequests(tried, identities.length, EXPECTED_PICKS));
    for (let done = 0; done < cases; done += ROUND) {
      const numRuns = Math.min(ROUND, cases - done);
      await sendAll(fc.sample(mutatedRequest(tried, identities.length), { seed: seed + done / ROUND, numRuns }));
      onProgress?.(`${done + numRuns} requests, ${findings.length} findings`);
    }

    await stack.stop();
    isStopped = true;
    for (const line of stack.output().split("\n")) {
      if (line.startsWith("{") && PERSONAL.test(line)) findings.push(`in the log: ${line.slice(0, 500)}`);
    }
    return { statuses, successes, changes, findings };
  } finally {
    for (const close of closers.reverse()) await close();
  }
}

function sentBy(
  identity: Identity,
  { method, path, headers, body, hasCsrfToken, pick }: MutatedRequest,
  contacts: MarkedContacts,
  decisions: readonly string[],
): SentRequest {
  const filled = path
    .replaceAll("{contact}", contacts.all[pick % contacts.all.length]?.id ?? "")
    .replaceAll("{person}", demoPeople[pick % demoPeople.length]?.id ?? "")
    .replaceAll("{decision}", encodeURIComponent(decisions[pick % decisions.length] ?? ""));
  return { method, path: filled, headers: { ...headers, ...identity.headers(hasCsrfToken) }, body };
}
