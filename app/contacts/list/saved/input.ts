import { parse } from "node:querystring";
import { z } from "zod";
import { isVisible, turnsDirection } from "../../../visible-text.js";
import { messagesOf } from "../../../web/query-validation.js";
import { listParams, listQuery } from "../query.js";

const MAX_NAME_LENGTH = 60;
const MAX_QUERY_LENGTH = 2_000;

const name = z
  .string("Enter a name.")
  .normalize("NFC")
  .trim()
  .max(MAX_NAME_LENGTH, `Must have at most ${MAX_NAME_LENGTH} characters.`)
  .refine(isVisible, "Enter a name.")
  .refine(
    (text) => text.isWellFormed() && !/\p{Cc}/u.test(text) && !turnsDirection(text),
    "Contains characters that cannot be stored.",
  );

/** The query string of a list, without its page: what it begins with is another list's tomorrow. */
const query = z
  .string("Must be the query string of a list.")
  .max(MAX_QUERY_LENGTH, `Must have at most ${MAX_QUERY_LENGTH} characters.`)
  .transform((text, context) => {
    const { after, before, ...list } = parse(text.replace(/^\?/, ""));
    const parsed = listQuery.safeParse(list);
    if (parsed.success) return listParams(parsed.data).toString();
    const messages = Object.entries(messagesOf(parsed.error)).map(([name, message]) => `${name} ${message}.`);
    context.addIssue({ code: "custom", message: messages.join(" ") });
    return z.NEVER;
  });

/** The input for a view to keep: its name, and the query string of its list. */
export const viewInput = z.object({ name, query });
/** The input for another name of a view. */
export const renameInput = z.object({ name });
