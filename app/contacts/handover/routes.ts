import { type Request, type Response, Router } from "express";
import { z } from "zod";
import { authorize, wantsHtml } from "../../../middleware/index.js";
import type { DecisionLog } from "../../audit/write/decision-log.js";
import { isOfService } from "../../auth/claims.js";
import type { CurrentPerson } from "../../auth/current-person.js";
import type { RecentLogins } from "../../auth/login/recent-login.js";
import type { Db } from "../../db/database.js";
import { readState } from "../../directory/lookup/store.js";
import { readManagers } from "../../directory/managers.js";
import type { People } from "../../directory/people.js";
import { peopleNow } from "../../directory/people-now.js";
import type { Principals } from "../../directory/principals/store.js";
import { loadedPerson, personById } from "../../directory/web/resource.js";
import { directoryPeople } from "../../directory/web/store.js";
import { isEmailAddress } from "../../email-address.js";
import { ProblemError } from "../../problems.js";
import { parseBody } from "../../web/body-validation.js";
import { malformed, messagesOf } from "../../web/query-validation.js";
import { transferInput } from "../sharing/access-change.js";
import { choiceMessage, findColleagues } from "../sharing/choices.js";
import { colleagueWithEmail, colleagueWithoutRole, refused } from "../sharing/colleague.js";
import { handoverJson } from "./json.js";
import { showHandover, showHandoverForm } from "./pages.js";
import { previewOf } from "./preview.js";
import type { CheckedRecipient, ShownRecipient } from "./recipient.js";
import { handoverById, handoverPath, loadedHandover } from "./resource.js";
import { beginHandover, beginUndo, HandoverAtWorkError, handoverStore } from "./store.js";

/** What {@link handoverRoutes} works with. */
export interface HandoverRoutesOptions {
  readonly db: Db;
  readonly people: People;
  readonly principals: Principals;
  /** Says who a person is now. */
  readonly current: CurrentPerson;
  readonly decisionLog: DecisionLog;
  /** How recent the login must be of who hands over contacts. */
  readonly recent: RecentLogins;
}

/** The query string of a handover: which of the contacts that have stayed are listed. */
export const remainingQuery = z.object({ after: z.uuid("is not a cursor of this list").optional() });

