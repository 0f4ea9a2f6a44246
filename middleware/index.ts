export { type AuthorizationOptions, authorization } from "./authorization.js";
export { type AuthorizeOptions, authorize, type Guard } from "./authorize.js";
export { type CerbosOptions, cerbos } from "./cerbos/client.js";
export type { DecisionContext, DecisionEvent, DecisionSink } from "./decisions/event.js";
export type { DecisionOptions } from "./decisions/recorder.js";
export { authorizationErrors, type Problem, problemOf, wantsHtml } from "./error-handler.js";
export * from "./errors.js";
export type { Expression, Filter } from "./filter/filter.js";
export type { Attributes, Value } from "./json.js";
export type { RequestAuthorization } from "./request-authorization.js";
export { type Route, routesOf } from "./routes.js";
export { Batches, BatchesClosedError, BatchesFullError, type BatchOptions } from "./sinks/batches.js";
export { type HttpSink, type HttpSinkOptions, httpSink } from "./sinks/http-sink.js";
export { type NdjsonSinkOptions, ndjsonSink } from "./sinks/ndjson-sink.js";
export type {
  ArrayColumn,
  Column,
  Columns,
  JsonColumn,
  Nulls,
  RelatedRows,
  ScalarColumn,
  SqlOptions,
} from "./sql/columns.js";
export type { SqlCondition } from "./sql/statement.js";
export { toSql } from "./sql/to-sql.js";
export type {
  Answer,
  CallOptions,
  Check,
  Decision,
  Found,
  Grounds,
  KindedResource,
  Pdp,
  Plan,
  Principal,
  Resource,
} from "./types.js";
