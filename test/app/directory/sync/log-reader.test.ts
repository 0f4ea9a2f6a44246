import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { readSyncState } from "../../../../app/directory/store/state.js";
import { useOpened } from "../../../support/database/suites.js";
import { useTemporaryDatabase } from "../../../support/database/temporary-database.js";
import { personIn } from "../../../support/directory/contents.js";
import { useFollowing } from "../../../support/directory/following.js";
import { growOrganization } from "../../../support/okta/grow-organization.js";
import { until } from "../../../support/until.js";

const STEP_MS = 30_000;

describe("the reader of the log", () => {
  const db = useOpened(useTemporaryDatabase());
  const { okta, follow, loaded, idle } = useFollowing(db);

  const followedPast = (timeMs: number) =>
    until(
      async () => Date.parse((await readSyncState(db)).logReadAt ?? "") > timeMs,
      STEP_MS,
      "the log is followed past the changes",
    );

  it("has not followed the log before it has read all of its pages", async () => {
    const { organization } = okta.org;
    const { users } = growOrganization(organization, { users: 2, groups: 1, memberships: 2 });
    const [busy = "", last = ""] = users;
    follow();
    await loaded();
    await idle();
    for (let n = 0; n < 600; n++) {
      organization.changeStatus(busy, "lock");
      organization.changeStatus(busy, "unlock");
    }
    organization.changeStatus(last, "suspend");
    const changed = Date.now();
    await followedPast(changed);
    assert.match(await personIn(db, last), /^SUSPENDED/);
  });

  it("goes on from where it was: what has been read is not read again", async () => {
    const { organization, calls } = okta.org;
    const [user] = [...organization.users.values()].filter(({ status }) => status === "ACTIVE");
    assert(user);
    follow();
    await loaded();
    organization.changeStatus(user.id, "suspend");
    await followedPast(Date.now());
    assert.match(await personIn(db, user.id), /^SUSPENDED/);
    await idle();
    const reads = () => calls.byEndpoint.get("GET users/id") ?? 0;
    const questions = () => calls.byEndpoint.get("GET logs") ?? 0;
    const [before, asked] = [reads(), questions()];
    await until(() => questions() >= asked + 3, STEP_MS, "the log is asked for three times");
    await sleep(200);
    assert.equal(reads(), before);
  });
});
