import { sql } from "drizzle-orm";
import { type Db, rowsOf } from "../../../../app/db/database.js";
import { keepsTokens } from "../../../../app/demo/okta-org/model/lifecycle.js";
import type { Organization } from "../../../../app/demo/okta-org/model/organization.js";
import type { User } from "../../../../app/demo/okta-org/model/types.js";
import { peopleStore } from "../../../../app/directory/people.js";
import { until } from "../../until.js";
import { isReadable } from "../okta-server.js";
import { type Asked, ask } from "./decisions.js";

/** Longer than what a process knows may be old. */
const DECISIONS_MS = 15_000;

/** Who was there in a history. */
interface Cast {
  readonly userIds: ReadonlySet<string>;
  /** Who was somebody in a decision. */
  readonly seen: ReadonlySet<string>;
}

/** What is not as it has to be after a history, besides who and what is in the directory. */
export async function checkEnd(
  db: Db,
  organization: Organization,
  processes: readonly Asked[],
  { userIds, seen }: Cast,
): Promise<string[]> {
  const live = [...organization.users.values()].filter(isLive);
  const mayBeThere = (id: string) => {
    const user = organization.users.get(id);
    return user !== undefined && (user.status !== "DEPROVISIONED" || !isReadable(user));
  };
  const findings: string[] = [];

  const rows = await rowsOf<{ id: string; status: string; name: string; isGone: boolean; memberships: number }>(
    db,
    sql`select id, status, name, gone_at is not null as "isGone",
        (select count(*)::int from directory_memberships where person_id = id) as memberships from people`,
  );
  for (const { id, status, name, isGone, memberships } of rows.filter(({ id }) => !mayBeThere(id))) {
    if (!isGone || status !== "DEPROVISIONED" || memberships > 0) findings.push(`${id} is gone, and no tombstone`);
    if (seen.has(id) && name === "") findings.push(`the tombstone ${id} has lost its name`);
  }
  for (const id of seen) if (!rows.some((row) => row.id === id)) findings.push(`nothing is left of ${id}`);

  const people = peopleStore(db, { roleMap: undefined, attributes: [] });
  for (const email of new Set(live.map(({ profile }) => profile.email.toLowerCase()))) {
    const found = (await people.byEmail(email)).map(({ id }) => id).sort();
    const expected = live.filter(({ profile }) => profile.email.toLowerCase() === email).map(({ id }) => id);
    if (found.join() !== expected.sort().join()) findings.push(`${email} is that of ${found}, and not of ${expected}`);
  }

  for (const process of processes) {
    for (const id of userIds) {
      const expected = expectedOf(organization, id);
      let told: unknown;
      const isRight = async () => {
        const { user } = (await ask(process, id)) ?? {};
        const { department, emailIsVerified, roles } = user ?? {};
        told = user === null ? null : { department, emailIsVerified, roles: [...(roles ?? [])].sort() };
        return JSON.stringify(told) === JSON.stringify(expected);
      };
      await until(isRight, DECISIONS_MS, () => `${id} is ${JSON.stringify(told)}, and not ${JSON.stringify(expected)}`);
    }
  }
  return findings;
}

/** Whether a user is in the directory, and no tombstone. */
function isLive(user: User): boolean {
  return user.status !== "DEPROVISIONED" && isReadable(user);
}

/** Who a user is in truth; `null`: nobody. */
function expectedOf({ users, groups }: Organization, id: string): object | null {
  const user = users.get(id);
  if (!user || !keepsTokens(user) || !isReadable(user)) return null;
  const email = user.profile.email.toLowerCase();
  const others = [...users.values()].filter(
    (other) => other.id !== id && isLive(other) && other.profile.email.toLowerCase() === email,
  );
  const roles = groups
    .of(id)
    .map(({ profile }) => profile.name)
    .filter((name) => name !== "Everyone");
  return {
    department: String(user.profile.department ?? "").trim(),
    emailIsVerified: others.length === 0,
    roles: roles.sort(),
  };
}
