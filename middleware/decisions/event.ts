import type { Request } from "express";
import type { Attributes } from "../json.js";
import type { PolicyChoice, Principal, Resource } from "../types.js";

/** What an event says of a decision, besides what was decided. */
interface EventBase {
  /**
   * The PDP's id of the call, as in its audit log. A UUID when the PDP was not asked, and for counted checks, which take
   * several calls. The id is unique, so a receiver can recognize duplicates.
   */
  readonly id: string;
  /** When the decision was made: ISO 8601, UTC, with milliseconds. */
  readonly time: string;
  /** `req.id`, where a logger has set it. `null`, as method and route, when no request asked. */
  readonly requestId: string | null;
  /** The trace that the request belongs to (W3C Trace Context), 32 hexadecimal digits. */
  readonly traceId: string | null;
  readonly method: string | null;
  /** The route's pattern, such as `/contacts/:id`; never the requested path. */
  readonly route: string | null;
  /**
   * `null` when nobody was logged in. It has the scope and version that the app has chosen, and the attributes that
   * {@link DecisionOptions} names.
   */
  readonly principal:
    | (PolicyChoice & {
        readonly id: string;
        readonly roles: readonly string[];
        readonly attr?: Attributes;
      })
    | null;
  /**
   * Id of the principal that asked, by `req.authz.about()`, what `principal` may do, or what would be if something were
   * otherwise. `null` for everything that the request itself is about. With an id the event is no deed of `principal`.
   */
  readonly askedBy: string | null;
  /** Time that the PDP took, in ms; 0 when it was not asked. Of counted checks it is the sum of their calls. */
  readonly duration: number;
  /**
   * The code of the refusal when no policy decided: `unauthenticated`, `no_roles`, `not_found`, `pdp_unavailable` and
   * so on. `null` otherwise.
   */
  readonly error: string | null;
  /**
   * What does not fit the schemas that policies name, without values: such as `resource /ownerId`, or
   * `resource: missing properties: 'ownerId'`. A PDP that enforces schemas has denied because of them.
   */
  readonly validationErrors: readonly string[];
}

/** What an action was found to be. */
export type Effect = "allow" | "deny";

/** The event of a decision that a request depended on: a guard's, or a filter's. */
export interface EnforcedEvent extends EventBase {
  /**
   * What asked the PDP: a guard (`authorize()`, or `enforce()` without a request), or a list (`filter: true`, or
   * `req.authz.plan()`, which is `filter()` without a request).
   */
  readonly source: "guard" | "filter";
  /**
   * The id is `*` for the kind as a whole, and `null` when the loader found no resource. It has the scope and version that
   * the app has chosen.
   */
  readonly resource: PolicyChoice & {
    readonly kind: string;
    readonly id: string | null;
    readonly attr?: Attributes;
  };
  readonly action: string;
  readonly effect: Effect;
  readonly checks: null;
  readonly counts: null;
  /** The policy that decided, such as `resource.contact.vdefault`. */
  readonly policy: string | null;
  /** Its version, such as `default`. */
  readonly policyVersion: string | null;
  /** Its scope. It may be a parent of the resource's. */
  readonly scope: string | null;
  /**
   * Names of the rules that gave an output for the action. They need not be the rules that decided: the PDP names rules
   * with an `output` only, and also those that another rule has overridden or, with an output `conditionNotMet`, whose
   * condition did not hold.
   */
  readonly rules: readonly string[];
  /** Derived roles that the principal has for the resource, of those that the decision depends on. */
  readonly derivedRoles: readonly string[];
  /**
   * The query plan of a list, with its condition as text, in which `?` stands for every constant. `null` for a guard's
   * check.
   */
  readonly plan: {
    readonly kind: "allowed" | "denied" | "conditional";
    readonly condition: string | null;
  } | null;
}

/** A resource that was asked about ahead, and what the principal may do with it. */
export interface CheckedResource extends PolicyChoice {
  readonly kind: string;
  readonly id: string;
  readonly attr?: Attributes;
  /** By action. */
  readonly effects: Readonly<Record<string, Effect>>;
}

/** How many checks of an action on resources of a kind there were, and how many of them were allowed. */
export interface CheckCount {
  readonly kind: string;
  readonly action: string;
  readonly checked: number;
  /** The others were denied or, when the event has an `error`, refused because of it. */
  readonly allowed: number;
}

/**
 * The event of what an app asked ahead, with `req.authz.can()` or `canEach()`: one for each call to the PDP, however many
 * checks it has. The user need not have tried any of it. What is null here is said of enforced decisions only.
 *
 * The checks of `req.authz.countedChecks()` are one event too, however many calls they take.
 */
export interface CheckEvent extends EventBase {
  readonly source: "check";
  readonly resource: null;
  readonly action: null;
  readonly effect: null;
  /**
   * Each resource once; again, when it was asked about with other attributes and the same action. Empty when there are
   * `counts`.
   */
  readonly checks: readonly CheckedResource[];
  /** How much was asked, for counted checks: there may be millions of them. `null` for others. */
  readonly counts: readonly CheckCount[] | null;
  readonly policy: null;
  readonly policyVersion: null;
  readonly scope: null;
  readonly rules: readonly [];
  readonly derivedRoles: readonly [];
  readonly plan: null;
}

/**
 * A decision, or a refusal without one, as every sink gets it. It is plain JSON, and no property is ever left out.
 * `source` tells what asked: see {@link EnforcedEvent} and {@link CheckEvent}.
 *
 * @see https://docs.cerbos.dev/cerbos/latest/api/#check-resources, whose terms the properties use
 */
export type DecisionEvent = EnforcedEvent | CheckEvent;

/** What an event was made from, for sinks that need more than the event has. */
export interface DecisionContext {
  /** `null` when no request asked, but `authorizer.for()`. */
  readonly req: Request | null;
  readonly principal: Principal | null;
  /**
   * The object that the loader of the guard returned, or that `enforce()` was asked about, with the properties that the PDP
   * does not get. `undefined` when there was none.
   */
  readonly resource: Resource | undefined;
}

/** Stores events or sends them on; see {@link ndjsonSink} and {@link httpSink}. */
export interface DecisionSink {
  /**
   * Takes an event. The request waits for a promise that is returned. If it is rejected, or an error is thrown, the
   * request is refused with 503, so that nothing is done without a record.
   */
  record(event: DecisionEvent, context: DecisionContext): void | Promise<void>;
}
