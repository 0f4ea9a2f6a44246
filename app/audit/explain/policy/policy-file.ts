import { parseAllDocuments } from "yaml";
import { z } from "zod";

const names = z.array(z.string()).default([]);

const variables = z.object({ import: names, local: z.record(z.string(), z.string()).default({}) }).prefault({});

const constants = z.object({ import: names, local: z.record(z.string(), z.unknown()).default({}) }).prefault({});

/** A condition as it is written: an expression, or several put together. */
export type Match =
  | { readonly expr: string }
  | { readonly all: { readonly of: readonly Match[] } }
  | { readonly any: { readonly of: readonly Match[] } }
  | { readonly none: { readonly of: readonly Match[] } };

const match: z.ZodType<Match> = z.lazy(() => {
  const several = z.object({ of: z.array(match) });
  return z.union([
    z.object({ expr: z.string() }),
    z.object({ all: several }),
    z.object({ any: several }),
    z.object({ none: several }),
  ]);
});

const condition = z.object({ match }).optional();

const resourcePolicy = z.object({
  resource: z.string(),
  version: z.string().default("default"),
  scope: z.string().default(""),
  importDerivedRoles: names,
  variables,
  constants,
  rules: z
    .array(
      z.object({
        name: z.string().default(""),
        actions: z.array(z.string()),
        effect: z.enum(["EFFECT_ALLOW", "EFFECT_DENY"]),
        roles: names,
        derivedRoles: names,
        condition,
      }),
    )
    .default([]),
});

const derivedRoles = z.object({
  name: z.string(),
  variables,
  constants,
  definitions: z.array(z.object({ name: z.string(), parentRoles: names, condition })).default([]),
});

const policy = z.object({
  disabled: z.boolean().default(false),
  resourcePolicy: resourcePolicy.optional(),
  derivedRoles: derivedRoles.optional(),
  exportVariables: z.object({ name: z.string(), definitions: z.record(z.string(), z.string()).default({}) }).optional(),
  exportConstants: z
    .object({ name: z.string(), definitions: z.record(z.string(), z.unknown()).default({}) })
    .optional(),
});

/** A policy, as far as it is of interest here. See https://api.cerbos.dev/latest/cerbos/policy/v1/Policy.schema.json */
export type PolicySource = z.infer<typeof policy>;
export type ResourcePolicySource = z.infer<typeof resourcePolicy>;
export type DerivedRolesSource = z.infer<typeof derivedRoles>;

/**
 * The policies in a file's text, YAML or JSON. What is not a policy, or not of a shape that is known, is left out.
 *
 * @throws Error when it is neither YAML nor JSON: half written, say
 */
export function policiesIn(text: string): PolicySource[] {
  return parseAllDocuments(text).flatMap((document) => {
    if (document.errors[0]) throw document.errors[0];
    const { success, data } = policy.safeParse(document.toJS());
    return success && !data.disabled ? [data] : [];
  });
}
