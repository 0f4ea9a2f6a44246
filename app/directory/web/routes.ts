import { type Request, type Response, Router } from "express";
import { z } from "zod";
import { authorize, wantsHtml } from "../../../middleware/index.js";
import { toSql } from "../../../middleware/sql/index.js";
import type { Revocations } from "../../auth/revocation/revocations.js";
import type { Db } from "../../db/database.js";
import { ProblemError } from "../../problems.js";
import { parseBody } from "../../web/body-validation.js";
import { redirectWithNotice } from "../../web/pages.js";
import { malformed, messagesOf } from "../../web/query-validation.js";
import { readState } from "../lookup/store.js";
import { noteEvent } from "../store/events.js";
import { releaseBrake } from "../store/missing.js";
import { requestReconciliation } from "../store/state.js";
import { directoryColumns } from "./columns.js";
import { numberOf } from "./labels.js";
import { encodeCursor, peopleQuery } from "./list-query.js";
import { type PersonLinks, showPeople, showPerson, showSync } from "./pages.js";
import { listedJson, personJson } from "./person.js";
import { loadedPerson, maySeeSync, personById, personResource } from "./resource.js";
import { directoryPeople, type ListedPerson } from "./store.js";
import { type FollowedDirectory, readSyncStatus, readSyncSummary, type SyncSummary } from "./sync-status.js";

/** Makes changes together with the records of the decisions that have allowed them: the decision log. */
export interface RecordedChanges {
  pendingChange(req: Request): {
    /**
     * @param work - makes the change in a transaction; `undefined`: it has changed nothing
     * @returns what `work` does
     */
    commitTransaction(work: (tx: Db) => Promise<Change | undefined>): Promise<unknown>;
  };
}

/** What the decision's record says was changed: a person, or `*` for the directory as a whole; and the version that it had. */
interface Change {
  readonly id: string;
  readonly version: number;
}

/** The brake that is meant is the one that the user has seen. */
export const releaseInput = z.object({
  since: z.iso.datetime({ precision: 3, error: "Must be the time since when the brake holds." }),
});

/**
 * The directory of people, and how it follows Okta: as pages and as JSON.
 *
 * @param followed - `undefined`: people come from logins, and nothing is followed
 * @param revocations - ends the access of people
 * @param linksOf - what a person's page offers besides
 */
