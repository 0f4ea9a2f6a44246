import { and, asc, eq, inArray, sql } from "drizzle-orm";
import { type Db, rowsOf } from "../../db/database.js";
import { contacts, handoverContacts } from "../../db/schema.js";
import { type Contact, shownColumns } from "../contact.js";
import type { WorkingHandover } from "./lease.js";

/** Why a contact was left where it is. */
export type LeftReason = "deleted" | "other_owner" | "changed" | "denied" | "undecided";

/** A contact that is to move, or to move back. */
export interface NextContact {
  readonly id: string;
  /** As it is now; `undefined`: it was deleted. */
  readonly contact: (Contact & { readonly emailIsDuplicate: boolean }) | undefined;
  /** What it was before it moved, and the version that this has made. It says nothing of one that has not moved. */
  readonly before: Pick<Contact, "department" | "sharedWith" | "editors"> & { readonly movedVersion: number | null };
}

/** What has come of a contact. */
export interface Outcome {
  readonly id: string;
  readonly outcome: "moved" | "left" | "undone" | "kept";
  readonly reason?: LeftReason;
  /** What it was before, if it has moved. */
  readonly before?: Pick<Contact, "department" | "sharedWith" | "editors"> & { readonly emailIsDuplicate: boolean };
  /** The version that this has made, if it has moved. */
  readonly movedVersion?: number;
}

/** What contacts have come to that are next: those that wait or, when it is undone, those that have moved. */
export function nextOutcome({ state }: Pick<WorkingHandover, "state">): "pending" | "moved" {
  return state === "running" ? "pending" : "moved";
}

/** The contacts of a handover that are next. @param limit - how many, at most */
export async function nextContacts(db: Db, handover: WorkingHandover, limit: number): Promise<NextContact[]> {
  const { contactId: id, department, sharedWith, editors, movedVersion } = handoverContacts;
  const next = await db
    .select({ id, before: { department, sharedWith, editors, movedVersion } })
    .from(handoverContacts)
    .where(and(eq(handoverContacts.handoverId, handover.id), eq(handoverContacts.outcome, nextOutcome(handover))))
    .orderBy(asc(handoverContacts.emailWasDuplicate), asc(id))
    .limit(limit);
  const found = await db
    .select({ ...shownColumns, emailIsDuplicate: contacts.emailIsDuplicate })
    .from(contacts)
    .where(
      inArray(
        contacts.id,
        next.map((one) => one.id),
      ),
    );
  const byId = new Map(found.map((contact) => [contact.id, contact]));
  return next.map((one) => ({ ...one, contact: byId.get(one.id) }));
}

/**
 * Notes what has come of contacts, as a part of the transaction that changes them.
 *
 * @throws Error when one of them is not next any more
 */
export async function noteOutcomes(tx: Db, handover: WorkingHandover, outcomes: readonly Outcome[]): Promise<void> {
  if (outcomes.length === 0) return;
  const rows = outcomes.map(({ id, outcome, reason = null, before, movedVersion = null }) => ({
    ...{ id, outcome, reason, moved_version: movedVersion },
    ...{ department: before?.department, shared_with: before?.sharedWith, editors: before?.editors },
    email_was_duplicate: before?.emailIsDuplicate,
  }));
  const noted = await rowsOf(
    tx,
    sql`update handover_contacts as known set outcome = o.outcome, reason = o.reason,
        department = coalesce(o.department, known.department), shared_with = coalesce(o.shared_with, known.shared_with),
        editors = coalesce(o.editors, known.editors), moved_version = coalesce(o.moved_version, known.moved_version),
        email_was_duplicate = coalesce(o.email_was_duplicate, known.email_was_duplicate)
      from json_to_recordset(${JSON.stringify(rows)}::json) as o(id uuid, outcome text, reason text, moved_version int,
        department text, shared_with text[], editors text[], email_was_duplicate boolean)
      where known.handover_id = ${handover.id} and known.contact_id = o.id and known.outcome = ${nextOutcome(handover)}
      returning 1`,
  );
  if (noted.length !== outcomes.length) throw new Error("something has come of a contact already");
}