/** The routes of handovers, as pages and as JSON. What they begin, a `HandoverWorker` does. */
export function handoverRoutes(options: HandoverRoutesOptions): Router {
  const { db, people, principals, current, decisionLog, recent } = options;
  const router = Router();
  const store = handoverStore(db);
  const directory = directoryPeople(db, people.areOfDirectory);
  const personNow = peopleNow(db, current);
  const person = personById(directory);
  const handover = handoverById(store, directory);

  router.get(
    "/directory/people/:id/handover",
    authorize("directory", "handover", { resource: person }),
    recent.required(),
    async (req, res) => {
      const { id } = loadedPerson(req);
      const { email } = req.query;
      const text = typeof email === "string" ? email.trim() : "";
      const found = text === "" ? undefined : await checked(req, id, text, "shown");
      const earlier = await store.ofPerson(id);
      if (wantsHtml(req)) return showHandoverForm(req, res, loadedPerson(req), earlier, found);
      if (found?.problem) throw found.problem;
      const handovers = await Promise.all(earlier.map(async (one) => handoverJson(one, await store.counts(one.id))));
      res.vary("Accept").json({ fromId: id, handovers, ...(found && { toId: found.recipient.id, ...found.preview }) });
    },
  );

  router.post(
    "/directory/people/:id/handover",
    authorize("directory", "handover", { resource: person }),
    recent.required((req) => `${handoverPath(String(req.params.id))}?${new URLSearchParams({ email: emailIn(req) })}`),
    async (req, res) => {
      const from = loadedPerson(req);
      try {
        const actorId = actorOf(req);
        const { email } = parseBody(transferInput, req.body ?? {});
        const { recipient } = await checked(req, from.id, email, "thrown");
        let id = "";
        await change(req, from.id, async (tx) => {
          id = await beginHandover(tx, { fromId: from.id, toId: recipient.id, actorId });
        });
        await answer(req, res, id);
      } catch (error) {
        const isShown = error instanceof ProblemError && [409, 422].includes(error.status) && wantsHtml(req);
        if (!isShown) throw error;
        const earlier = await store.ofPerson(from.id);
        const state = { email: emailIn(req), problem: error, preview: undefined, recipient: undefined };
        await showHandoverForm(req, res.status(error.status), from, earlier, state);
      }
    },
  );

  router.get("/handovers/:id", authorize("directory", "handover", { resource: handover }), async (req, res) => {
    const shown = loadedHandover(req);
    const query = remainingQuery.safeParse(req.query);
    if (!query.success) throw malformed(messagesOf(query.error));
    const [counts, remaining] = await Promise.all([
      store.counts(shown.id),
      store.remaining(shown.id, query.data.after),
    ]);
    if (wantsHtml(req)) return showHandover(req, res, { db, people, handover: shown, counts, remaining });
    res.vary("Accept").json({ ...handoverJson(shown, counts), remaining: remaining.contacts, next: remaining.next });
  });

  router.post(
    "/handovers/:id/undo",
    authorize("directory", "handover", { resource: handover }),
    recent.required((req) => `/handovers/${req.params.id}`),
    async (req, res) => {
      const undone = loadedHandover(req);
      await change(req, undone.fromId, (tx) => beginUndo(tx, undone, actorOf(req)));
      await answer(req, res, undone.id);
    },
  );

  return router;

  /**
   * Finds the recipient, checks them, and says what the handover would come to.
   *
   * @param problems - whether a recipient who is refused is an error, or is shown
   * @throws {@link ProblemError} 422 when they cannot be given contacts, or could read none of them
   */
  async function checked(req: Request, fromId: string, email: string, problems: "thrown"): Promise<CheckedRecipient>;
  async function checked(req: Request, fromId: string, email: string, problems: "shown"): Promise<ShownRecipient>;
  async function checked(req: Request, fromId: string, email: string, problems: "thrown" | "shown") {
    try {
      const found = await colleagueWithEmail(people, transferInput.parse({ email }).email);
      if (found.id === fromId) throw refused("These contacts belong to them already.");
      const recipient = await personNow(found.id);
      if (!recipient || recipient.roles.length === 0) throw colleagueWithoutRole(found);
      const preview = await previewOf(req, store, fromId, recipient, await readManagers(db, recipient.id));
      if (preview.total > 0 && preview.unreadable === preview.total) {
        throw refused(`${recipient.name} could read none of these contacts with the roles that they have.`);
      }
      return { email, recipient, preview, problem: undefined };
    } catch (error) {
      const problem = error instanceof z.ZodError ? refused(error.issues[0]?.message ?? "") : error;
      if (problems === "thrown" || !(problem instanceof ProblemError) || problem.status !== 422) throw problem;
      const unclear = { email, recipient: undefined, preview: undefined };
      if (isEmailAddress(email) || !wantsHtml(req)) return { ...unclear, problem };
      const { colleagues, hasMore } = await findColleagues(principals, email);
      const choices = { colleagues: colleagues.map((one) => ({ ...one, note: "", isUsable: true })), hasMore };
      return { ...unclear, problem: refused(choiceMessage(email, choices)), choices };
    }
  }

  /** Makes a change together with the record of the decision that has allowed it, which is about the person. */
  async function change(req: Request, personId: string, work: (tx: Db) => Promise<void>): Promise<void> {
    try {
      await decisionLog.pendingChange(req).commitTransaction(async (tx) => {
        await work(tx);
        return { id: personId, version: (await readState(tx))?.version ?? 0 };
      });
    } catch (error) {
      if (!(error instanceof HandoverAtWorkError)) throw error;
      const detail = "Contacts of this person are being handed over, or moved back, already. Nothing was begun.";
      throw new ProblemError(409, "Under way", detail, { fields: { email: detail } });
    }
  }

  async function answer(req: Request, res: Response, id: string): Promise<void> {
    const path = `/handovers/${id}`;
    if (wantsHtml(req)) return res.redirect(303, path);
    const begun = await store.get(id);
    res.status(202).location(path);
    if (begun) res.json(handoverJson(begun, await store.counts(id)));
    else res.end();
  }
}

/**
 * Who is answerable for what a request begins.
 *
 * @throws {@link ProblemError} 422 for a service: of that it cannot be said later whether it is active, and with which roles
 */
function actorOf({ person }: Request): string {
  if (!person || (isOfService(person.claims) && !person.directory && person.claims.cid === person.id)) {
    throw new ProblemError(422, "Not for services", "A person has to hand over contacts, not a service.");
  }
  return person.id;
}

function emailIn(req: Request): string {
  const email: unknown = req.body?.email;
  return typeof email === "string" ? email : "";
}
