import type { Request, RequestHandler } from "express";
import { asError } from "./assertions.js";
import { type DecisionOptions, DecisionRecorder } from "./decisions/recorder.js";
import { Enforcement } from "./enforcement.js";
import { PrincipalAuthorization, type QuestionContext } from "./principal-authorization.js";
import { RequestAuthorization } from "./request-authorization.js";
import type { AskedPrincipal } from "./typed/policies.js";
import type { LoadedBy } from "./typed/route-guard.js";
import type { AuxData, Pdp, Principal } from "./types.js";

declare global {
  namespace Express {
    interface Request {
      /** Set by `authorization()`. */
      authz: RequestAuthorization<LoadedBy<this>>;
    }
  }
}

/** Settings of {@link authorization}. */
export interface AuthorizationOptions<P = Principal> {
  /** The policy decision point; see {@link cerbos}. */
  readonly pdp: Pdp;
  /**
   * Returns the principal of a request, or `null` when nobody is logged in. It is called once for each request, also on
   * public pages. An error that it throws is passed to `next()`: throw {@link UnauthenticatedError} for an invalid
   * token.
   */
  readonly principal: (req: Request) => P | null | Promise<P | null>;
  /**
   * Returns what policies can look at besides the principal and the resource: a JWT, whose claims the PDP verifies and
   * reads. It is called once for each request. Default: nothing.
   */
  readonly auxData?: (req: Request) => AuxData | undefined | Promise<AuxData | undefined>;
  /** Where the event of each decision goes, refusals included, and what is in it. Default: there are no events. */
  readonly decisions?: DecisionOptions;
}

/** What {@link authorization} makes: the middleware, which also answers where there is no request. */
export interface Authorizer extends RequestHandler {
  /**
   * The permissions of a principal where no request asks: in jobs, on WebSockets, in resolvers. Decisions are recorded by
   * the same sinks. In their events the members of a request are `null`, as `context.req` is for sinks.
   *
   * @param principal - with the roles and attributes that the principal has now: make it anew when these may have changed;
   *   `null` for nobody
   * @param context - what else policies can look at
   * @throws {@link AuthorizationSetupError} when a PDP cannot decide about the principal, or by the context
   * @example
   * const authorizer = authorization({ pdp, principal });
   * app.use(authorizer);
   * await authorizer.for({ id: "cleaner", roles: ["job"] }).enforce({ kind: "invoice", id: "7" }, "delete");
   */
  for<P extends Principal<object>>(
    principal: (P & NoInfer<AskedPrincipal<P>>) | null,
    context?: QuestionContext,
  ): PrincipalAuthorization;
}

/**
 * Puts `req.authz` on every request. Use it once, after the login middleware and before the routes. Call it after the
 * providers of OpenTelemetry have been registered, if there are any.
 *
 * @returns the middleware, with `for` for questions that no request asks
 * @throws TypeError at once when an option is missing or not valid
 */
export function authorization<P extends Principal<object>>(
  options: AuthorizationOptions<P> & AuthorizationOptions<NoInfer<AskedPrincipal<P>>>,
): Authorizer {
  const { pdp, principal, auxData, decisions = { sinks: [] }, ...unknown } = options;
  if (typeof pdp?.check !== "function" || typeof pdp.plan !== "function") {
    throw new TypeError("authorization(): pdp is missing; see cerbos().");
  }
  if (typeof principal !== "function") throw new TypeError("authorization(): principal must be a function of req.");
  // A misspelt auxData would otherwise be left out of every question.
  const [stray] = Object.keys(unknown);
  if (stray !== undefined) throw new TypeError(`authorization(): there is no option ${stray}.`);
  if (auxData !== undefined && typeof auxData !== "function") {
    throw new TypeError("authorization(): auxData must be a function of req.");
  }
  assertDecisions(decisions);
  const recorder = new DecisionRecorder(decisions);
  const handler: RequestHandler = async (req, _res, next) => {
    try {
      const subject = { req, principal: (await principal(req)) ?? null, askedBy: null };
      const enforcement = new Enforcement(subject, (await auxData?.(req)) ?? undefined, pdp, recorder);
      req.authz = new RequestAuthorization(enforcement);
    } catch (error) {
      next(asError(error));
      return;
    }
    next();
  };
  return Object.assign(handler, {
    for(principal: object | null, { auxData }: QuestionContext = {}) {
      return new PrincipalAuthorization(
        new Enforcement({ req: null, principal, askedBy: null }, auxData, pdp, recorder),
      );
    },
  });
}

function assertDecisions({ sinks, attributes = {} }: DecisionOptions): void {
  if (!Array.isArray(sinks) || !sinks.every((sink) => typeof sink?.record === "function")) {
    throw new TypeError(
      "authorization(): decisions.sinks must be an array of sinks, such as ndjsonSink(process.stdout).",
    );
  }
  const lists = [attributes.principal ?? [], ...Object.values(attributes.resource ?? {})];
  if (!lists.every((names) => Array.isArray(names) && names.every((name) => typeof name === "string"))) {
    throw new TypeError(
      'authorization(): decisions.attributes must list names, such as { principal: ["department"], resource: { contact: ["ownerId"] } }.',
    );
  }
}
