import { PdpFailedError, PdpRejectedError, PdpUnavailableError } from "../errors.js";

// gRPC status codes: https://grpc.io/docs/guides/status-codes/
const DEADLINE_EXCEEDED = 4;
const RESOURCE_EXHAUSTED = 8;
/** INVALID_ARGUMENT, FAILED_PRECONDITION, OUT_OF_RANGE: the request is invalid. */
const INVALID_REQUEST_CODES = new Set([3, 9, 11]);
/** CANCELLED, ABORTED, UNAVAILABLE: the call did not come to its end. */
const INTERRUPTED_CODES = new Set([1, 10, 14]);

/** How gRPC's client begins the details of statuses that it makes itself when a stream or a proxy breaks off. */
const BROKEN_CONNECTION = /^Received (RST_STREAM|HTTP status)/;
/** How it begins those of a message over its limit of 4 MiB, in either direction. */
const MESSAGE_TOO_LARGE = /larger than max/;

/** The refusal for a call to the PDP that failed. */
export function refusalFor(cause: unknown): PdpUnavailableError | PdpRejectedError | PdpFailedError {
  const { code, details } = statusOf(cause);
  // Requests are checked before they are sent, so an error without a status comes from reading the response.
  if (code === undefined) return new PdpFailedError({ cause });
  if (INVALID_REQUEST_CODES.has(code)) return new PdpRejectedError({ cause });
  if (code === DEADLINE_EXCEEDED) return new PdpUnavailableError("timeout", { cause });
  const isOverloaded = code === RESOURCE_EXHAUSTED && !MESSAGE_TOO_LARGE.test(details);
  if (INTERRUPTED_CODES.has(code) || BROKEN_CONNECTION.test(details) || isOverloaded) {
    return new PdpUnavailableError("unreachable", { cause });
  }
  // INTERNAL and the like: the PDP is there, and it would fail at the same question again.
  return new PdpFailedError({ cause });
}

function statusOf(error: unknown): { readonly code: number | undefined; readonly details: string } {
  const { code, details } = (error instanceof Error ? error : {}) as { code?: unknown; details?: unknown };
  return {
    code: typeof code === "number" ? code : undefined,
    details: typeof details === "string" ? details : "",
  };
}

/**
 * Whether the circuit breaker counts an error as a failure of the PDP. What is wrong with one question or its answer is
 * none: it costs no time, and a request that always fails must not block all others.
 */
export function isPdpFailure(error: unknown): boolean {
  return error instanceof PdpUnavailableError && error.fault !== "bad_answer";
}
