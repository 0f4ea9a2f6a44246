import { GRPC } from "@cerbos/grpc";
import { PdpUnavailableError } from "../errors.js";
import { watchPdp } from "../telemetry.js";
import type { Answer, CallOptions, Check, Pdp, Plan, Principal } from "../types.js";
import { isPdpFailure, refusalFor } from "./call-errors.js";
import { CircuitBreaker } from "./circuit-breaker.js";
import { type CerbosOptions, cerbosSettings } from "./options.js";
import { filterOf } from "./plan.js";
import { checkRequest, type Entry, entriesOf, planRequest } from "./request.js";
import { answersOf, planMetadataOf } from "./response.js";
import { channelOptions } from "./retry-policy.js";

const FAILURES_TO_OPEN_CIRCUIT = 5;
const CIRCUIT_COOLDOWN_MS = 250;

/**
 * Connects to a Cerbos PDP over gRPC. The connection is made at the first check, and made again whenever it is lost.
 *
 * Each check has a deadline, at most two retries on UNAVAILABLE within it, and a circuit breaker in front: five
 * failures in a row open it for 250 ms, during which checks are refused in microseconds.
 *
 * @param target - `host:port`, or `unix:/path/to/socket`
 * @param options.tls - `false` for plain text, `true` for TLS with the well-known authorities, or what
 *   `tls.createSecureContext()` made, for others
 * @param options.playgroundInstance - instance id, when the target is the hosted demo PDP; needs TLS
 * @param options.deadline - ms for one decision, retries included; default 1000
 * @param options.resourcesPerCall - the PDP's limit of resources in one call; questions about more become several
 *   calls at once; default 50
 * @throws TypeError at once when an option makes no sense
 * @see https://docs.cerbos.dev/cerbos/latest/api/#check-resources
 * @see https://docs.cerbos.dev/cerbos/latest/api/#resources-query-plan
 */
export function cerbos(target: string, options: CerbosOptions): Pdp {
  const { tls, playgroundInstance, deadline, resourcesPerCall } = cerbosSettings(target, options);
  const connect = () => new GRPC(target, { tls, playgroundInstance, channelOptions: channelOptions(deadline) });
  let client = connect();
  let closed = false;
  const breaker = new CircuitBreaker({
    threshold: FAILURES_TO_OPEN_CIRCUIT,
    cooldown: CIRCUIT_COOLDOWN_MS,
    isFailure: isPdpFailure,
    refusal: () => new PdpUnavailableError("circuit_open"),
    // A connection can fall silent without ending, and gRPC would wait for it for ever: each probe gets a new one.
    onOpen: () => {
      if (closed) return;
      client.close();
      client = connect();
    },
  });

  const watch = watchPdp(target, () => breaker.isOpen);

  function call<T>(send: () => Promise<T>): Promise<T> {
    return breaker.run(() => watch.timed(() => withDeadline(send)));
  }

  function withDeadline<T>(send: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      // gRPC's deadline does not count while it looks up the target's address; this one does. An AbortSignal for each
      // call would do as well, but takes several times as long as everything else here.
      const timer = setTimeout(() => reject(new PdpUnavailableError("timeout")), deadline);
      send().then(
        (answer) => {
          clearTimeout(timer);
          resolve(answer);
        },
        (error) => {
          clearTimeout(timer);
          reject(refusalFor(error));
        },
      );
    });
  }

  /** The answers of one call, for each entry and action. */
  async function checkEntries(principal: Principal, entries: readonly Entry[], options: CallOptions) {
    const request = checkRequest(principal, entries, options);
    return answersOf(await call(() => client.checkResources(request, headersOf(options))), entries);
  }

  return {
    async check(principal: Principal, checks: readonly Check[], options: CallOptions = {}): Promise<Answer[]> {
      const { entries, places } = entriesOf(checks);
      const calls: Promise<Answer[][]>[] = [];
      for (let n = 0; n < entries.length; n += resourcesPerCall) {
        calls.push(checkEntries(principal, entries.slice(n, n + resourcesPerCall), options));
      }
      const answers = (await Promise.all(calls)).flat();
      return places.map(([entry, action]) => answers[entry]?.[action] as Answer);
    },
    async plan(principal: Principal, kind: string, action: string, options: CallOptions = {}): Promise<Plan> {
      const request = planRequest(principal, kind, action, options);
      const response = await call(() => client.planResources(request, headersOf(options)));
      const filter = filterOf(response);
      if (!filter) throw new PdpUnavailableError("bad_answer");
      return { filter, callId: response.cerbosCallId, metadata: planMetadataOf(response) };
    },
    async ping(): Promise<void> {
      // Through the circuit breaker too: an app that gets no traffic while it is not ready must still close the circuit.
      await call(() => client.serverInfo());
    },
    close: () => {
      closed = true;
      watch.stop();
      client.close();
    },
  };
}

function headersOf({ traceparent }: CallOptions): { headers: Record<string, string> } | undefined {
  return traceparent ? { headers: { traceparent } } : undefined;
}
