import { z } from "zod";
import { checks, ofSession, singleDecision, UNREADABLE } from "../../audit/record/parse.js";
import { auditQuery, auditSearch } from "../../audit/search/query.js";
import { formats } from "../../audit/web/export.js";
import {
  type Area,
  answer,
  emptyAnswer,
  GUARDED,
  header,
  idInPath,
  jsonAnswer,
  OF_RESOURCE,
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
  ref,
  text,
} from "../schemas.js";

const TAG = "Decisions";

/** What records have besides what pages and exports rely on. Absent in records of version 0.1. */
const more = { validationErrors: z.array(z.string()).optional() };

const damaged = object({
  id: text,
  time: text,
  principal: nullable(object({ id: text })),
  resource: nullable(object({ kind: text, id: nullable(text) })),
  action: nullable(text),
  effect: nullable(text),
  change: { type: "null" },
  unreadable: { const: UNREADABLE },
  stored: described("What the database has in place of the record.", text),
});

const decision: JsonSchema = {
  description:
    "A decision: of a guard or a filter, of checks that the app asked ahead, or what happened to a session. Or a record that was damaged in the database.",
  anyOf: [...[singleDecision, checks, ofSession].map((record) => fromZod(record.extend(more))), damaged],
};

const searchTexts = {
  person: "A user id, an e-mail address, a name, or a part of a name that only one person has. `nobody`: no login.",
  contact:
    "A name that a contact has or had, a part of one that few have, its id, or the address of its page. Those that were deleted are found, too.",
  action: "Such as `read` or `update`, or a word for it, such as `edit`.",
  effect: "What was decided.",
  outcome:
    "What came of it. `done`: something was done. `form`: a form was opened. `viewed`: something was looked at. `unchanged`: it was allowed and has changed nothing.",
  asked: "`tried`: a user attempted the action. `ahead`: the app asked in order to show or hide something.",
  period: "In place of `from` and `to`. Days are those of UTC.",
  from: "In UTC, such as `2026-11-22T09:00`. From this time on.",
  to: "In UTC. Before this time.",
};
const search = queryOf(auditSearch, searchTexts);

const query = (name: string, description: string, schema: JsonSchema, required = false) => ({
  ...{ name, in: "query", description, required, schema },
});

const { ndjson, csv } = formats;
const mediaTypeOf = ({ type }: { readonly type: string }) => type.split(";")[0] ?? "";

export const audit: Area = {
  tag: { name: TAG, description: "The log of all decisions. For administrators and auditors." },
  schemas: { Decision: decision },
  paths: {
    "/audit": {
      get: operation(TAG, {
        id: "listDecisions",
        summary: "Search decisions",
        description: "The newest first. A page may have fewer than `limit`.",
        parameters: queryOf(auditQuery, {
          ...searchTexts,
          limit: "How many there are on a page, at most.",
          after: "The `next` of the page before.",
        }),
        answers: {
          200: jsonAnswer(
            "A page of decisions.",
            object(
              {
                decisions: arrayOf(ref("Decision")),
                next,
                message: described(
                  "Why there are none: no person or several people match `person`, or no contact or too many match `contact`.",
                  text,
                ),
              },
              ["message"],
            ),
          ),
        },
        problems: GUARDED,
      }),
    },
    "/audit/{id}": {
      parameters: [idInPath("The id of a decision.")],
      get: operation(TAG, {
        id: "getDecision",
        summary: "Read a decision",
        answers: { 200: jsonAnswer("The decision, as it is stored.", ref("Decision")) },
        problems: OF_RESOURCE,
      }),
    },
    "/audit/export": {
      get: operation(TAG, {
        id: "exportDecisions",
        summary: "Export all results of a search",
        description:
          "The caller's login has to be recent (RFC 9470). An export that fails in the middle is cut off: the connection is closed without the last chunk.",
        parameters: [query("format", "What it is sent as.", oneOfTexts(Object.keys(formats)), true), ...search],
        answers: {
          200: {
            ...emptyAnswer("All decisions that were found.", {
              "Content-Disposition": header("With the name of a file."),
            }),
            content: {
              [mediaTypeOf(ndjson)]: { schema: described("One `Decision` a line.", text) },
              [mediaTypeOf(csv)]: { schema: described("A header, and one decision a line (RFC 4180).", text) },
            },
          },
        },
        problems: GUARDED,
      }),
    },
    "/audit/tail": {
      get: operation(TAG, {
        id: "tailDecisions",
        summary: "Follow decisions as they are written",
        description:
          "Server-sent events. It ends after five minutes, and when the caller is not logged in any more. A caller can have four at once.",
        parameters: [
          ...search,
          query("format", "`html`: the events are rows of the log's page.", oneOfTexts(["html"])),
          query("lastEventId", "The id of the last event, where the header cannot be sent.", text),
          {
            name: "Last-Event-ID",
            in: "header",
            description: "The id of the last event, to go on there.",
            schema: text,
          },
        ],
        answers: {
          200: answer(
            "One event for each decision.",
            "text/event-stream",
            described("The `data` of an event is a `Decision`.", text),
          ),
        },
        problems: GUARDED,
      }),
    },
  },
};
