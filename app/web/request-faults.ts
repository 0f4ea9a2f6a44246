import { STATUS_CODES } from "node:http";
import { ProblemError } from "../problems.js";

const texts: Readonly<Record<number, readonly [title: string, detail: string]>> = {
  400: ["Malformed request", "The request could not be understood. Check its address, and that its body is whole."],
  412: ["Precondition failed", "What is at this address is not what the request's preconditions ask for."],
  413: ["Too large", "The request is larger than 100 kB."],
  415: ["Unsupported type", "Send JSON in UTF-8 (application/json) or a form, without an unusual encoding."],
  416: ["Range not satisfiable", "What is at this address has no such part."],
};

/** The error for a request that cannot be answered as it is: a status from 400 to 499, and headers of the answer. */
export function requestFault(status: number, headers: Record<string, string> = {}): ProblemError {
  const [title, detail] = texts[status] ?? [
    STATUS_CODES[status] ?? "Refused",
    "The request cannot be answered as it is. Check its address and its headers.",
  ];
  return new ProblemError(status, title, detail, { headers });
}

/**
 * Reads an error of Express, or of what it calls, about a request. It carries a status.
 *
 * @returns undefined for an error of another kind. A status alone does not tell: errors of other services have one, too
 */
export function requestFaultIn(error: unknown): ProblemError | undefined {
  if (!(error instanceof Error && "status" in error && typeof error.status === "number")) return undefined;
  const { status, expose, headers } = error as { status: number; expose?: unknown; headers?: Record<string, string> };
  const isAboutRequest = status >= 400 && status < 500 && (expose === true || [400, 413, 415].includes(status));
  return isAboutRequest ? requestFault(status, headers) : undefined;
}
