import { parseAllDocuments } from "yaml";
import { z } from "zod";
import { match } from "../cel/match.js";

const names = z.array(z.string()).default([]);

const variables = z.object({ import: names, local: z.record(z.string(), z.string()).default({}) }).prefault({});

const constants = z.object({ import: names, local: z.record(z.string(), z.unknown()).default({}) }).prefault({});

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

/**
 * A policy, with the members that are evaluated here.
 *
 * @see https://api.cerbos.dev/latest/cerbos/policy/v1/Policy.schema.json
 */
export type PolicySource = z.infer<typeof policy>;
export type ResourcePolicySource = z.infer<typeof resourcePolicy>;
export type DerivedRolesSource = z.infer<typeof derivedRoles>;

/**
 * Parses the policies in a file, which is YAML or JSON. Documents that are no policy, or have an unknown shape, are
 * left out; so are disabled policies.
 *
 * @throws Error when the text is neither YAML nor JSON, because it is half written, say
 */
export function policiesIn(text: string): PolicySource[] {
  return parseAllDocuments(text).flatMap((document) => {
    if (document.errors[0]) throw document.errors[0];
    const { success, data } = policy.safeParse(document.toJS());
    return success && !data.disabled ? [data] : [];
  });
}
