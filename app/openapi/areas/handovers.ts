import type { handoverJson } from "../../contacts/handover/json.js";
import { stateTexts } from "../../contacts/handover/labels.js";
import type { Preview } from "../../contacts/handover/preview.js";
import { remainingQuery } from "../../contacts/handover/routes.js";
import type { OutcomeCounts, Remaining } from "../../contacts/handover/store.js";
import { transferInput } from "../../contacts/sharing/access-change.js";
import {
  type Area,
  header,
  idInPath,
  jsonAnswer,
  jsonBody,
  OF_BODY,
  OF_RESOURCE,
  operation,
  queryOf,
} from "../operation.js";
import {
  arrayOf,
  count,
  described,
  fromZod,
  next,
  nullable,
  object,
  oneOfTexts,
  propertiesOf,
  ref,
  text,
  time,
  uuid,
} from "../schemas.js";

const TAG = "Handovers";

const members = {
  id: uuid,
  fromId: described("The user id of the person whose contacts are handed over.", text),
  toId: described("The user id of the recipient.", text),
  actorId: described("The user id of who has asked for it, or for undoing it.", text),
  state: oneOfTexts(Object.keys(stateTexts)),
  stopReason: described("Why it has stopped before its end, in a word. `null` when it has not.", nullable(text)),
  startedAt: time,
  endedAt: nullable(time),
  total: described("How many contacts it has.", count),
  done: described("How many of them are done with.", count),
  counts: object<OutcomeCounts>({ pending: count, moved: count, left: count, undone: count, kept: count }),
};
const handover = object<ReturnType<typeof handoverJson>>(members);

const remaining = object<Remaining>({
  contactId: uuid,
  outcome: described("`left`: it was not handed over. `kept`: it was not moved back.", oneOfTexts(["left", "kept"])),
  reason: nullable(text),
});

const preview = object<{ fromId: string; handovers: object; toId: string } & Preview>(
  {
    fromId: text,
    handovers: described("The last handovers of the person's contacts, the newest first.", arrayOf(ref("Handover"))),
    toId: described("The user id of the recipient, when `email` names one.", text),
    total: described("How many contacts would be handed over.", count),
    clashes: described("How many of them the recipient has by e-mail address, too.", count),
    unreadable: described("How many of them the recipient could not read.", count),
  },
  ["toId", "total", "clashes", "unreadable"],
);

const begun = jsonAnswer("It is under way. Its address says how far it is.", ref("Handover"), {
  Location: header("The address of the handover."),
});

export const handovers: Area = {
  tag: {
    name: TAG,
    description: "All contacts of a person are handed over to a colleague, each by a decision of its own.",
  },
  schemas: { Handover: handover },
  paths: {
    "/directory/people/{id}/handover": {
      parameters: [idInPath("The user id of a person.")],
      get: operation(TAG, {
        id: "previewHandover",
        summary: "See the last handovers of a person, and what one would come to",
        description: "The caller's login has to be recent (RFC 9470).",
        parameters: [
          {
            name: "email",
            in: "query",
            description: "The e-mail address of the recipient. The answer then says what the handover would come to.",
            schema: propertiesOf(transferInput).email,
          },
        ],
        answers: { 200: jsonAnswer("The last handovers, and what one would come to.", preview) },
        problems: [...OF_RESOURCE, 422],
      }),
      post: operation(TAG, {
        id: "beginHandover",
        summary: "Hand over all contacts of a person",
        description: "The recipient is named by e-mail address. The caller's login has to be recent (RFC 9470).",
        body: jsonBody(fromZod(transferInput)),
        answers: { 202: begun },
        problems: [...OF_RESOURCE, ...OF_BODY, 409],
      }),
    },
    "/handovers/{id}": {
      parameters: [idInPath("The id of a handover.", uuid)],
      get: operation(TAG, {
        id: "getHandover",
        summary: "See how far a handover is",
        parameters: queryOf(remainingQuery, { after: "The `next` of the page before of `remaining`." }),
        answers: {
          200: jsonAnswer(
            "How far it is, and which contacts have stayed where they were.",
            object({ ...members, remaining: arrayOf(remaining), next }),
          ),
        },
        problems: OF_RESOURCE,
      }),
    },
    "/handovers/{id}/undo": {
      parameters: [idInPath("The id of a handover.", uuid)],
      post: operation(TAG, {
        id: "undoHandover",
        summary: "Move back everything that a handover has moved",
        description: "What was changed since is not overwritten. The caller's login has to be recent (RFC 9470).",
        answers: { 202: begun },
        problems: [...OF_RESOURCE, 409, 422],
      }),
    },
  },
};
