/**
 * Where decision events go: a stream of NDJSON, an HTTP receiver, or a sink that an app makes itself, for which there
 * are `Batches`.
 */

export { Batches } from "./batches/batches.js";
export { BatchesClosedError, BatchesFullError, type BatchOptions } from "./batches/options.js";
export { type HttpSink, type HttpSinkOptions, httpSink } from "./http-sink.js";
export { type NdjsonSinkOptions, ndjsonSink } from "./ndjson-sink.js";
