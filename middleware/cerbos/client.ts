import { PdpUnavailableError } from "../errors.js";
import { watchPdp } from "../telemetry.js";
import type { Answer, CallOptions, Check, Pdp, Plan, PlanOptions, Principal } from "../types.js";
import { isPdpFailure, refusalFor } from "./call-errors.js";
import { CircuitBreaker } from "./circuit-breaker.js";
import { type GrpcClient, type GrpcConstructor, loadGrpc } from "./grpc.js";
import { type CerbosOptions, cerbosSettings } from "./options.js";
import { filterOf } from "./plan.js";
import { checkRequest, type Entry, entriesOf, planRequest } from "./request.js";
import { answersOf, assertAnswers, assertFitsSchema, planMetadataOf } from "./response.js";
import { channelOptions } from "./retry-policy.js";

const FAILURES_TO_OPEN_CIRCUIT = 5;
const CIRCUIT_COOLDOWN_MS = 250;

/**
 * Connects to a Cerbos PDP over gRPC. The connection is made at the first call, and again whenever it is lost.
 *
 * gRPC itself is loaded when this is called: it takes far more time and memory than all else here, and an app's tests with
 * another PDP do without it.
 *
 * Each call has a deadline, and at most two retries on UNAVAILABLE within it. A circuit breaker is in front: five
 * failures in a row open it for 250 ms, in which calls are refused in microseconds.
 *
 * @param target - `host:port`, or `unix:/path/to/socket`
 * @param options.tls - `false` for plain text, `true` for TLS with the well-known authorities, or the result of
 *   `tls.createSecureContext()` for other authorities or client certificates
 * @param options.playgroundInstance - instance id, when the target is the hosted demo PDP; needs TLS
 * @param options.deadline - ms for one call, retries included; default 1000
 * @param options.resourcesPerCall - the PDP's limit of resources in one call; default 50. Checks of more resources
 *   become several calls at once
 * @throws TypeError at once when an argument is not valid
 * @see https://docs.cerbos.dev/cerbos/latest/api/#check-resources
 * @see https://docs.cerbos.dev/cerbos/latest/api/#resources-query-plan
 */
export function cerbos(target: string, options: CerbosOptions): Pdp {
  const { tls, playgroundInstance, deadline, resourcesPerCall } = cerbosSettings(target, options);
  const loading = loadGrpc();
  // The first call has the error.
  loading.catch(() => {});
  const connect = (Client: GrpcConstructor) =>
    new Client(target, { tls, playgroundInstance, channelOptions: channelOptions(deadline) });
  let connected: GrpcClient | undefined;
  let closed = false;
  const breaker = new CircuitBreaker({
    threshold: FAILURES_TO_OPEN_CIRCUIT,
    cooldown: CIRCUIT_COOLDOWN_MS,
    isFailure: isPdpFailure,
    refusal: () => new PdpUnavailableError("circuit_open"),
    // gRPC waits for ever for a connection that is silent without being closed, so each probe gets a new connection.
    onOpen: () => {
      connected?.close();
      connected = undefined;
    },
  });

  const watch = watchPdp(target, () => breaker.isOpen);

  async function call<T>(send: (client: GrpcClient) => Promise<T>): Promise<T> {
    // Not within the deadline: how long it takes says nothing about the PDP.
    const Client = await loading;
    if (closed) throw new PdpUnavailableError("unreachable");
    return breaker.run(() =>
      watch.timed(() =>
        withDeadline(() => {
          connected ??= connect(Client);
          return send(connected);
        }),
      ),
    );
  }

  function withDeadline<T>(send: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      // gRPC's own deadline does not run while the target's address is looked up, this one does. An AbortSignal for
      // each call would work too, but costs several times as much as all else in this function.
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

  /** Makes one call. @returns the answers for each entry and each of its actions */
  async function checkEntries(principal: Principal, entries: readonly Entry[], options: CallOptions) {
    const request = checkRequest(principal, entries, options);
    const response = await call((client) => client.checkResources(request, headersOf(options)));
    assertAnswers(response, request);
    return answersOf(response, entries);
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
    async plan(principal: Principal, kind: string, action: string, options: PlanOptions = {}): Promise<Plan> {
      const request = planRequest(principal, kind, action, options);
      const response = await call((client) => client.planResources(request, headersOf(options)));
      assertAnswers(response, request);
      const filter = filterOf(response);
      if (!filter) throw new PdpUnavailableError("bad_answer");
      if (filter.decision === "denied") assertFitsSchema(response.validationErrors);
      return { filter, callId: response.cerbosCallId, metadata: planMetadataOf(response) };
    },
    async ping(): Promise<void> {
      // Through the circuit breaker as well: an app that is not ready gets no requests that could close the circuit.
      await call((client) => client.serverInfo());
    },
    close: () => {
      closed = true;
      watch.stop();
      connected?.close();
    },
  };
}

function headersOf({ traceparent }: CallOptions): { headers: Record<string, string> } | undefined {
  return traceparent ? { headers: { traceparent } } : undefined;
}
