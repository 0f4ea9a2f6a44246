import type { Db } from "../../db/database.js";
import type { Home } from "../../web/start/home.js";
import { countReports } from "../managers.js";
import { numberOf } from "./labels.js";
import { summaryText } from "./pages.js";
import { mayListPeople, mayListReports, maySeeSync } from "./resource.js";
import { type FollowedDirectory, readSyncSummary } from "./sync-status.js";

/**
 * The directory's part of the start page: how closely it follows Okta, for users who may list its people; the people who
 * report to them, for others.
 *
 * @param followed - `undefined`: people come from logins, and nothing is followed
 */
export function directoryHome(db: Db, followed: FollowedDirectory | undefined): Home {
  return async (req) => {
    const [isWhole, seesSync] = await Promise.all([mayListPeople(req), maySeeSync(req)]);
    if (isWhole) {
      const summary = followed && seesSync ? await readSyncSummary(db, followed.settings) : null;
      const locals = { isFollowed: followed !== undefined, sync: summary && summaryText(summary), reports: null };
      return [
        { title: "Directory", more: { href: "/directory", label: "All people" }, view: "/directory/home", locals },
      ];
    }
    const { principal } = req.authz;
    const count = principal ? await countReports(db, principal.id) : 0;
    if (count === 0 || !(await mayListReports(req))) return [];
    const locals = { isFollowed: true, sync: null, reports: numberOf(count, "person reports", "people report") };
    return [
      { title: "Your reports", more: { href: "/directory", label: "See them" }, view: "/directory/home", locals },
    ];
  };
}
