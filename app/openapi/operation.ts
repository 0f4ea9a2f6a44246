import type { z } from "zod";
import { type JsonSchema, propertiesOf, text } from "./schemas.js";

/** A part of the document that is passed on as it is. */
type Json = Readonly<Record<string, unknown>>;

/** The operations of paths, by path and then by method in lower case. */
export type Paths = Readonly<Record<string, Json>>;

/** What a part of the API adds to the document. */
export interface Area {
  readonly tag: { readonly name: string; readonly description: string };
  readonly paths: Paths;
  readonly schemas?: Readonly<Record<string, JsonSchema>>;
}

/** What is said of an operation; the rest follows from it. */
export interface OperationOptions {
  readonly id: string;
  readonly summary: string;
  readonly description?: string;
  readonly parameters?: readonly Json[];
  readonly body?: Json;
  /** By status; see {@link answer}. */
  readonly answers: Readonly<Record<number, Json>>;
  /** The statuses of problem details that it may have. */
  readonly problems?: readonly number[];
  /** How clients authenticate. Default: with an access token. */
  readonly security?: readonly Json[];
}

/** The problems of every route that asks the PDP. */
export const GUARDED = [400, 401, 403, 429, 503] as const;
/** Those of a route that asks about what an id names. */
export const OF_RESOURCE = [...GUARDED, 404] as const;
/** Those of a body. */
export const OF_BODY = [413, 415, 422] as const;
/** Those of `If-Match`. */
export const OF_VERSION = [412, 428] as const;

/** An operation of an area. */
export function operation(area: string, options: OperationOptions): Json {
  const { id: operationId, summary, description, parameters, body, answers, problems = [], security } = options;
  const statuses = [...problems].sort((a, b) => a - b);
  return {
    tags: [area],
    operationId,
    summary,
    ...(description && { description }),
    ...(parameters && { parameters }),
    ...(body && { requestBody: body }),
    responses: {
      ...answers,
      ...Object.fromEntries(statuses.map((status) => [status, { $ref: `#/components/responses/Problem${status}` }])),
      ...(problems.length > 0 && { default: { $ref: "#/components/responses/Problem" } }),
    },
    ...(security && { security }),
  };
}

/** An answer with content of a type. @param headers - besides `X-Request-Id`, by name; see {@link header} */
export function answer(description: string, type: string, schema: JsonSchema, headers: Json = {}): Json {
  return { ...emptyAnswer(description, headers), content: { [type]: { schema } } };
}

/** An answer with JSON. */
export function jsonAnswer(description: string, schema: JsonSchema, headers?: Json): Json {
  return answer(description, "application/json", schema, headers);
}

/** An answer without content. */
export function emptyAnswer(description: string, headers: Json = {}): Json {
  return { description, headers: { "X-Request-Id": { $ref: "#/components/headers/X-Request-Id" }, ...headers } };
}

/** A header that an answer always has. */
export function header(description: string, schema: JsonSchema = text): Json {
  return { description, required: true, schema };
}

/** A body that has to be sent. */
export function jsonBody(schema: JsonSchema, types: readonly string[] = ["application/json"]): Json {
  return { required: true, content: Object.fromEntries(types.map((type) => [type, { schema }])) };
}

/** The parameter `id` of a path. */
export function idInPath(description: string, schema: JsonSchema = text): Json {
  return { name: "id", in: "path", required: true, description, schema };
}

/**
 * The parameters of a query string. None of them is required.
 *
 * @param schema - reads the query string
 * @param descriptions - of all of them, by name
 */
export function queryOf<T extends z.ZodType>(
  schema: T,
  descriptions: Readonly<Record<keyof z.input<T> & string, string>>,
): Json[] {
  const properties = propertiesOf(schema);
  return Object.entries<string>(descriptions).map(([name, description]) => ({
    ...{ name, in: "query", description },
    schema: properties[name],
  }));
}

/** `If-Match`. @param required - whether there is no answer without it */
export function ifMatch(required: boolean): Json {
  const description =
    'The version that the change is for: the contact\'s `ETag`, such as `"3"`. `*` means any version (RFC 9110, section 13.1.1).';
  return { name: "If-Match", in: "header", required, description, schema: text };
}