export function directoryRoutes(
  db: Db,
  followed: FollowedDirectory | undefined,
  changes: RecordedChanges,
  revocations: Pick<Revocations, "revokeIn">,
  linksOf: PersonLinks,
): Router {
  const router = Router();
  const people = directoryPeople(db, followed !== undefined);
  const source = followed ? "okta" : "logins";

  router.get("/directory", authorize("directory", "list", { filter: true }), async (req, res) => {
    const filter = req.authz.filter("directory", "list");
    const query = peopleQuery.safeParse(req.query);
    if (!query.success) throw malformed(messagesOf(query.error));
    const permitted = toSql(filter, directoryColumns);
    if (wantsHtml(req)) {
      const result = async () => {
        const [page, total] = await Promise.all([
          people.list(query.data, permitted),
          people.count(query.data, permitted),
        ]);
        return { total, next: page.next, people: await permittedPeople(req, page.people) };
      };
      return showPeople(req, res, db, followed, { ...query.data, isWhole: filter.decision === "allowed" }, result());
    }
    const page = await people.list(query.data, permitted);
    const shown = (await permittedPeople(req, page.people)).map((person) => listedJson(person, followed?.rules));
    res.vary("Accept").json({ source, people: shown, next: page.next && encodeCursor(page.next) });
  });

  router.get("/directory/people/:id", authorize("directory", "read", { resource: personById(people) }), (req, res) => {
    const person = loadedPerson(req);
    if (wantsHtml(req)) return showPerson(req, res, person, followed?.rules, linksOf);
    res.vary("Accept").json(personJson(person, followed?.rules));
  });

  router.post(
    "/directory/people/:id/revoke",
    authorize("directory", "revoke", { resource: personById(people) }),
    async (req, res) => {
      const { id } = loadedPerson(req);
      const askedBy = req.person?.id;
      const by = askedBy === undefined || askedBy === id ? {} : { askedBy };
      let sessions = 0;
      await changes.pendingChange(req).commitTransaction(async (tx) => {
        const ended = await revocations.revokeIn(tx, [{ personId: id, reason: "by_administrator", ...by }], req);
        sessions = ended.length;
        return { id, version: (await readState(tx))?.version ?? 0 };
      });
      if (!wantsHtml(req)) return void res.json({ sessions });
      const ended = numberOf(sessions, "session has", "sessions have");
      const notice = `They are logged out everywhere: ${ended} ended, and the access tokens that they had are refused.`;
      await redirectWithNotice(req, res, `/directory/people/${encodeURIComponent(id)}`, notice);
    },
  );

  router.get("/directory/sync", authorize("directory", "read"), async (req, res) => {
    if (wantsHtml(req)) return showSync(req, res, db, followed);
    const status = followed && (await readSyncStatus(db, followed.settings));
    res.vary("Accept").json({ source, ...status });
  });

  router.post("/directory/sync/release", authorize("directory", "release"), async (req, res) => {
    const { since } = parseBody(releaseInput, req.body);
    await change(req, res, {
      make: (tx) => releaseBrake(tx, since),
      event: ["brake", "an administrator has let go what it held: each is read from Okta once more"],
      refusal: (summary) => releaseRefusal(summary?.brake ?? null),
      notice: "The brake is let go. Okta is asked about each of them now, and what is gone there goes here.",
    });
  });

  router.post("/directory/sync/reconcile", authorize("directory", "reconcile"), async (req, res) => {
    await change(req, res, {
      make: requestReconciliation,
      event: ["reconciliation", "an administrator has asked to have everything compared"],
      refusal: (summary) => reconcileRefusal(summary?.underWay),
      notice: "Everything is compared with Okta from now on.",
    });
  });

  return router;

  /** What is done to the directory as a whole. What was asked for goes on after the answer. */
  async function change(req: Request, res: Response, { make, event, refusal, notice }: DirectoryChange): Promise<void> {
    try {
      if (!followed) throw notFollowed();
      const made = await changes.pendingChange(req).commitTransaction(async (tx) => {
        if (!(await make(tx))) return undefined;
        await noteEvent(tx, ...event);
        return { id: "*", version: (await readState(tx))?.version ?? 0 };
      });
      if (!made) throw refusal(await readSyncSummary(db, followed.settings));
      if (wantsHtml(req)) await redirectWithNotice(req, res, "/directory/sync", notice);
      else res.status(202).end();
    } catch (error) {
      const isShown = error instanceof ProblemError && error.status === 409 && wantsHtml(req);
      if (!isShown || !(await maySeeSync(req))) throw error;
      await showSync(req, res.status(409), db, followed, error.message);
    }
  }
}

/** Something that can be done to the directory as a whole. */
interface DirectoryChange {
  /** Does it, in a transaction; `false`: it cannot be done now. */
  readonly make: (tx: Db) => Promise<boolean>;
  /** The kind and the text of the event that tells of it. */
  readonly event: readonly [kind: string, text: string];
  /** The error for why it cannot be done now. */
  readonly refusal: (summary: SyncSummary | null) => ProblemError;
  /** What the page says afterwards. */
  readonly notice: string;
}

function notFollowed(): ProblemError {
  return conflict("Nothing is followed", "People come from logins here: there are no settings of the Okta API.");
}

function releaseRefusal(brake: SyncSummary["brake"]): ProblemError {
  return brake
    ? conflict("Changed meanwhile", "The brake holds something else by now. Nothing was changed; look at it again.")
    : conflict("Nothing is held", "The brake holds nothing any more. Nothing was changed.");
}

function reconcileRefusal(underWay: SyncSummary["underWay"] | undefined): ProblemError {
  if (underWay === "load") return conflict("Under way", "The first load is under way, which reads everything anyway.");
  if (underWay) return conflict("Under way", "Everything is being compared already. It was not begun anew.");
  // It may have ended a moment ago.
  return conflict("Not now", "Nothing was begun. Look at how far the directory is, then try again.");
}

function conflict(title: string, detail: string): ProblemError {
  return new ProblemError(409, title, detail);
}

/** The people of a page that the PDP's check allows too. They are on record as checked when this resolves. */
async function permittedPeople(req: Request, people: readonly ListedPerson[]): Promise<readonly ListedPerson[]> {
  const checks = req.authz.countedChecks();
  try {
    const answers = await checks.canEach(people.map(personResource), ["list"]);
    const permitted = people.filter((_, n) => answers[n]?.list);
    const denied = people.length - permitted.length;
    if (denied > 0) req.log.error({ denied }, "defect: the query plan let through what the PDP's check denies");
    return permitted;
  } finally {
    await checks.end();
  }
}
