import { GRPC, type Options } from "@cerbos/grpc";
import { CircuitBreaker, CircuitOpenError } from "./breaker.js";
import { PdpRejectedError, PdpUnavailableError } from "./errors.js";
import type { Answer, Attributes, Check, Pdp } from "./types.js";

/** Settings of {@link cerbos}. */
export interface CerbosOptions extends Pick<Options, "tls" | "playgroundInstance"> {
  /** How long one decision may take in all, retries included, in ms. Default 1000. */
  readonly deadline?: number | undefined;
}

const DEFAULT_DEADLINE = 1000;
const FAILURES_TO_OPEN = 5;
const COOLDOWN = 250;

// gRPC status codes: https://grpc.io/docs/guides/status-codes/
const CANCELLED = 1;
const FAULTS_OF_THE_QUESTION = new Set([3 /* INVALID_ARGUMENT */, 9 /* FAILED_PRECONDITION */, 11 /* OUT_OF_RANGE */]);

/**
 * Retries are gRPC's own (gRFC A6), for the one code that says the call was not processed. The reconnection backoff is
 * kept short: its default grows to two minutes, for which a PDP that is back would go unnoticed.
 */
const channelOptions = {
  "grpc.service_config_disable_resolution": 1,
  "grpc.service_config": JSON.stringify({
    methodConfig: [
      {
        name: [{ service: "cerbos.svc.v1.CerbosService" }],
        retryPolicy: {
          maxAttempts: 3,
          initialBackoff: "0.05s",
          maxBackoff: "0.2s",
          backoffMultiplier: 2,
          retryableStatusCodes: ["UNAVAILABLE"],
        },
      },
    ],
  }),
  "grpc.initial_reconnect_backoff_ms": 100,
  "grpc.max_reconnect_backoff_ms": 300,
  "grpc.keepalive_time_ms": 10_000,
  "grpc.keepalive_timeout_ms": 2_000,
};

/**
 * Connects to a Cerbos PDP over gRPC. The connection is made at the first check, and made again whenever it is lost.
 *
 * Each check has a deadline, at most two retries on UNAVAILABLE within it, and a circuit breaker in front: five
 * failures in a row open it for 250 ms, during which checks are refused in microseconds.
 *
 * @param target - `host:port`, or `unix:/path/to/socket`
 * @param options.tls - `false` for plain text, `true` for TLS with the system's authorities, or a `SecureContext`
 * @param options.playgroundInstance - instance id, when the target is the hosted demo PDP; needs TLS
 * @param options.deadline - ms for one decision, retries included; default 1000
 * @throws TypeError when an option makes no sense
 * @see https://docs.cerbos.dev/cerbos/latest/api/#check-resources
 */
export function cerbos(target: string, options: CerbosOptions): Pdp {
  const { tls, playgroundInstance, deadline = DEFAULT_DEADLINE } = options;
  if (!target) throw new TypeError("cerbos(): the target is empty; give host:port or unix:/path.");
  if (!(deadline > 0 && Number.isFinite(deadline))) {
    throw new TypeError(`cerbos(): deadline must be a number of ms greater than 0, not ${deadline}.`);
  }
  const client = new GRPC(target, { tls, playgroundInstance, channelOptions });
  const breaker = new CircuitBreaker({
    threshold: FAILURES_TO_OPEN,
    cooldown: COOLDOWN,
    isFailure: (error) => error instanceof PdpUnavailableError,
  });

  async function call<T>(send: (request: { signal: AbortSignal }) => Promise<T>): Promise<T> {
    try {
      return await send({ signal: AbortSignal.timeout(deadline) });
    } catch (error) {
      throw refusalFor(error);
    }
  }

  return {
    async check(check: Check): Promise<Answer> {
      const { principal, kind, resource, action } = check;
      const request = {
        principal: { id: principal.id, roles: [...new Set(principal.roles)], attr: mutable(principal.attr) },
        resources: [{ resource: { kind, id: resource.id, attr: mutable(resource.attr) }, actions: [action] }],
      };
      const response = await breaker
        .run(() => call((options) => client.checkResources(request, options)))
        .catch((error: unknown) => {
          throw error instanceof CircuitOpenError ? new PdpUnavailableError("circuit_open", { cause: error }) : error;
        });
      const [result, ...others] = response.results;
      const allowed = result?.isAllowed(action);
      if (
        allowed === undefined ||
        others.length > 0 ||
        result?.resource.kind !== kind ||
        result.resource.id !== resource.id
      ) {
        throw new PdpUnavailableError("bad_answer");
      }
      return { allowed, callId: response.cerbosCallId };
    },
    async ping(): Promise<void> {
      await call((options) => client.serverInfo(options));
    },
    close: () => client.close(),
  };
}

/** The client's types want mutable attributes, though it only reads them. */
function mutable(attr: Attributes | undefined) {
  return (attr ?? {}) as NonNullable<Parameters<GRPC["checkResources"]>[0]["principal"]["attr"]>;
}

function refusalFor(error: unknown): PdpUnavailableError | PdpRejectedError {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (typeof code !== "number" || FAULTS_OF_THE_QUESTION.has(code)) return new PdpRejectedError({ cause: error });
  return new PdpUnavailableError(code === CANCELLED ? "timeout" : "unreachable", { cause: error });
}
