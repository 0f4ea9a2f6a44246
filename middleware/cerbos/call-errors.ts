import { PdpRejectedError, PdpUnavailableError } from "../errors.js";

// gRPC status codes: https://grpc.io/docs/guides/status-codes/
const DEADLINE_EXCEEDED = 4;
const RESOURCE_EXHAUSTED = 8;
/** INVALID_ARGUMENT, FAILED_PRECONDITION, OUT_OF_RANGE: the request itself is at fault. */
const FAULTS_OF_THE_REQUEST = new Set([3, 9, 11]);

/** The refusal that a failed call to the PDP becomes. */
export function refusalFor(error: unknown): PdpUnavailableError | PdpRejectedError {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  // Requests are checked before they are sent, so an error without a status comes from reading an answer.
  // RESOURCE_EXHAUSTED is gRPC's limit of 4 MiB for a message: Cerbos limits nothing else.
  if (typeof code !== "number" || code === RESOURCE_EXHAUSTED) {
    return new PdpUnavailableError("bad_answer", { cause: error });
  }
  if (FAULTS_OF_THE_REQUEST.has(code)) return new PdpRejectedError({ cause: error });
  return new PdpUnavailableError(code === DEADLINE_EXCEEDED ? "timeout" : "unreachable", { cause: error });
}

/**
 * Whether an error counts against the PDP in the circuit breaker. A bad answer does not: it costs no time, and a single
 * question that brings one about must not lock out all others.
 */
export function isPdpFailure(error: unknown): boolean {
  return error instanceof PdpUnavailableError && error.fault !== "bad_answer";
}
