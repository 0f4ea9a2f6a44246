import { peopleQuery } from "../../directory/web/list-query.js";
import { type Area, GUARDED, idInPath, jsonAnswer, OF_RESOURCE, operation, queryOf } from "../operation.js";
import {
  arrayOf,
  boolean,
  count,
  described,
  next,
  nullable,
  object,
  oneOfTexts,
  ref,
  text,
  texts,
  time,
} from "../schemas.js";

const TAG = "Directory";

/** Where people are from. */
export const source = described(
  "`okta`: the directory follows Okta. `logins`: people are those who have logged in.",
  oneOfTexts(["okta", "logins"]),
);

/** Which group gives which role. */
export const grants = arrayOf(object({ role: text, group: object({ id: text, name: text }) }));
/** Attributes of a profile in Okta that policies see, by name. */
export const attributes = { type: "object", additionalProperties: true };
/** Those whose values give no role. */
export const unusable = arrayOf(object({ name: text, because: text }));

const shared = { id: text, name: text, email: text, department: text, roles: texts };
const ofOkta = {
  ...shared,
  login: text,
  title: text,
  status: described("Okta's word. `null`: not read yet.", nullable(text)),
  mayWork: described("Whether this status lets them log in.", boolean),
  goneAt: described("Since when they are deactivated or deleted in Okta.", nullable(time)),
};
const ofLogins = { ...shared, seenAt: time };
const alone = { emailIsVerified: boolean, erasedAt: nullable(time) };

const group = object({
  ...{ id: text, name: text, type: text, roles: texts },
  noRole: described("Why it gives no role. `null`: it gives some.", nullable(text)),
});

const schemas = {
  ListedPerson: { anyOf: [object(ofOkta), object(ofLogins)] },
  Person: {
    oneOf: [
      object({
        source: { const: "okta" },
        ...ofOkta,
        ...alone,
        manager: nullable(object({ id: text, name: text })),
        managerInOkta: described("How their profile names their manager.", nullable(text)),
        reports: described("How many people report to them.", object({ direct: count, all: count })),
        attributes,
        unusable,
        isRead: described("Whether all of it has been read from Okta.", boolean),
        groups: arrayOf(group),
        grants,
        readAt: nullable(time),
        version: described("The directory's version that all of this is from.", nullable(count)),
        changedAtVersion: count,
        asOf: described("Up to when the directory had followed Okta then.", nullable(time)),
      }),
      object({ source: { const: "logins" }, ...ofLogins, ...alone }),
    ],
  },
};

const parameters = [idInPath("The user id of a person.")];

export const directory: Area = {
  tag: {
    name: TAG,
    description: "People, their groups and roles. For administrators, and for managers of their reports.",
  },
  schemas,
  paths: {
    "/directory": {
      get: operation(TAG, {
        id: "listPeople",
        summary: "List people",
        description: "In the order of their names. A page may have fewer than `limit`.",
        parameters: queryOf(peopleQuery, {
          q: "Words, each of which must occur in the name, e-mail address or login; or a user id.",
          show: "`current`: those who are in Okta now. `gone`: those who were deactivated or deleted there.",
          limit: "How many there are on a page, at most.",
          after: "The `next` of the page before.",
        }),
        answers: {
          200: jsonAnswer("A page of people.", object({ source, people: arrayOf(ref("ListedPerson")), next })),
        },
        problems: GUARDED,
      }),
    },
    "/directory/people/{id}": {
      parameters,
      get: operation(TAG, {
        id: "getPerson",
        summary: "Read all that is known of a person",
        answers: { 200: jsonAnswer("The person.", ref("Person")) },
        problems: OF_RESOURCE,
      }),
    },
    "/directory/people/{id}/revoke": {
      parameters,
      post: operation(TAG, {
        id: "revokePerson",
        summary: "Log a person out everywhere",
        description: "Their sessions end, and the access tokens that they have are refused, in every process at once.",
        answers: {
          200: jsonAnswer(
            "It is done.",
            object({ sessions: described("How many sessions of browsers have ended.", count) }),
          ),
        },
        problems: OF_RESOURCE,
      }),
    },
  },
};
