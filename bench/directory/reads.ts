import autocannon from "autocannon";
import { createDatabase } from "../../test/support/database/temporary-database.js";
import { startOktaServer } from "../../test/support/directory/okta-server.js";
import { bearer } from "../../test/support/http/bearer.js";
import { median } from "../../test/support/load/median.js";
import { growOrganization } from "../../test/support/okta/grow-organization.js";
import { type Child, startChild } from "../child.js";
import { type Figure, printFigures } from "./report.js";

const CONNECTIONS = 16;
const ROUND_SECONDS = 3;
const ROUNDS = 11;
const CONTACTS = 50;
const MIN_SHARE = 0.97;
/** The last ones are more than the app keeps in its memory. */
const USERS = [16, 4_000, 20_000];
const MOST_USERS = Math.max(...USERS);
const TOKENS_AT_ONCE = 500;

type Mode = "on" | "off";
type Crm = Child<Readonly<Record<Mode, string>>>;

/**
 * Reads of the CRM with a directory and without one, in turns, in one process; while it is off, Okta is not followed
 * either. A round lasts until its decisions are written and sealed.
 */
export async function reads(server: string): Promise<void> {
  const okta = await startOktaServer();
  const { organization } = okta.org;
  const { users } = growOrganization(organization, { users: MOST_USERS, groups: 20, memberships: 2 * MOST_USERS });
  const role = [...organization.groups.all.values()].find(({ profile }) => profile.name === "user")?.id ?? "";
  organization.quietly(() => {
    for (const id of users) organization.addMember(role, id);
  });
  const database = await createDatabase(server);
  const crm: Crm = await startChild("bench/directory/crm.ts", [database.url, okta.origin, okta.org.apiToken]);
  try {
    const tokens: string[] = [];
    for (let n = 0; n < users.length; n += TOKENS_AT_ONCE) {
      tokens.push(...(await crm.ask<string[]>(users.slice(n, n + TOKENS_AT_ONCE))));
    }
    await crm.ask("follow");
    const paths = {
      "a contact": await createContacts(crm.greeting.on, tokens[0] ?? ""),
      "a list as JSON": "/contacts",
    };
    await crm.ask("rest");
    const figures: Figure[] = [];
    for (const [what, path] of Object.entries(paths)) {
      for (const count of USERS) {
        const measured = await shareOf(crm, path, tokens.slice(0, count));
        figures.push({ name: `${what}, ${count} users in turn`, measured, atLeast: MIN_SHARE });
      }
    }
    printFigures("reads with a directory: share of the throughput without", figures, 3);
  } finally {
    await crm.stop();
    await okta.stop();
    await database.drop();
  }
}

/** @returns the path of the last one */
async function createContacts(url: string, token: string): Promise<string> {
  let id = "";
  for (let n = 0; n < CONTACTS; n++) {
    const response = await fetch(`${url}/contacts`, {
      method: "POST",
      headers: { ...bearer(token), "Content-Type": "application/json" },
      body: JSON.stringify({ firstName: "Ada", lastName: `Contact ${n}` }),
    });
    if (response.status !== 201) throw new Error(`${response.status}: ${await response.text()}`);
    ({ id } = (await response.json()) as { id: string });
  }
  return `/contacts/${id}`;
}

/** The median of the shares within rounds. Each round goes on with the users where the one before has stopped. */
async function shareOf(crm: Crm, path: string, tokens: readonly string[]): Promise<number> {
  const shares: number[] = [];
  let first = 0;
  // The first ones only warm up.
  for (let n = -2; n < ROUNDS; n++) {
    const inTurn = [...tokens.slice(first), ...tokens.slice(0, first)];
    const round = { on: { requests: 0, rate: 0 }, off: { requests: 0, rate: 0 } };
    for (const mode of n % 2 ? (["on", "off"] as const) : (["off", "on"] as const)) {
      if (mode === "on") await crm.ask("follow");
      round[mode] = await load(crm, `${crm.greeting[mode]}${path}`, inTurn);
      await crm.ask("rest");
    }
    if (n >= 0) shares.push(round.on.rate / round.off.rate);
    first = (first + round.on.requests) % tokens.length;
  }
  return median(shares);
}

/** Requests of users in turn. @returns how many there were, and how many a second */
async function load(crm: Crm, url: string, tokens: readonly string[]): Promise<{ requests: number; rate: number }> {
  const start = performance.now();
  let client = 0;
  const result = await autocannon({
    url,
    duration: ROUND_SECONDS,
    connections: CONNECTIONS,
    setupClient: (each) => {
      const own = tokens.filter((_, n) => n % CONNECTIONS === client % CONNECTIONS);
      client++;
      each.setRequests(own.map((token) => ({ headers: { ...bearer(token), accept: "application/json" } })));
    },
  });
  await crm.ask("drain");
  const failed = result.errors + result.timeouts + result.non2xx;
  if (failed > 0) throw new Error(`${failed} of ${result.requests.total} requests to ${url} failed`);
  return { requests: result["2xx"], rate: result["2xx"] / ((performance.now() - start) / 1_000) };
}
