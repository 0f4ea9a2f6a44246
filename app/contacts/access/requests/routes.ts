import { type Request, Router } from "express";
import { authorize, wantsHtml } from "../../../../middleware/index.js";
import { toSql } from "../../../../middleware/sql/index.js";
import type { DecisionLog } from "../../../audit/write/decision-log.js";
import { nameAmong, type People } from "../../../directory/people.js";
import { ProblemError } from "../../../problems.js";
import { parseBody } from "../../../web/body-validation.js";
import { redirectWithNotice, renderPage } from "../../../web/pages.js";
import { contactColumns } from "../../columns.js";
import { nameOf } from "../../labels.js";
import { contactById, contactResource, loadedContact } from "../../resource.js";
import { unshareInput } from "../../sharing/access-change.js";
import type { ContactStore } from "../../store.js";
import { stateTexts } from "./labels.js";
import {
  type AccessRequestStore,
  type Asked,
  askForAccess,
  dismissRequest,
  type ListedRequest,
  MAX_OPEN,
} from "./store.js";

/** What {@link accessRequestRoutes} works with. */
export interface AccessRequestRoutesOptions {
  readonly store: ContactStore;
  readonly requests: AccessRequestStore;
  readonly people: People;
  readonly decisionLog: DecisionLog;
}

/** The routes by which people ask for access to a contact that they may read, and its owner answers. */
export function accessRequestRoutes({ store, requests, people, decisionLog }: AccessRequestRoutesOptions): Router {
  const router = Router();
  const resource = contactById(store);

  router.get("/contacts/:id/requests", authorize("contact", "share", { resource }), async (req, res) => {
    const open = await requests.ofContact(loadedContact(req).id);
    const known = await people.byIds(open.map(({ requesterId }) => requesterId));
    const shown = open.map(({ requesterId, askedAt }) => ({ ...personOf(known, requesterId), askedAt }));
    res.json({ requests: shown });
  });

  router.post("/contacts/:id/requests", authorize("contact", "ask", { resource }), async (req, res) => {
    const contact = loadedContact(req);
    const requester = req.authz.principal?.id ?? "";
    if (contact.ownerId === requester) throw conflict("Yours already", "You own this contact.");
    let asked: Asked = "asked already";
    await decisionLog.pendingChange(req).commitTransaction(async (tx) => {
      asked = await askForAccess(tx, contact.id, requester);
      return asked === "asked" ? { id: contact.id, version: contact.version } : undefined;
    });
    throwRefusal(asked);
    if (!wantsHtml(req)) return void res.status(202).json({ state: "open" });
    const known = await people.byIds([contact.ownerId]);
    const notice = `${nameAmong(known, contact.ownerId, "Its owner")} is asked for access. You see the answer here.`;
    await redirectWithNotice(req, res, `/contacts/${contact.id}`, notice);
  });

  router.post("/contacts/:id/requests/dismiss", authorize("contact", "share", { resource }), async (req, res) => {
    const contact = loadedContact(req);
    const { userId } = parseBody(unshareInput, req.body ?? {});
    const dismissed = await decisionLog.pendingChange(req).commitTransaction(async (tx) => {
      const isDone = await dismissRequest(tx, contact.id, userId);
      return isDone ? { id: contact.id, version: contact.version } : undefined;
    });
    if (!dismissed) throw conflict("Not asked for", "This request was answered meanwhile, or there is none.");
    if (!wantsHtml(req)) return void res.status(204).end();
    await redirectWithNotice(req, res, `/contacts/${contact.id}`, "The request was dismissed.");
  });

  router.get("/requests", authorize("contact", "share", { filter: true }), async (req, res) => {
    const me = req.authz.principal?.id ?? "";
    const permitted = toSql(req.authz.filter("contact", "share"), contactColumns);
    const read = async () => {
      const [toAnswer, own] = await Promise.all([requests.toAnswer(me, permitted), requests.of(me)]);
      return { toAnswer: await listedOf(req, toAnswer, "share"), own: await listedOf(req, own, "read") };
    };
    if (!wantsHtml(req)) return void res.vary("Accept").json(await read());
    await renderPage(req, res, "contacts/requests", "Requests for access", read());
  });

  return router;

  /** Requests as lists have them: those for contacts with which the user may do an action. */
  async function listedOf(req: Request, listed: readonly ListedRequest[], action: "share" | "read") {
    const [answers, known] = await Promise.all([
      req.authz.canEach(
        listed.map(({ contact }) => contactResource(contact)),
        [action],
      ),
      people.byIds(listed.flatMap(({ request, contact }) => [request.requesterId, contact.ownerId])),
    ]);
    return listed
      .filter((_, n) => answers[n]?.[action])
      .map(({ request: { requesterId, state, askedAt, settledAt }, contact }) => ({
        ...{ contactId: contact.id, contactName: nameOf(contact), requester: personOf(known, requesterId) },
        ...{ ownerName: nameAmong(known, contact.ownerId), state, stateText: stateTexts[state], askedAt, settledAt },
      }));
  }
}

function personOf(known: Awaited<ReturnType<People["byIds"]>>, id: string) {
  return { id, name: nameAmong(known, id), email: known.get(id)?.email ?? "" };
}

function throwRefusal(asked: Asked): void {
  if (asked === "recently dismissed") {
    throw conflict("Dismissed", "Your request was dismissed less than a day ago. Nothing was asked for.");
  }
  if (asked === "too many") {
    throw conflict(
      "Too many requests",
      `You have ${MAX_OPEN} requests that wait for an answer. Nothing was asked for.`,
    );
  }
}

function conflict(title: string, detail: string): ProblemError {
  return new ProblemError(409, title, detail);
}
