import { z } from "zod";

/** A JSON Schema (draft 2020-12), as OpenAPI 3.1 has them. */
export type JsonSchema = Readonly<Record<string, unknown>>;

export const text: JsonSchema = { type: "string" };
export const count: JsonSchema = { type: "integer", minimum: 0 };
export const boolean: JsonSchema = { type: "boolean" };
export const uuid: JsonSchema = { type: "string", format: "uuid" };
/** As ISO 8601 in UTC. */
export const time: JsonSchema = { type: "string", format: "date-time" };
export const texts = arrayOf(text);
/** Where the next page of a list begins. */
export const next = described("What `after` is for the next page. `null` on the last page.", nullable(text));

export function described(description: string, schema: JsonSchema): JsonSchema {
  return { description, ...schema };
}

export function arrayOf(items: JsonSchema): JsonSchema {
  return { type: "array", items };
}

/** @param schema - has one `type` */
export function nullable(schema: JsonSchema): JsonSchema {
  return "type" in schema ? { ...schema, type: [schema.type, "null"] } : { anyOf: [schema, { type: "null" }] };
}

export function oneOfTexts(values: readonly string[]): JsonSchema {
  return { type: "string", enum: values };
}

/** A schema of the document, by its name. */
export function ref(name: string): JsonSchema {
  return { $ref: `#/components/schemas/${name}` };
}

/**
 * An object. Clients should ignore members that are not listed: later versions may have more.
 *
 * @typeParam T - what the app sends; its members are those of the schema
 * @param optional - the members that are not always there
 */
export function object<T extends object = Record<string, unknown>>(
  properties: Readonly<Record<keyof T, JsonSchema>>,
  optional: readonly (keyof T)[] = [],
): JsonSchema {
  const required = Object.keys(properties).filter((name) => !optional.includes(name as keyof T));
  return { type: "object", properties, required };
}

/** The schema of what a zod schema takes. What only code can check is not in it. */
export function fromZod(schema: z.ZodType): JsonSchema {
  const { $schema, ...json } = z.toJSONSchema(schema, {
    io: "input",
    unrepresentable: "any",
    override({ jsonSchema }) {
      // It is of TypeScript's types.
      delete jsonSchema.readOnly;
      // JSON Schema has no tuple of nothing.
      if (jsonSchema.prefixItems?.length === 0) {
        delete jsonSchema.prefixItems;
        jsonSchema.maxItems = 0;
      }
    },
  });
  return json;
}

/** The properties of an object that a zod schema takes. */
export function propertiesOf(schema: z.ZodType): Readonly<Record<string, JsonSchema>> {
  return fromZod(schema).properties as Readonly<Record<string, JsonSchema>>;
}
