import assert from "node:assert/strict";
import { Agent } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { requestToken } from "../../app/demo/identity-provider/request-token.js";
import type { Organization } from "../../app/demo/okta-org/model/organization.js";
import { versions } from "../../test/support/directory/contents.js";
import { bearer } from "../../test/support/http/bearer.js";
import { send } from "../../test/support/load/load.js";
import type { DirectoryCrm } from "../../test/support/stack/directory-crm.js";
import { until } from "../../test/support/until.js";

const USERS = 5;
const READY_LIMIT_MS = 60_000;
const CHANGE_LIMIT_MS = 30_000;
/** Changes come at any moment between two looks of the app. */
const MAX_GAP_MS = 150;
/** How often it is looked whether a change is in the directory, and whether a process decides by it. */
const LOOK_MS = 4;

/** What happens to a user in turn, and which status a read of their team's contact has afterwards. */
const TURNS: readonly {
  readonly status: number;
  change(organization: Organization, id: string, role: string): void;
}[] = [
  { status: 403, change: (organization, id, role) => organization.removeMember(role, id) },
  { status: 200, change: (organization, id, role) => organization.addMember(role, id) },
  { status: 403, change: (organization, id) => organization.updateProfile(id, { department: "Support" }) },
  { status: 200, change: (organization, id) => organization.updateProfile(id, { department: "Sales" }) },
  { status: 401, change: (organization, id) => organization.changeStatus(id, "suspend") },
  { status: 200, change: (organization, id) => organization.changeStatus(id, "unsuspend") },
];

/** What became of a change, in ms. */
export interface MeasuredChange {
  /** From the start until it was in the directory. */
  readonly writtenMs: number;
  /** From the start until each process had answered a request by it for the first time. */
  readonly decidedMs: readonly number[];
}

interface ChangingUser {
  readonly id: string;
  readonly token: string;
  turn: number;
}

/** Users of a CRM whose rights change, one after the other. */
export class ChangingUsers {
  readonly #crm: DirectoryCrm;
  readonly #users: readonly ChangingUser[];
  readonly #role: string;
  readonly #path: string;
  readonly #agents: readonly Agent[];

  private constructor(crm: DirectoryCrm, users: readonly ChangingUser[], role: string, path: string) {
    this.#crm = crm;
    this.#users = users;
    this.#role = role;
    this.#path = path;
    this.#agents = crm.processes.map(() => new Agent({ keepAlive: true, maxSockets: 1 }));
  }

  /** Waits until the directory is read, and gives some users what they will lose and get back. */
  static async create(crm: DirectoryCrm): Promise<ChangingUsers> {
    const { issuer, org } = crm.idp;
    await crm.loaded();
    const role = [...org.organization.groups.all.values()].find(({ profile }) => profile.name === "user")?.id;
    const [first] = crm.processes;
    assert(role && first);
    const users = await Promise.all(
      Array.from({ length: USERS }, async (_, n) => {
        const login = `changing${n}@example.com`;
        const profile = { login, email: login, firstName: "Changing", lastName: String(n), department: "Sales" };
        const { id } = org.organization.createUser(profile);
        org.organization.addMember(role, id);
        return { id, token: await requestToken(issuer, login), turn: 0 };
      }),
    );
    const owner = bearer(await requestToken(issuer, "alice@example.com"));
    const body = { firstName: "Ada", lastName: "Lovelace", visibility: "team" };
    let path = "";
    const isCreated = async () => {
      const answer = await send(first.url, { name: "create", method: "POST", path: "/contacts", headers: owner, body });
      if (answer.status === 201) path = `/contacts/${JSON.parse(answer.body).id}`;
      return answer.status === 201;
    };
    await until(isCreated, READY_LIMIT_MS, "a contact of the team");
    const changing = new ChangingUsers(crm, users, role, path);
    const seen = users.flatMap((user) => crm.processes.map((_, n) => changing.#untilDecided(user, 200, n)));
    await Promise.all(seen);
    return changing;
  }

  /**
   * Makes changes, each when all processes have answered by the one before.
   *
   * @param start - whether times count from the arrival of the hook at the app, or from the change
   */
  async measure(count: number, start: "hook" | "change"): Promise<MeasuredChange[]> {
    const measured: MeasuredChange[] = [];
    for (let n = 0; n < count; n++) {
      const user = this.#users[n % this.#users.length];
      assert(user);
      measured.push(await this.#measureOne(user, start));
      await sleep(Math.random() * MAX_GAP_MS);
    }
    return measured;
  }

  close(): void {
    for (const agent of this.#agents) agent.destroy();
  }

  async #measureOne(user: ChangingUser, start: "hook" | "change"): Promise<MeasuredChange> {
    const { idp, relay, db, processes } = this.#crm;
    const turn = TURNS[user.turn++ % TURNS.length];
    assert(turn);
    const { version } = await versions(db);
    const started = start === "hook" ? relay.nextArrival() : performance.now();
    turn.change(idp.org.organization, user.id, this.#role);
    const decided = processes.map((_, n) => this.#untilDecided(user, turn.status, n));
    const written = await this.#untilWritten(version);
    const startedAt = await started;
    const decidedAt = await Promise.all(decided);
    return { writtenMs: written - startedAt, decidedMs: decidedAt.map((at) => at - startedAt) };
  }

  async #untilWritten(before: number): Promise<number> {
    const limit = performance.now() + CHANGE_LIMIT_MS;
    while ((await versions(this.#crm.db)).version === before) {
      assert(performance.now() < limit, "a change was not written");
      await sleep(LOOK_MS);
    }
    return performance.now();
  }

  /** When a process has answered with a status for the first time. @param n - which process */
  async #untilDecided(user: ChangingUser, status: number, n: number): Promise<number> {
    const { url } = this.#crm.processes[n] ?? assert.fail();
    const request = { name: "read", path: this.#path, headers: bearer(user.token) };
    const limit = performance.now() + CHANGE_LIMIT_MS;
    for (;;) {
      const answer = await send(url, request, this.#agents[n]);
      if (answer.status === status) return answer.endedAt;
      assert(performance.now() < limit, `${answer.status} instead of ${status}: ${answer.body}`);
      // The questions should not keep the machine busy.
      await sleep(LOOK_MS);
    }
  }
}
