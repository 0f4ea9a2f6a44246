import { fits, namesIn } from "../testing/pdp/policy-names.js";
import { inPolicyStore, type Policy, type SchemaReference } from "../testing/pdp/policy-store.js";
import { schemaTypes } from "./schema-types.js";

type ResourcePolicy = NonNullable<Policy["resourcePolicy"]>;

/** Of a resource that any attributes will do for. */
const ANY = "object";

/**
 * The declaration of an app's policies, for its compiler: their kinds, actions and attributes. Policies of the same kind, such as
 * those of several scopes and versions, are one.
 *
 * @param folder - of the policies
 * @returns the text of a file `.d.ts`
 * @throws Error when the policies are broken, a schema is missing or cannot be read, or a package that this needs is not
 *   installed; the message says which one
 * @see https://docs.cerbos.dev/cerbos/latest/policies/schemas
 */
export async function policyTypes(folder: string): Promise<string> {
  return inPolicyStore({ policies: folder }, async (store) => {
    const policies = await store.policies();
    const kinds = [...namesIn(policies)].sort(([a], [b]) => (a < b ? -1 : 1));
    const roots = rootsOf(policies);
    const members = kinds.map(([kind, actions]) => memberOf(kind, [...actions], roots));
    // A principal fits the schemas of all policies.
    const principals = sorted(roots.flatMap(({ schemas }) => refOf(schemas?.principalSchema)));
    const refs = [...principals, ...roots.flatMap(({ schemas }) => refOf(schemas?.resourceSchema))];
    const types = await schemaTypes(sorted(refs), store);
    return `// Made of the policies by "gatehouse-authz types". Do not edit it: make it again.
declare global {
  namespace Authz {
    interface Policies {
${members.map((member) => `      ${member}\n`).join("")}    }
${principals.length > 0 ? `    interface Principals {\n      attributes: ${principals.map(typeOf).join(" & ")};\n    }\n` : ""}  }
}

${types}`;
  });
}

/** The policies whose schemas count: the PDP looks at no schema of a policy that has a scope. */
function rootsOf(policies: readonly Policy[]): readonly ResourcePolicy[] {
  return policies.flatMap(({ resourcePolicy }) => (resourcePolicy && !resourcePolicy.scope ? [resourcePolicy] : []));
}

/** A member of `Authz.Policies`: the actions of a kind, by the attributes that they need. */
function memberOf(kind: string, actions: readonly string[], roots: readonly ResourcePolicy[]): string {
  const schemas = roots.filter(({ resource }) => resource === kind).map((policy) => policy.schemas?.resourceSchema);
  const groups = new Map<string, string[]>();
  for (const action of sorted(actions)) {
    // What an action with a wildcard needs is demanded of all actions that fit it.
    const meant = actions.filter((each) => fits(each, action));
    const type = meant.some((each) => attributesFor(each, schemas) === ANY) ? ANY : attributesFor(action, schemas);
    groups.set(type, [...(groups.get(type) ?? []), action]);
  }
  const records = [...groups].map(([type, names]) => `Record<${names.map(actionType).join(" | ")}, ${type}>`);
  const name = /^[a-z_$][\w$]*$/i.test(kind) ? kind : JSON.stringify(kind);
  return `${name}: ${records.join(" & ") || "object"};`;
}

/** The type of the attributes that an action needs: those of one of several schemas. */
function attributesFor(action: string, schemas: readonly (SchemaReference | undefined)[]): string {
  const types = schemas.map((schema) => {
    const isIgnored = schema?.ignoreWhen?.actions?.some((pattern) => fits(action, pattern));
    const [ref] = isIgnored ? [] : refOf(schema);
    return ref ? typeOf(ref) : ANY;
  });
  return types.length === 0 || types.includes(ANY) ? ANY : sorted(types).join(" | ");
}

function refOf(schema: SchemaReference | undefined): readonly string[] {
  return schema?.ref ? [schema.ref] : [];
}

function typeOf(ref: string): string {
  return `Schemas[${JSON.stringify(ref)}]`;
}

function actionType(action: string): string {
  if (!action.includes("*")) return JSON.stringify(action);
  if (/^\*+$/.test(action)) return "string";
  const parts = action.split(/\*+/).map((part) => part.replace(/[`\\]|\$\{/g, "\\$&"));
  return `\`${parts.join("$" + "{string}")}\``;
}

/** Each text once, in an order that does not depend on that of the policies. */
function sorted(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)].sort();
}
