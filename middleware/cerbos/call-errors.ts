import { PdpRejectedError, PdpUnavailableError } from "../errors.js";

// gRPC status codes: https://grpc.io/docs/guides/status-codes/
const DEADLINE_EXCEEDED = 4;
const RESOURCE_EXHAUSTED = 8;
/** INVALID_ARGUMENT, FAILED_PRECONDITION, OUT_OF_RANGE: the request is invalid. */
const INVALID_REQUEST_CODES = new Set([3, 9, 11]);

/** The refusal for a call to the PDP that failed. */
export function refusalFor(error: unknown): PdpUnavailableError | PdpRejectedError {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  // Requests are checked before they are sent, so an error without a status comes from reading the response.
  // RESOURCE_EXHAUSTED comes from gRPC's limit of 4 MiB for a message. Cerbos has no other limit with this code.
  if (typeof code !== "number" || code === RESOURCE_EXHAUSTED) {
    return new PdpUnavailableError("bad_answer", { cause: error });
  }
  if (INVALID_REQUEST_CODES.has(code)) return new PdpRejectedError({ cause: error });
  return new PdpUnavailableError(code === DEADLINE_EXCEEDED ? "timeout" : "unreachable", { cause: error });
}

/**
 * Whether the circuit breaker counts an error as a failure of the PDP. A bad answer is none: it costs no time, and a
 * request that always gets one must not block all others.
 */
export function isPdpFailure(error: unknown): boolean {
  return error instanceof PdpUnavailableError && error.fault !== "bad_answer";
}
