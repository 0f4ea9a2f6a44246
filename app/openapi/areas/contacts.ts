import { type Contact, contactChange, newContact } from "../../contacts/contact.js";
import { listQuery } from "../../contacts/list/query.js";
import { visibilities } from "../../db/schema.js";
import {
  type Area,
  emptyAnswer,
  GUARDED,
  header,
  idInPath,
  ifMatch,
  jsonAnswer,
  jsonBody,
  OF_BODY,
  OF_RESOURCE,
  OF_VERSION,
  operation,
  queryOf,
} from "../operation.js";
import {
  arrayOf,
  described,
  fromZod,
  type JsonSchema,
  next,
  nullable,
  object,
  oneOfTexts,
  propertiesOf,
  ref,
  text,
  texts,
  time,
  uuid,
} from "../schemas.js";

const TAG = "Contacts";

const contact = object<Omit<Contact, "managers">>(
  {
    id: uuid,
    firstName: text,
    lastName: text,
    email: text,
    phone: text,
    company: text,
    title: text,
    notes: text,
    tags: described("In small letters, each once.", texts),
    ownerId: described("The Okta user id of the owner.", text),
    visibility: described(
      "Who sees the contact besides its owner and those whom it is shared with.",
      oneOfTexts(visibilities),
    ),
    department: described("The owner's department when they became the owner. `team` means this department.", text),
    sharedWith: described("User ids. Only for those who may share the contact.", texts),
    editors: described("Those of `sharedWith` who may change it. Only for those who may share the contact.", texts),
    createdAt: time,
    updatedAt: time,
    version: { type: "integer", minimum: 1 },
  },
  ["sharedWith", "editors"],
);

/** The fields that users fill in; `null` empties one. */
function input(schema: typeof newContact | typeof contactChange): JsonSchema {
  const properties = Object.entries(propertiesOf(schema)).map(([name, property]) => [
    name,
    name === "visibility" ? property : nullable(property),
  ]);
  return {
    description:
      "One of `firstName` and `lastName` is required. Other members, such as `id` or `ownerId`, are ignored.",
    ...fromZod(schema),
    properties: Object.fromEntries(properties),
  };
}

const etag = header('The version, in quotes, for `If-Match`: such as `"3"`.');
const id = idInPath("The id of a contact.", uuid);

/** The answer with a contact as it is now. */
export const contactAnswer = jsonAnswer("The contact as it is now.", ref("Contact"), { ETag: etag });

export const contacts: Area = {
  tag: { name: TAG, description: "Contacts, as far as the caller may see them." },
  schemas: { Contact: contact, NewContact: input(newContact), ContactChange: input(contactChange) },
  paths: {
    "/contacts": {
      get: operation(TAG, {
        id: "listContacts",
        summary: "List contacts",
        description:
          "Contacts that the caller may see. A client that pages through the list gets every contact that was there throughout.",
        parameters: queryOf(listQuery, {
          q: "Words, each of which must occur in a name, e-mail address, phone number, company, title or tag.",
          view: "A part of what the caller may see: what they own (`mine`), what is shared with them (`shared`), their department's (`team`), or what leavers own (`unowned`).",
          owner:
            "A user id, an e-mail address, a name or a part of one, which at most 20 people have. `gone`: all whose account was deactivated or deleted in Okta.",
          company: "The whole name; case and accents do not count.",
          tag: "One tag.",
          changedSince:
            "A day, such as `2026-11-28`, from its first moment in UTC on; or a number of days, such as `7d`.",
          sort: "With `-` in front, in reverse.",
          limit: "How many there are on a page, at most.",
          after: "The `next` of the page before, with the same `sort`.",
          before: "In place of `after`: the page ends before that place.",
        }),
        answers: { 200: jsonAnswer("A page of contacts.", object({ contacts: arrayOf(ref("Contact")), next })) },
        problems: GUARDED,
      }),
      post: operation(TAG, {
        id: "createContact",
        summary: "Create a contact",
        description: "The caller owns it.",
        body: jsonBody(ref("NewContact")),
        answers: {
          201: jsonAnswer("The new contact.", ref("Contact"), { ETag: etag, Location: header("Its address.") }),
        },
        problems: [...GUARDED, ...OF_BODY, 409],
      }),
    },
    "/contacts/{id}": {
      parameters: [id],
      get: operation(TAG, {
        id: "getContact",
        summary: "Read a contact",
        answers: { 200: contactAnswer },
        problems: OF_RESOURCE,
      }),
      patch: operation(TAG, {
        id: "updateContact",
        summary: "Change fields of a contact",
        description: "Fields that are left out stay as they are. Who has access is changed by other operations.",
        parameters: [ifMatch(true)],
        body: jsonBody(ref("ContactChange"), ["application/json", "application/merge-patch+json"]),
        answers: { 200: contactAnswer },
        problems: [...OF_RESOURCE, ...OF_BODY, ...OF_VERSION, 409],
      }),
      delete: operation(TAG, {
        id: "deleteContact",
        summary: "Delete a contact",
        parameters: [ifMatch(false)],
        answers: { 204: emptyAnswer("It was deleted.") },
        problems: [...OF_RESOURCE, 412],
      }),
    },
  },
};
