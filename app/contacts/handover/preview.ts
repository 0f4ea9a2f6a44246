import type { Request } from "express";
import type { Person } from "../../auth/claims.js";
import { principalOfPerson } from "../../directory/principal.js";
import { type SeenContact, seenContact } from "../resource.js";
import { transferChange } from "../sharing/access-change.js";
import type { ContactCounts, HandoverStore } from "./store.js";

/** How many kinds of contacts the PDP is asked about at a time. */
const QUESTIONS_AT_A_TIME = 500;

/** What a handover would come to. */
export interface Preview extends ContactCounts {
  /** How many the recipient could not read when they own them. */
  readonly unreadable: number;
}

/**
 * Says what it would come to if all contacts of a person were handed over. The recipient is asked about as the recipient, with
 * the roles and attributes that they have now. Of contacts that policies cannot tell apart one is asked about.
 *
 * @param managers - the ids of those whom the recipient reports to
 * @throws what `req.authz.can()` throws
 */
export async function previewOf(
  req: Request,
  store: HandoverStore,
  fromId: string,
  recipient: Person,
  managers: readonly string[],
): Promise<Preview> {
  const [counts, alike] = await Promise.all([store.countContacts(fromId, recipient.id), store.alikeContacts(fromId)]);
  const checks = req.authz.about(principalOfPerson(recipient)).countedChecks();
  let unreadable = 0;
  try {
    for (let n = 0; n < alike.length; n += QUESTIONS_AT_A_TIME) {
      const some = alike.slice(n, n + QUESTIONS_AT_A_TIME);
      const given = some.map(({ contact }): SeenContact => {
        const change = transferChange({ ...contact, ownerId: fromId }, recipient, req.person?.id ?? "");
        return { ...contact, ...change, managers };
      });
      const answers = await checks.canEach(given.map(seenContact), ["read"]);
      for (const [place, { count }] of some.entries()) if (!answers[place]?.read) unreadable += count;
    }
  } finally {
    await checks.end();
  }
  return { ...counts, unreadable };
}
