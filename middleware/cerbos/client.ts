import { GRPC, type Options } from "@cerbos/grpc";
import { PdpRejectedError, PdpUnavailableError } from "../errors.js";
import { watchPdp } from "../telemetry.js";
import type { Answer, CallOptions, Check, Grounds, Pdp, Plan, Principal, Resource } from "../types.js";
import { CircuitBreaker } from "./circuit-breaker.js";
import { filterOf } from "./plan.js";
import { type Entry, planQuestionOf, questionOf } from "./request.js";

/** Settings of {@link cerbos}. */
export interface CerbosOptions extends Pick<Options, "tls" | "playgroundInstance"> {
  /** How long one decision may take in all, retries included, in ms. Default 1000. */
  readonly deadline?: number | undefined;
  /** How many resources the PDP takes in one call: its own `requestLimits.maxResourcesPerRequest`. Default 50, as there. */
  readonly resourcesPerCall?: number | undefined;
}

const DEFAULT_DEADLINE = 1000;
const DEFAULT_RESOURCES_PER_CALL = 50;
/** The most that Node's timers can wait. */
const LONGEST_DEADLINE = 2 ** 31 - 1;
const FAILURES_TO_OPEN = 5;
const COOLDOWN = 250;

// gRPC status codes: https://grpc.io/docs/guides/status-codes/
const DEADLINE_EXCEEDED = 4;
const RESOURCE_EXHAUSTED = 8;
const FAULTS_OF_THE_QUESTION = new Set([3 /* INVALID_ARGUMENT */, 9 /* FAILED_PRECONDITION */, 11 /* OUT_OF_RANGE */]);

/**
 * Deadline and retries are gRPC's own (gRFC A6). A call is made again for the one code that says that it was not
 * processed. The reconnection backoff is kept short: its default grows to two minutes, for which a PDP that is back
 * would go unnoticed.
 */
