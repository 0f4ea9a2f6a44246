import { DrizzleQueryError } from "drizzle-orm/errors";

/** What is logged of an error. Other members of Okta's and the database's errors hold requests, tokens and rows. */
export function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return { message: "something that is not an Error was thrown" };
  const { name, stack, cause } = error;
  const { code, fault } = error as { code?: unknown; fault?: unknown };
  return {
    name,
    message: messageOf(error),
    code: code === undefined ? undefined : String(code),
    fault: fault === undefined ? undefined : String(fault),
    stack: stackFrames(stack),
    ...(error instanceof AggregateError && { errors: error.errors.map(describeError) }),
    ...(cause !== undefined && { cause: describeError(cause) }),
  };
}

/** The message of an error, without the values that a database repeats in it: they may be personal data. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return "something that is not an Error was thrown";
  // Its message has the query and all of its parameters. The database's own error is its cause.
  if (error instanceof DrizzleQueryError) {
    return error.cause === undefined ? "query failed" : `query failed: ${messageOf(error.cause)}`;
  }
  // Such as: invalid input syntax for type uuid: "..."
  return isDatabaseError(error) ? error.message.replace(/".*"/s, '"…"') : error.message;
}

/** Whether an error came from PostgreSQL, over the network or embedded: it has the fields of an ErrorResponse. */
function isDatabaseError(error: Error): boolean {
  const { severity, code } = error as { severity?: unknown; code?: unknown };
  return typeof severity === "string" && typeof code === "string";
}

/** A stack without its first lines, which repeat the message. */
function stackFrames(stack: string | undefined): string | undefined {
  return stack?.slice(Math.max(0, stack.search(/^ {4}at /m)));
}
