import assert from "node:assert/strict";
import { Ajv2020 } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import { openApiDocument } from "../../../app/openapi/document.js";
import type { Answer } from "../http/client.js";

/** An operation of the description of the JSON API. */
export interface DescribedOperation {
  readonly operationId: string;
  /** In upper case. */
  readonly method: string;
  /** As the document has it: `/contacts/{id}`. */
  readonly path: string;
  readonly responses: Readonly<Record<string, DescribedResponse | { readonly $ref: string }>>;
  /** Empty: it is public. */
  readonly security?: readonly object[];
}

interface DescribedResponse {
  readonly headers: Readonly<Record<string, { readonly required?: boolean } | { readonly $ref: string }>>;
  readonly content?: Readonly<Record<string, object>>;
}

const METHODS = ["get", "post", "put", "patch", "delete"];
const document = openApiDocument();

/** All operations that the document describes. */
export const operations: readonly DescribedOperation[] = Object.entries(document.paths).flatMap(([path, item]) =>
  METHODS.filter((method) => method in item).map((method) => ({
    ...(item[method] as unknown as Omit<DescribedOperation, "method" | "path">),
    method: method.toUpperCase(),
    path,
  })),
);

/** The operation with an id. */
export function operationOf(id: string): DescribedOperation {
  return operations.find(({ operationId }) => operationId === id) ?? assert.fail(`there is no operation ${id}`);
}

/** Its objects have the members that it lists, and no others: what is sent and not described is found. */
const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, strictRequired: false });
formats.default(ajv);
ajv.addVocabulary(Object.keys(document));
ajv.addSchema(closed(document) as object, "openapi");

function closed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(closed);
  if (typeof value !== "object" || value === null) return value;
  const members = Object.fromEntries(Object.entries(value).map(([name, member]) => [name, closed(member)]));
  const isClosed = "properties" in value && "type" in value && !("additionalProperties" in value);
  return isClosed ? { ...members, additionalProperties: false } : members;
}

/**
 * Checks that an answer is described: its status, its type, its headers and its body.
 *
 * @throws AssertionError when it is not
 */
export function assertDescribed({ operationId, responses }: DescribedOperation, answer: Answer): void {
  const { status, headers, body } = answer;
  const name = `${operationId}: ${status}`;
  const listed = responses[status] ?? assert.fail(`${name} is not described: ${body}`);
  const [response, pointer] = follow<DescribedResponse>(listed, operationPointer(operationId, status));
  for (const [header, described] of Object.entries(response.headers)) {
    const [{ required = false }] = follow<{ required?: boolean }>(described, "");
    if (required) assert.ok(headers.has(header), `${name} has no ${header}`);
  }
  const type = headers.get("content-type")?.split(";")[0];
  if (!response.content) {
    assert.equal(body, "", `${name} has content`);
    return;
  }
  assert.ok(type !== undefined && Object.hasOwn(response.content, type), `${name} has the type ${type}`);
  const schema = `${pointer}/content/${escaped(type)}/schema`;
  assertFits(schema, type.endsWith("json") && !type.includes("ndjson") ? JSON.parse(body) : body, name);
}

/** Checks that a value fits a schema of the document. @param name - of the schema */
export function assertFitsSchema(name: string, value: unknown): void {
  assertFits(`#/components/schemas/${name}`, value, name);
}

function assertFits(pointer: string, value: unknown, name: string): void {
  const validate = ajv.getSchema(`openapi${pointer}`) ?? assert.fail(`there is no ${pointer}`);
  const message = () => `${name}: ${ajv.errorsText(validate.errors)} in ${JSON.stringify(value)}`;
  if (!validate(value)) assert.fail(message());
}

function operationPointer(operationId: string, status: number): string {
  const { path, method } = operationOf(operationId);
  return `#/paths/${escaped(path)}/${method.toLowerCase()}/responses/${status}`;
}

/** A part of the document and where it is, or what it refers to. */
function follow<T>(part: T | { readonly $ref: string }, pointer: string): readonly [T, string] {
  if (typeof part !== "object" || part === null || !("$ref" in part)) return [part as T, pointer];
  const names = part.$ref.slice(2).split("/");
  const found = names.reduce<unknown>((value, name) => (value as Record<string, unknown>)[name], document);
  return [found as T, part.$ref];
}

function escaped(name: string): string {
  return name.replaceAll("~", "~0").replaceAll("/", "~1");
}
