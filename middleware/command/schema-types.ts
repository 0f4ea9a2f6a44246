import type { PolicyStore } from "../testing/pdp/policy-store.js";

/** What is used of the package json-schema-to-typescript, which only this command needs. */
interface Compiler {
  compile(schema: object, name: string, options: object): Promise<string>;
}

const STORED = /^cerbos:\/\/\//;

/**
 * Types of JSON schemas: an interface `Schemas`, whose members are named as policies refer to the schemas, such as
 * `cerbos:///contact.json`, and the types that these are made of.
 *
 * @throws Error when a schema cannot be read, or json-schema-to-typescript is not installed
 */
export async function schemaTypes(refs: readonly string[], store: PolicyStore): Promise<string> {
  if (refs.length === 0) return "export {};\n";
  const { compile } = await compiler();
  const stored = {
    order: 1,
    canRead: ({ url }: { url: string }) => STORED.test(url),
    read: ({ url }: { url: string }) => store.schema(url.replace(STORED, "")),
  };
  const schemas = {
    type: "object",
    properties: Object.fromEntries(refs.map((ref) => [ref, { $ref: ref }])),
    required: refs,
    additionalProperties: false,
  };
  return compile(schemas, "Schemas", {
    bannerComment: "",
    additionalProperties: false,
    ignoreMinAndMaxItems: true,
    unknownAny: false,
    $refOptions: { resolve: { stored } },
  });
}

async function compiler(): Promise<Compiler> {
  const name = "json-schema-to-typescript";
  try {
    return (await import(name)) as Compiler;
  } catch (cause) {
    throw new Error(`Types of schemas need a package: run npm install --save-dev ${name}`, { cause });
  }
}
