import { z } from "zod";
import { OktaApiError } from "./errors.js";

/** A page of 1000 events of the log has some megabytes. */
const MAX_BODY_BYTES = 32 * 1024 * 1024;
const MAX_RETRY_AFTER_MS = 60_000;
/** The code by which Okta says that there is nothing with an id (Okta, "Error codes"). */
const NOT_FOUND = "E0000007";

/** Okta's error codes, and those of OAuth at the token endpoint. Words of the message could be personal data. */
const errorBody = z.object({ errorCode: z.string().optional(), error: z.string().optional() });
const ERROR_CODE = /^\w{1,60}$/;

/** An answer of the API whose body has been read. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed JSON; `undefined` when it is not. */
  readonly body: unknown;
}

/**
 * Reads an answer.
 *
 * @throws {@link OktaApiError} of the kind `unavailable` when its body is too large, or ends too early
 */
export async function readAnswer(response: Response): Promise<Answer> {
  const { status, headers } = response;
  return { status, headers, body: parsed(await readText(response)) };
}

async function readText({ body }: Response): Promise<string> {
  if (!body) return "";
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
      size += chunk.length;
      // Leaving the loop cancels the rest.
      if (size > MAX_BODY_BYTES) break;
      chunks.push(chunk);
    }
  } catch (cause) {
    throw new OktaApiError("unavailable", "Okta's answer did not arrive as a whole", { cause });
  }
  if (size > MAX_BODY_BYTES)
    throw new OktaApiError("unavailable", `Okta's answer has more than ${MAX_BODY_BYTES} bytes`);
  return Buffer.concat(chunks).toString();
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Whether Okta says that there is nothing with this id. A 404 of another server on the way does not say so. */
export function isNotFound({ status, body }: Answer): boolean {
  return status === 404 && errorCodeIn(body) === NOT_FOUND;
}

/**
 * The error for an answer that is not the one asked for.
 *
 * @param endpoint - what was asked, such as `users/id`
 */
export function errorFor(answer: Answer, endpoint: string): OktaApiError {
  const { status, headers, body } = answer;
  const code = errorCodeIn(body);
  const message = `Okta answered ${status}${code ? ` (${code})` : ""} to ${endpoint}`;
  // At the token endpoint, 400 is about credentials and scopes as well.
  if (status === 401 || status === 403 || (status === 400 && endpoint === "token")) {
    return new OktaApiError("unauthorized", message);
  }
  const isRefusal = (status >= 400 && status < 500 && status !== 404) || isNotFound(answer);
  return new OktaApiError(isRefusal ? "refused" : "unavailable", message, { retryAfterMs: retryAfterIn(headers) });
}

/** `Retry-After` in seconds (RFC 9110, section 10.2.3), in ms and a minute at most. */
export function retryAfterIn(headers: Headers): number | undefined {
  const seconds = Number(headers.get("Retry-After") || Number.NaN);
  return seconds >= 0 ? Math.min(seconds * 1_000, MAX_RETRY_AFTER_MS) : undefined;
}

function errorCodeIn(body: unknown): string | undefined {
  const { data } = errorBody.safeParse(body);
  return [data?.errorCode, data?.error].find((code) => code !== undefined && ERROR_CODE.test(code));
}
