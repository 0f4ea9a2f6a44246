import type { Request } from "express";
import { PdpFailedError, PdpRejectedError, type Principal } from "../../../middleware/index.js";
import { type SeenContact, seenContact } from "../resource.js";
import type { AccessAction } from "./actions.js";

/**
 * What a person may do with contacts, as the PDP says when it is asked as them.
 *
 * @returns by contact and action; `null` when the PDP cannot decide about them, because their profile does not fit the policies'
 *   schema, say: they may do nothing then, whatever they try
 * @throws what `req.authz.canEach()` throws when there is no answer at all
 */
export async function askAs<A extends AccessAction>(
  req: Request,
  principal: Principal,
  contacts: readonly SeenContact[],
  actions: readonly A[],
): Promise<readonly Readonly<Record<A, boolean>>[] | null> {
  try {
    const asked: readonly AccessAction[] = actions;
    return await req.authz.about(principal).canEach(contacts.map(seenContact), asked);
  } catch (error) {
    if (error instanceof PdpRejectedError || error instanceof PdpFailedError) return null;
    throw error;
  }
}
