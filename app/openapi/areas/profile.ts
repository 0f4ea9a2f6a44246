import { type Area, jsonAnswer, operation } from "../operation.js";
import { count, described, object, text, texts, time } from "../schemas.js";
import { attributes, grants, unusable } from "./directory.js";

const TAG = "Profile";

const ofDirectory = {
  grants: described("Which group gives which role.", grants),
  attributes: described("The attributes of the profile in Okta that policies see.", attributes),
  unusable: described("Those whose values give no role.", unusable),
  directoryVersion: count,
  asOf: described("Up to when the directory has followed Okta.", time),
};

const profileSchema = object(
  {
    id: text,
    name: text,
    email: text,
    department: text,
    groups: texts,
    roles: described("The roles that policies see.", texts),
    claims: described("What the login or the access token says.", { type: "object", additionalProperties: true }),
    timeZone: described("The time zone of the IANA database in which pages show times to the caller.", text),
    ...ofDirectory,
  },
  Object.keys(ofDirectory) as (keyof typeof ofDirectory)[],
);

export const profile: Area = {
  tag: { name: TAG, description: "The caller." },
  paths: {
    "/profile": {
      get: operation(TAG, {
        id: "getProfile",
        summary: "Read one's own profile",
        description: "Also for users without any role.",
        answers: { 200: jsonAnswer("The logged-in user.", profileSchema) },
        problems: [400, 401, 403, 429, 503],
      }),
    },
  },
};
