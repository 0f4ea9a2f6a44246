/**
 * The core: guards for routes, the client of the Cerbos PDP, errors and types. It loads none of the other entry points:
 * `sql/` for lists that are filtered in PostgreSQL, `sinks/` for the events of decisions, `testing/` for the tests of
 * apps.
 */

export { asyncHandler } from "./async-handler.js";
export { type AuthorizationOptions, type Authorizer, authorization } from "./authorization.js";
export { type AuthorizeOptions, authorize, type Guard } from "./authorize.js";
export { cerbos } from "./cerbos/client.js";
export type { CerbosOptions } from "./cerbos/options.js";
export type { CountedChecks } from "./checks/counted-checks.js";
export type {
  CheckCount,
  CheckEvent,
  CheckedResource,
  DecisionContext,
  DecisionEvent,
  DecisionSink,
  EnforcedEvent,
} from "./decisions/event.js";
export type { DecisionOptions } from "./decisions/recorder.js";
export { authorizationErrors, type Problem, problemOf, wantsHtml } from "./error-handler.js";
export * from "./errors.js";
export type { Expression, Filter } from "./filter/filter.js";
export type { Attributes, Value } from "./json.js";
export { localPath } from "./login/return-to.js";
export type { PrincipalAuthorization, QuestionContext } from "./principal-authorization.js";
export type { RequestAuthorization } from "./request-authorization.js";
export { type Route, routesOf } from "./routes.js";
export type { Action, AttributesOf, DeclaredPrincipal, DeclaredResource, Kind } from "./typed/policies.js";
export type { LoadingGuard, RouteGuard } from "./typed/route-guard.js";
export type {
  Answer,
  AuxData,
  CallOptions,
  Check,
  Decision,
  DecisionMetadata,
  KindedResource,
  LoadedResource,
  Pdp,
  Plan,
  PlanOptions,
  PolicyChoice,
  Principal,
  Resource,
  ValidationError,
} from "./types.js";
