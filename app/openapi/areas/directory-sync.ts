import type { DirectoryEvent } from "../../directory/store/events.js";
import type { InboxState } from "../../directory/store/inbox.js";
import type { Held } from "../../directory/store/missing.js";
import { releaseInput } from "../../directory/web/routes.js";
import type { DirectoryContents } from "../../directory/web/store.js";
import type { ProgressPart, ShownProgress, SyncStatus } from "../../directory/web/sync-status.js";
import { type Area, emptyAnswer, GUARDED, jsonAnswer, jsonBody, OF_BODY, operation } from "../operation.js";
import {
  arrayOf,
  boolean,
  count,
  described,
  fromZod,
  type JsonSchema,
  nullable,
  object,
  oneOfTexts,
  text,
  time,
} from "../schemas.js";
import { source } from "./directory.js";

const TAG = "Directory sync";

const seconds: JsonSchema = { type: "number", minimum: 0 };
const person = { id: text, name: text };

const held = object<Held>({
  people: count,
  memberships: count,
  firstPeople: arrayOf(object(person)),
  firstMemberships: arrayOf(object({ ...person, group: text })),
});

const part = object<ProgressPart>({
  name: oneOfTexts(["groups", "users", "members"]),
  state: oneOfTexts(["done", "now", "later"]),
  count: described("What has been read.", count),
  of: described("How far it is. `null`: that cannot be said.", nullable(object({ value: count, max: count }))),
});

const status: Readonly<Record<keyof SyncStatus, JsonSchema>> = {
  organization: described("The origin of the organization at Okta.", nullable(text)),
  version: count,
  asOf: described("Up to when the directory has followed Okta. `null`: never.", nullable(time)),
  ageSeconds: nullable(seconds),
  isUpToDate: described("Whether that is recent enough for decisions.", boolean),
  loadedAt: nullable(time),
  reconciledAt: nullable(time),
  leader: described("The process that follows Okta.", nullable(text)),
  underWay: described("What is being read now.", { enum: ["load", "reconciliation", null] }),
  progress: nullable(
    object<ShownProgress>({
      reason: described("What a reconciliation is for. `null`: it is the first load.", nullable(text)),
      parts: arrayOf(part),
    }),
  ),
  inbox: described(
    "What waits to be read.",
    object<InboxState>({ waiting: count, failing: count, oldestSeconds: nullable(seconds) }),
  ),
  contents: object<DirectoryContents>({ people: count, gone: count, groups: count, memberships: count }),
  brake: described(
    "What a comparison would remove, and does not before an administrator lets it go. `null`: nothing.",
    nullable(object<NonNullable<SyncStatus["brake"]>>({ since: time, people: count, memberships: count, held })),
  ),
  events: described(
    "What went wrong or is worth knowing, the newest first.",
    arrayOf(object<DirectoryEvent>({ time, kind: text, text })),
  ),
};

export const directorySync: Area = {
  tag: { name: TAG, description: "How the directory follows Okta. For administrators." },
  paths: {
    "/directory/sync": {
      get: operation(TAG, {
        id: "getDirectorySync",
        summary: "See how the directory follows Okta",
        answers: {
          200: jsonAnswer(
            "How it follows. `source` alone, where people come from logins.",
            object<SyncStatus & { source: string }>({ source, ...status }, Object.keys(status) as (keyof SyncStatus)[]),
          ),
        },
        problems: GUARDED,
      }),
    },
    "/directory/sync/release": {
      post: operation(TAG, {
        id: "releaseDirectoryBrake",
        summary: "Let the brake go",
        description: "`since` is that of the brake that the caller has seen.",
        body: jsonBody(fromZod(releaseInput)),
        answers: { 202: emptyAnswer("It is let go.") },
        problems: [...GUARDED, ...OF_BODY, 409],
      }),
    },
    "/directory/sync/reconcile": {
      post: operation(TAG, {
        id: "reconcileDirectory",
        summary: "Compare everything with Okta",
        answers: { 202: emptyAnswer("It is compared from now on.") },
        problems: [...GUARDED, 409],
      }),
    },
  },
};
