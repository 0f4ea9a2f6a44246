import type { User } from "../../../../../app/demo/okta-org/model/types.js";
import { useOpened } from "../../../../support/database/suites.js";
import { useTemporaryDatabase } from "../../../../support/database/temporary-database.js";
import { useFollowing } from "../../../../support/directory/following.js";
import { untilInStep } from "../../../../support/directory/okta-server.js";
import { growOrganization } from "../../../../support/okta/grow-organization.js";

const STEP_MS = 60_000;

describe("the first load", () => {
  const db = useOpened(useTemporaryDatabase());
  const { okta, follow, loaded } = useFollowing(db, { faults: { pageSize: 5 } });

  /** Makes a change, of which neither log nor delta tell, when a list's first page is asked for. */
  function meanwhile(list: RegExp, change: () => void): void {
    let isDone = false;
    okta.beforeCall = (_n, url) => {
      if (isDone || !list.test(url)) return;
      isDone = true;
      okta.org.organization.quietly(change);
    };
  }
  /** As one that has not changed for long, so that no delta lists it. */
  const age = (user: User) => {
    okta.org.organization.users.set(user.id, { ...user, lastUpdated: "2026-01-01T00:00:00.000Z" });
  };

  it("finds a user who came after all users were read, and was in a group", async () => {
    const { organization } = okta.org;
    const { groups } = growOrganization(organization, { users: 10, groups: 2, memberships: 15 });
    meanwhile(/\/groups\/[^/]+\/users/, () => {
      const names = { login: "n@test.example", email: "n@test.example", firstName: "N", lastName: "E" };
      const user = organization.createUser(names);
      organization.addMember(groups[0] ?? "", user.id);
      age(user);
    });
    follow({ syncSeconds: 60 });
    await loaded();
    await untilInStep(db, okta.org, STEP_MS);
  });

  it("finds that a group has gone after all groups were read", async () => {
    const { organization } = okta.org;
    const { groups } = growOrganization(organization, { users: 10, groups: 2, memberships: 15 });
    meanwhile(/\/groups\/[^/]+\/users/, () => organization.groups.delete(groups[1] ?? ""));
    follow({ syncSeconds: 60 });
    await loaded();
    await untilInStep(db, okta.org, STEP_MS);
  });

  it("goes on when Okta does not know a page any more", async () => {
    growOrganization(okta.org.organization, { users: 20, groups: 2, memberships: 15 });
    let isLost = false;
    okta.beforeCall = (_n, url) => {
      if (isLost || !/\/users\?.*after=/.test(url)) return;
      isLost = true;
      okta.org.expireCursors();
    };
    follow({ syncSeconds: 60 });
    await loaded();
    await untilInStep(db, okta.org, STEP_MS);
  });
});
