import { accessActions } from "../../contacts/access/actions.js";
import type { Audience } from "../../contacts/access/audience.js";
import {
  type Panel,
  type PanelGroup,
  type PanelPerson,
  type PersonAccess,
  standings,
} from "../../contacts/access/panel.js";
import { panelQuery } from "../../contacts/access/routes.js";
import { unshareInput } from "../../contacts/sharing/access-change.js";
import type { NamedColleague } from "../../contacts/sharing/choices.js";
import { colleaguesQuery } from "../../contacts/sharing/colleague-routes.js";
import { accessRequestStates, visibilities } from "../../db/schema.js";
import {
  type Area,
  emptyAnswer,
  GUARDED,
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
  boolean,
  count,
  described,
  fromZod,
  nullable,
  object,
  oneOfTexts,
  text,
  time,
  uuid,
} from "../schemas.js";

const TAG = "Access";
const contactId = idInPath("The id of a contact.", uuid);

const may = object(Object.fromEntries(accessActions.map((action) => [action, boolean])));
const standing = described("What they are to the contact.", oneOfTexts(standings));
const person = { id: text, name: text, email: text };
const audience = object<Audience>({
  readers: described("How many people can view the contact then.", count),
  gained: described("How many of them cannot now.", count),
  lost: described("How many can now, and could not then.", count),
});
const members = {
  groups: arrayOf(
    object<PanelGroup>({
      standing,
      may,
      count: described("How many people they are.", count),
      people: described("Some of them: at most 50 in all groups together.", arrayOf(object<PanelPerson>(person))),
    }),
  ),
  audiences: object(Object.fromEntries(visibilities.map((visibility) => [visibility, audience]))),
  refused: described("How many others have a role and may do nothing with the contact.", count),
  undecided: described("About how many others the PDP cannot decide: they may do nothing.", count),
  withoutRole: described("How many others have no role.", count),
  inactive: described("How many others are not active in Okta.", count),
  unread: described("Of how many others it is not known, as Okta has not been asked about them yet.", count),
  notAsked: described("How many others the PDP was not asked about, as they are of too many kinds.", count),
};
const panel = object<Panel & { source: string; found: PersonAccess[] }>(
  {
    source: described("Where people are known from.", oneOfTexts(["okta", "logins"])),
    ...members,
    found: described(
      "The people whom `q` finds, at most 20.",
      arrayOf(object<PersonAccess>({ ...person, standing, may })),
    ),
  },
  ["found"],
);

const requestState = oneOfTexts(accessRequestStates);
const listedRequest = object({
  contactId: uuid,
  contactName: text,
  requester: object<PanelPerson>(person),
  ownerName: text,
  state: requestState,
  stateText: text,
  askedAt: time,
  settledAt: nullable(time),
});

export const access: Area = {
  tag: { name: TAG, description: "Who may do what with a contact, by the policy, and requests for more." },
  paths: {
    "/contacts/{id}/access": {
      parameters: [contactId],
      get: operation(TAG, {
        id: "getContactAccess",
        summary: "See who may do what with a contact",
        description:
          "For those who may share it. The PDP is asked about each person whom the contact names, and about one of each kind of all others: those with the same roles and attributes.",
        parameters: queryOf(panelQuery, { q: "A part of a name or e-mail address. The people found are in `found`." }),
        answers: { 200: jsonAnswer("Who may do what.", panel) },
        problems: OF_RESOURCE,
      }),
    },
    "/contacts/{id}/requests": {
      parameters: [contactId],
      get: operation(TAG, {
        id: "listContactRequests",
        summary: "See who asks for access to a contact",
        description: "For those who may share it. To grant a request, share the contact with its requester.",
        answers: {
          200: jsonAnswer("The open requests.", object({ requests: arrayOf(object({ ...person, askedAt: time })) })),
        },
        problems: OF_RESOURCE,
      }),
      post: operation(TAG, {
        id: "requestContactAccess",
        summary: "Ask the owner of a contact for more access",
        description: "For those who may read it. A request that waits for an answer stays as it is.",
        answers: { 202: jsonAnswer("The owner is asked.", object({ state: requestState })) },
        problems: [...OF_RESOURCE, 409],
      }),
    },
    "/contacts/{id}/requests/dismiss": {
      parameters: [contactId],
      post: operation(TAG, {
        id: "dismissContactRequest",
        summary: "Dismiss a request for access",
        body: jsonBody(fromZod(unshareInput)),
        answers: { 204: emptyAnswer("It was dismissed.") },
        problems: [...OF_RESOURCE, ...OF_BODY, 409],
      }),
    },
    "/requests": {
      get: operation(TAG, {
        id: "listRequests",
        summary: "List requests for access: those to the caller's contacts, and the caller's own",
        answers: {
          200: jsonAnswer(
            "At most 50 of each.",
            object({ toAnswer: arrayOf(listedRequest), own: arrayOf(listedRequest) }),
          ),
        },
        problems: GUARDED,
      }),
    },
    "/colleagues": {
      get: operation(TAG, {
        id: "findColleagues",
        summary: "Find colleagues with a role by name or e-mail address",
        description: "For those who have contacts, to share them.",
        parameters: queryOf(colleaguesQuery, { q: "A part of a name or e-mail address, of two characters or more." }),
        answers: {
          200: jsonAnswer(
            "At most 10 colleagues.",
            object({ colleagues: arrayOf(object<NamedColleague>({ name: text, email: text })), hasMore: boolean }),
          ),
        },
        problems: GUARDED,
      }),
    },
  },
};
