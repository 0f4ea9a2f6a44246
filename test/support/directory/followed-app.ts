import { DirectoryLookup } from "../../../app/directory/lookup/lookup.js";
import { standInFor, useFixture } from "../fixture.js";
import { type Client, clientOf } from "../http/client.js";
import { type InProcess, type InProcessOptions, useInProcess } from "../stack/in-process.js";
import { silentLogger } from "../telemetry/silent-logger.js";
import { DirectoryRows, type UserRow } from "./rows.js";

/** Users of the directory who may log in, by first name; their ids begin with `00`. */
export const roleHolders = ["alice", "uma", "audrey", "nina"] as const;

/** The attributes of profiles that the app's policies see. */
const attributes = ["costCenter", "tags"];

/** Users whose profiles have been read whole, unless a test says otherwise. */
class ReadRows extends DirectoryRows {
  override user(id: string, row: UserRow = {}, groupIds?: readonly string[]): Promise<number> {
    const none = Object.fromEntries(attributes.map((name) => [name, null]));
    return super.user(id, { attributes: none, ...row }, groupIds);
  }
}

/** The group of each. */
const groups = { alice: "g-admin", uma: "g-user", audrey: "g-auditor", nina: undefined } as const;

/** How an app in this process differs that follows Okta. @param policies - see {@link useFollowedApp} */
export function followingOptions(policies?: string): InProcessOptions {
  return {
    policies,
    openDirectory: (db) =>
      new DirectoryLookup({
        ...{ db, rules: { roleMap: undefined, attributes }, maxAgeSeconds: 900 },
        ...{ fetchNow: async () => {}, logger: silentLogger },
      }),
  };
}

/** Makes the directory of an app one that has followed Okta up to now; see {@link useFollowedApp}. */
export async function fillDirectory(app: Pick<InProcess, "database" | "as" | "url">) {
  const rows = new ReadRows(app.database.db);
  await rows.follow(4);
  for (const name of ["admin", "user", "auditor"]) await rows.group(`g-${name}`, name);
  await rows.group("g-everyone", "Everyone", "BUILT_IN");
  await rows.group("g-app", "admin", "APP_GROUP");
  for (const name of roleHolders) {
    const group = groups[name];
    await rows.user(`00${name}`, { name: nameOf(name) }, ["g-everyone", ...(group ? [group] : [])]);
  }
  const clients = Object.fromEntries(
    await Promise.all(roleHolders.map(async (name) => [name, await app.as(`00${name}`, "none", "")] as const)),
  ) as Record<(typeof roleHolders)[number], Client>;
  return { rows, ...clients, stranger: clientOf(app.url) };
}

/**
 * Gives the suite that calls this an app in this process that has followed Okta up to now: with users of each role, groups of
 * each type, and API clients of theirs. See {@link useInProcess}.
 *
 * @param policies - says the folder of the policies; default: the CRM's
 */
export function useFollowedApp(policies?: () => string) {
  const app = useInProcess(() => followingOptions(policies?.()));
  const fixture = useFixture(() => fillDirectory(app));
  return {
    app,
    rows: standInFor(() => fixture.rows),
    alice: standInFor(() => fixture.alice),
    uma: standInFor(() => fixture.uma),
    audrey: standInFor(() => fixture.audrey),
    nina: standInFor(() => fixture.nina),
    stranger: standInFor(() => fixture.stranger),
  };
}

/** As the rows have it. */
function nameOf(name: string): string {
  return `${name.charAt(0).toUpperCase()}${name.slice(1)} Test`;
}
