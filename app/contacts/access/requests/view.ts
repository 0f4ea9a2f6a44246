import type { Contact } from "../../contact.js";
import { stateTexts } from "./labels.js";
import type { AccessRequest } from "./store.js";

/** What a page shows to a user who may ask for more access: whom, and what has come of it. */
export interface AccessRequestView {
  readonly ownerName: string;
  /** Whether the contact is another person's, who can be asked, and no answer to wait for. */
  readonly mayAsk: boolean;
  /** What has come of the user's request; `null`: there is none. */
  readonly stateText: string | null;
  readonly askedAt: string | null;
}

/** @param own - the request of the user; `undefined`: there is none */
export function requestView(
  { ownerId }: Pick<Contact, "ownerId">,
  userId: string,
  ownerName: string,
  own: AccessRequest | undefined,
): AccessRequestView {
  return {
    ownerName,
    mayAsk: ownerId !== userId && own?.state !== "open",
    stateText: own ? stateTexts[own.state] : null,
    askedAt: own?.askedAt.toISOString() ?? null,
  };
}
