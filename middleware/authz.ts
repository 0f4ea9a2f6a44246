import {
  AuthorizationSetupError,
  DeniedError,
  PdpUnavailableError,
  ResourceNotFoundError,
  UnauthenticatedError,
} from "./errors.js";
import type { Decision, Found, Pdp, Principal, Resource } from "./types.js";

/** What one request knows of authorization; at `req.authz`. */
export class RequestAuthorization {
  /** Who is logged in; `null` when nobody is. */
  readonly principal: Principal | null;
  /** The decisions made for this request so far. */
  readonly decisions: Decision[] = [];
  readonly #pdp: Pdp;
  #resource: Resource | undefined;

  /** @throws {@link AuthorizationSetupError} when the principal is not one that a PDP could decide about. */
  constructor(pdp: Pdp, principal: Principal | null) {
    if (principal !== null) assertPrincipal(principal);
    this.#pdp = pdp;
    this.principal = principal;
  }

  /**
   * What the route's loader returned, the very object.
   *
   * @throws {@link AuthorizationSetupError} when no `authorize` with a `resource` has passed for this request.
   */
  get resource(): Resource {
    if (this.#resource) return this.#resource;
    throw new AuthorizationSetupError("req.authz.resource was read on a route whose authorize() loads no resource.");
  }

  /**
   * Returns only when the principal may do the action.
   *
   * @param kind - resource kind, as policies name it
   * @param action - action, as policies name it
   * @param load - finds the resource; left out where the question is about the kind as a whole
   * @throws {@link UnauthenticatedError}, {@link DeniedError}, {@link ResourceNotFoundError}, or what the PDP throws
   */
  async enforce(kind: string, action: string, load?: () => Found | Promise<Found>): Promise<void> {
    const { principal } = this;
    if (!principal) throw new UnauthenticatedError();
    // Before the loader, so that somebody without any role cannot learn which ids exist.
    if (principal.roles.length === 0) throw new DeniedError({ code: "no_roles", kind, action, callId: "" });
    const resource = load ? await load() : WHOLE_KIND;
    if (resource === undefined || resource === null) throw new ResourceNotFoundError(kind);
    assertResource(resource);
    const answer = await this.#pdp.check({ principal, kind, resource, action });
    // A Pdp written in JavaScript may answer anything; nothing but a plain yes opens the door.
    if (typeof answer?.allowed !== "boolean") throw new PdpUnavailableError("bad_answer");
    const { allowed, callId } = answer;
    this.decisions.push({ kind, resourceId: resource.id, action, allowed, callId });
    if (!allowed) throw new DeniedError({ code: "denied", kind, action, callId });
    if (load) this.#resource = resource;
  }
}

/** Cerbos wants an id for every resource; this one stands for none in particular. */
const WHOLE_KIND: Resource = { id: "*" };

/** Makes of anything thrown something that `next()` takes for an error: `next(undefined)` and `next("route")` go on. */
export function asError(thrown: unknown): Error {
  if (thrown instanceof Error) return thrown;
  return new AuthorizationSetupError("Something that is not an Error was thrown while permissions were checked.", {
    cause: thrown,
  });
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function assertPrincipal(principal: Principal): void {
  if (!isText(principal.id)) {
    throw new AuthorizationSetupError("principal() returned a principal whose id is not a non-empty string.");
  }
  if (!Array.isArray(principal.roles) || !principal.roles.every(isText)) {
    throw new AuthorizationSetupError("principal() returned roles that are not an array of non-empty strings.");
  }
}

function assertResource(resource: Resource): void {
  if (!isText(resource.id)) {
    throw new AuthorizationSetupError("A resource loader returned a resource whose id is not a non-empty string.");
  }
}
