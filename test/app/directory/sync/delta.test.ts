import { sql } from "drizzle-orm";
import { readSyncState } from "../../../../app/directory/store/state.js";
import { useOpened } from "../../../support/database/suites.js";
import { useTemporaryDatabase } from "../../../support/database/temporary-database.js";
import { useFollowing } from "../../../support/directory/following.js";
import { untilInStep } from "../../../support/directory/okta-server.js";
import { growOrganization } from "../../../support/okta/grow-organization.js";
import { until } from "../../../support/until.js";

const STEP_MS = 60_000;

describe("the delta", () => {
  const db = useOpened(useTemporaryDatabase());
  const { okta, follow, loaded, idle } = useFollowing(db, { faults: { pageSize: 3 } });

  it("finds users and groups that are new or other than before, of which the log says nothing", async () => {
    const { organization } = okta.org;
    const { users, groups } = growOrganization(organization, { users: 8, groups: 2, memberships: 12 });
    follow();
    await loaded();
    await idle();
    organization.quietly(() => {
      for (const user of users.slice(0, 5)) organization.updateProfile(user, { department: "Elsewhere" });
      organization.changeStatus(users[5] ?? "", "suspend");
      organization.groups.update(groups[0] ?? "", { name: "renamed" });
      const names = { login: "n@test.example", email: "n@test.example", firstName: "N", lastName: "E" };
      organization.addMember(groups[1] ?? "", organization.createUser(names).id);
    });
    await untilInStep(db, okta.org, STEP_MS);
  });

  it("asks for what changed since the last one, with seconds to spare, by its clock", async () => {
    follow();
    await loaded();
    await db.execute(sql`update directory_state set changed_since = '2026-01-01T00:00:00.000Z'`);
    const since = async () => Date.parse((await readSyncState(db)).changedSince ?? "");
    const overlapMs = 15_000;
    // The header `Date` has whole seconds. A delta that had begun keeps what the load has noted, for some seconds more.
    const before = Date.now() - overlapMs - 1_000;
    const isSince = async () => {
      const time = await since();
      return time >= before && time <= Date.now() - overlapMs;
    };
    await until(isSince, STEP_MS, "the next delta");
  });
});
