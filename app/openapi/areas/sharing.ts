import type { z } from "zod";
import { shareInput, transferInput, unshareInput, visibilityInput } from "../../contacts/sharing/access-change.js";
import {
  type Area,
  emptyAnswer,
  idInPath,
  ifMatch,
  jsonBody,
  OF_BODY,
  OF_RESOURCE,
  OF_VERSION,
  type OperationOptions,
  operation,
} from "../operation.js";
import { fromZod, uuid } from "../schemas.js";
import { contactAnswer } from "./contacts.js";

const TAG = "Sharing";

/** A path at which access to a contact is changed. */
function change(input: z.ZodType, text: Pick<OperationOptions, "id" | "summary" | "description">) {
  return {
    parameters: [idInPath("The id of a contact.", uuid)],
    post: operation(TAG, {
      ...text,
      parameters: [ifMatch(true)],
      body: jsonBody(fromZod(input)),
      answers: {
        200: contactAnswer,
        204: emptyAnswer("It is done, and the caller does not see the contact any more."),
      },
      problems: [...OF_RESOURCE, ...OF_BODY, ...OF_VERSION, 409],
    }),
  };
}

export const sharing: Area = {
  tag: { name: TAG, description: "Who has access to a contact." },
  paths: {
    "/contacts/{id}/share": change(shareInput, {
      id: "shareContact",
      summary: "Share a contact with a colleague",
      description: "The colleague is named by e-mail address. Shared once more, they are what `as` says from now on.",
    }),
    "/contacts/{id}/unshare": change(unshareInput, {
      id: "unshareContact",
      summary: "No longer share a contact with a colleague",
      description: "The colleague is named by the user id, as in `sharedWith`.",
    }),
    "/contacts/{id}/visibility": change(visibilityInput, {
      id: "setContactVisibility",
      summary: "Change who sees a contact",
    }),
    "/contacts/{id}/transfer": change(transferInput, {
      id: "transferContact",
      summary: "Make a colleague the owner of a contact",
      description:
        "The colleague is named by e-mail address. The contact moves to their department. The caller's login has to be recent (RFC 9470).",
    }),
  },
};