function channelOptions(deadline: number): NonNullable<Options["channelOptions"]> {
  return {
    "grpc.service_config_disable_resolution": 1,
    "grpc.service_config": JSON.stringify({
      methodConfig: [
        {
          name: [{ service: "cerbos.svc.v1.CerbosService" }],
          timeout: `${(deadline / 1000).toFixed(9)}s`,
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
    // Otherwise a new client would be given the connection of the one that it replaces.
    "grpc.use_local_subchannel_pool": 1,
    "grpc.initial_reconnect_backoff_ms": 100,
    "grpc.max_reconnect_backoff_ms": 300,
    "grpc.keepalive_time_ms": 10_000,
    "grpc.keepalive_timeout_ms": 2_000,
  };
}

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
  assertOptions(target, options);
  const { tls, playgroundInstance, deadline = DEFAULT_DEADLINE } = options;
  const { resourcesPerCall = DEFAULT_RESOURCES_PER_CALL } = options;
  const connect = () => new GRPC(target, { tls, playgroundInstance, channelOptions: channelOptions(deadline) });
  let client = connect();
  let closed = false;
  const breaker = new CircuitBreaker({
    threshold: FAILURES_TO_OPEN,
    cooldown: COOLDOWN,
    // Not a bad answer: it costs no time, and one that a single question brings about must not lock out the others.
    isFailure: (error) => error instanceof PdpUnavailableError && error.fault !== "bad_answer",
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
    return watch.timed(() => withDeadline(send));
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
  async function ask(principal: Principal, entries: readonly Entry[], options: CallOptions): Promise<Answer[][]> {
    const question = questionOf(principal, entries, options);
    const { results, cerbosCallId } = await breaker.run(() =>
      call(() => client.checkResources(question, headersOf(options))),
    );
    if (results.length !== entries.length) throw new PdpUnavailableError("bad_answer");
    return entries.map(({ kind, resource, actions }, n) => {
      const result = results[n];
      const isAnother = result?.resource.kind !== kind || result.resource.id !== resource.id;
      return actions.map((action) => {
        const allowed = result?.isAllowed(action);
        if (allowed === undefined || isAnother) throw new PdpUnavailableError("bad_answer");
        return { allowed, callId: cerbosCallId, grounds: groundsOf(result, action) };
      });
    });
  }

  return {
    async check(principal: Principal, checks: readonly Check[], options: CallOptions = {}): Promise<Answer[]> {
      const { entries, places } = entriesOf(checks);
      const calls: Promise<Answer[][]>[] = [];
      for (let n = 0; n < entries.length; n += resourcesPerCall) {
        calls.push(ask(principal, entries.slice(n, n + resourcesPerCall), options));
      }
      const answers = (await Promise.all(calls)).flat();
      return places.map(([entry, action]) => answers[entry]?.[action] as Answer);
    },
    async plan(principal: Principal, kind: string, action: string, options: CallOptions = {}): Promise<Plan> {
      const question = planQuestionOf(principal, kind, action, options);
      const response = await breaker.run(() => call(() => client.planResources(question, headersOf(options))));
      const filter = filterOf(response);
      if (!filter) throw new PdpUnavailableError("bad_answer");
      const scope = response.metadata?.matchedScope;
      const grounds = scope === undefined ? undefined : { policy: "", scope, derivedRoles: [], rules: [] };
      return { filter, callId: response.cerbosCallId, grounds };
    },
    async ping(): Promise<void> {
      // Through the circuit breaker too: an app that gets no traffic while it is not ready must still find back.
      await breaker.run(() => call(() => client.serverInfo()));
    },
    close: () => {
      closed = true;
      watch.stop();
      client.close();
    },
  };
}

/** Puts together what is asked about the same resource; `places` says where the answer to each check will be. */
function entriesOf(checks: readonly Check[]): { entries: Entry[]; places: [entry: number, action: number][] } {
  const entries: (Entry & { readonly actions: string[] })[] = [];
  const numbers = new Map<Resource, number>();
  const places = checks.map(({ kind, resource, action }): [number, number] => {
    let number = numbers.get(resource);
    // A schema can be left out for some actions, such as lists, but only where nothing else is asked in the same entry.
    if (number === undefined || entries[number]?.kind !== kind || !resource.attr) {
      number = entries.push({ kind, resource, actions: [] }) - 1;
      numbers.set(resource, number);
    }
    const { actions } = entries[number] as (typeof entries)[number];
    const place = actions.indexOf(action);
    return [number, place === -1 ? actions.push(action) - 1 : place];
  });
  return { entries, places };
}

function headersOf({ traceparent }: CallOptions): { headers: Record<string, string> } | undefined {
  return traceparent ? { headers: { traceparent } } : undefined;
}

/** The answer about one entry of a question. */
type Result = Awaited<ReturnType<GRPC["checkResources"]>>["results"][number];

/** What the answer about an action rests on, where the PDP was asked to say so. */
function groundsOf({ metadata, outputs }: Result, action: string): Grounds | undefined {
  if (!metadata) return undefined;
  const { matchedPolicy = "", matchedScope = "" } = metadata.actions[action] ?? {};
  const sources = outputs.filter((output) => output.action === action).map(({ source }) => source);
  return {
    policy: matchedPolicy,
    scope: matchedScope,
    derivedRoles: [...metadata.effectiveDerivedRoles].sort(),
    // An output says where it comes from as "policy#rule".
    rules: sources.map((source) => source.slice(source.indexOf("#") + 1)),
  };
}

function assertOptions(target: string, options: CerbosOptions | undefined): void {
  const { tls, playgroundInstance, deadline = DEFAULT_DEADLINE } = options ?? {};
  const { resourcesPerCall = DEFAULT_RESOURCES_PER_CALL } = options ?? {};
  if (typeof target !== "string" || target === "" || /^https?:/.test(target)) {
    throw new TypeError(`cerbos(): the target must be host:port or unix:/path, not ${JSON.stringify(target)}.`);
  }
  // Text, such as an environment variable's "false", would count as true; certificates need createSecureContext().
  if (typeof tls !== "boolean" && !(typeof tls === "object" && tls !== null && "context" in tls)) {
    throw new TypeError("cerbos(): tls must be true, false, or what tls.createSecureContext() returns.");
  }
  if (playgroundInstance && !tls) throw new TypeError("cerbos(): a playground instance needs tls: true.");
  if (!(typeof deadline === "number" && deadline >= 1 && deadline <= LONGEST_DEADLINE)) {
    throw new TypeError(`cerbos(): deadline must be a number of ms from 1 to ${LONGEST_DEADLINE}, not ${deadline}.`);
  }
  if (!(Number.isInteger(resourcesPerCall) && resourcesPerCall >= 1)) {
    throw new TypeError(`cerbos(): resourcesPerCall must be a whole number from 1, not ${resourcesPerCall}.`);
  }
}

function refusalFor(error: unknown): PdpUnavailableError | PdpRejectedError {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  // Questions are checked before they are sent, so what fails without a status is the reading of an answer. Exhausted
  // is the room that gRPC has for a message, 4 MiB: Cerbos limits nothing else.
  if (typeof code !== "number" || code === RESOURCE_EXHAUSTED) {
    return new PdpUnavailableError("bad_answer", { cause: error });
  }
  if (FAULTS_OF_THE_QUESTION.has(code)) return new PdpRejectedError({ cause: error });
  return new PdpUnavailableError(code === DEADLINE_EXCEEDED ? "timeout" : "unreachable", { cause: error });
}
