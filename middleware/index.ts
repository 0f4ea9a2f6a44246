export { type AuthorizationOptions, authorization } from "./authorization.js";
export { type AuthorizeOptions, authorize, type Guard } from "./authorize.js";
export type { RequestAuthorization } from "./authz.js";
export { type CerbosOptions, cerbos } from "./cerbos.js";
export * from "./errors.js";
export { authorizationErrors, type Problem, problemOf, wantsHtml } from "./problem.js";
export { type Route, routesOf } from "./routes.js";
export type { Answer, Attributes, Check, Decision, Found, Pdp, Principal, Resource, Value } from "./types.js";
