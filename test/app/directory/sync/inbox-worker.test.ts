import assert from "node:assert/strict";
import { OktaApiError } from "../../../../app/directory/okta-api/errors.js";
import { lastEvents } from "../../../../app/directory/store/events.js";
import { ring } from "../../../../app/directory/store/inbox.js";
import { readSyncState } from "../../../../app/directory/store/state.js";
import { useOpened } from "../../../support/database/suites.js";
import { useTemporaryDatabase } from "../../../support/database/temporary-database.js";
import { personIn } from "../../../support/directory/contents.js";
import { useFollowing } from "../../../support/directory/following.js";
import { untilInStep } from "../../../support/directory/okta-server.js";
import { growOrganization } from "../../../support/okta/grow-organization.js";
import { until } from "../../../support/until.js";

const STEP_MS = 30_000;
const failure = () => Promise.reject(new OktaApiError("unavailable", "Okta answered 500 to users/id"));

describe("what is rung for", function () {
  this.timeout(90_000);
  const db = useOpened(useTemporaryDatabase());
  const { okta, follow, loaded, idle } = useFollowing(db);
  const grow = () => growOrganization(okta.org.organization, { users: 4, groups: 2, memberships: 6 });

  it("is read again after a failure", async () => {
    const [user = ""] = grow().users;
    let failures = 0;
    follow({ failing: (api) => ({ user: (id) => (id === user && failures++ < 2 ? failure() : api.user(id)) }) });
    await loaded();
    okta.org.organization.changeStatus(user, "suspend");
    await until(() => failures > 2, STEP_MS, "it is read for the third time");
    await idle();
    await untilInStep(db, okta.org, STEP_MS);
  });

  it("does not keep the others waiting when Okta fails about one user: nobody is decided about by what they were", async () => {
    const [user = "", other = ""] = grow().users;
    const { organization } = okta.org;
    let isFailing = true;
    follow({ failing: (api) => ({ user: (id) => (id === user && isFailing ? failure() : api.user(id)) }) });
    await loaded();
    await idle();
    organization.changeStatus(user, "suspend");
    const setAside = async () =>
      (await lastEvents(db, 50)).find(({ text }) => text.startsWith(`the user ${user} cannot be read`));
    await until(setAside, STEP_MS, "the user is set aside");
    assert.equal((await setAside())?.kind, "failure");
    // A delta may have listed them since then; what groups they have is not known any more.
    assert.match(await personIn(db, user), /^(unread|SUSPENDED) -$/);
    const changed = Date.now();
    organization.changeStatus(other, "suspend");
    const followed = async () => Date.parse((await readSyncState(db)).logReadAt ?? "") > changed;
    await until(followed, STEP_MS, "the log is followed past this");
    assert.match(await personIn(db, other), /^SUSPENDED/);
    isFailing = false;
    organization.changeStatus(user, "unsuspend");
    await ring(db, "hook", [{ kind: "user", id: user }]);
    await untilInStep(db, okta.org, STEP_MS);
  });

  it("takes nobody's groups away because Okta has the user, and not the groups", async () => {
    const [user = ""] = grow().users;
    const sync = follow({ failing: () => ({ groupsOf: async () => undefined }) });
    await loaded();
    const before = await personIn(db, user);
    await assert.rejects(sync.fetchNow(user), OktaApiError);
    assert.equal(await personIn(db, user), before);
  });
});
