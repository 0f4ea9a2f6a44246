import { type Action, type Actions, type Condition, principal, type Rule, SCOPES, type Scope } from "./policy.js";

const DEFAULT_VERSION = "default";

/** Rules that stand in one policy, each with the action that it is for. */
interface Policy {
  readonly version: string;
  /** Empty for the root. */
  readonly scope: Scope | "";
  readonly rules: readonly (Rule & { readonly kind: string; readonly action: string })[];
}

/** The policies of kinds of resources: what is in the files, by their names. */
export function policyFiles(kinds: Readonly<Record<string, Actions>>): Record<string, object> {
  const files: Record<string, object> = {};
  const ofPrincipal: Policy[] = [];
  for (const [kind, actions] of Object.entries(kinds)) {
    for (const policy of policiesOf(kind, actions)) {
      const name = [kind, policy.version, policy.scope].filter(Boolean).join("-");
      Object.assign(
        files,
        resourcePolicy(name, kind, { ...policy, rules: policy.rules.filter((r) => !r.ofPrincipal) }),
      );
      ofPrincipal.push({ ...policy, rules: policy.rules.filter((rule) => rule.ofPrincipal) });
    }
  }
  return { ...files, ...principalPolicies(ofPrincipal) };
}

/** The policies that the actions of a kind need: those of a scope have the root above them. */
function policiesOf(kind: string, actions: Actions): Policy[] {
  const all = Object.entries(actions);
  const versions = new Set([DEFAULT_VERSION, ...all.map(([, action]) => versionOf(action))]);
  return [...versions].flatMap((version) => {
    const asked = all.filter(([, action]) => versionOf(action) === version);
    const scopes = new Set<Scope | "">(["", ...asked.map(([, { question }]) => question?.scope ?? "")]);
    return [...scopes].map((scope) => ({
      version,
      scope,
      rules: [
        ...asked.flatMap(([action, { rules }]) =>
          rules.filter((rule) => (rule.scope ?? "") === scope).map((rule) => ({ ...rule, kind, action })),
        ),
        ...(version === DEFAULT_VERSION && scope === "" ? otherVersionsOf(kind, all) : []),
      ],
    }));
  });
}

/** Allows what is asked of another version, so that a question that loses its version is noticed. */
function otherVersionsOf(kind: string, all: readonly [string, Action][]): Policy["rules"] {
  return all
    .filter(([, action]) => versionOf(action) !== DEFAULT_VERSION)
    .map(([action]) => ({ kind, action, effect: "allow" }));
}

function versionOf({ question }: Action): string {
  return question?.policyVersion ?? DEFAULT_VERSION;
}

function resourcePolicy(name: string, kind: string, { version, scope, rules }: Policy): Record<string, object> {
  const roles: object[] = [];
  const written = rules.map(({ action, effect, when, derived }) => {
    const base = { actions: [action], effect: effectOf(effect) };
    if (!derived) return { ...base, roles: ["user"], ...conditionOf(when) };
    roles.push({ name: `r${roles.length}`, parentRoles: ["user"], ...conditionOf(when) });
    return { ...base, derivedRoles: [`r${roles.length - 1}`] };
  });
  const imports = roles.length === 0 ? {} : { importDerivedRoles: [name] };
  const policy = policyFile({
    resourcePolicy: { resource: kind, version, ...scoped(scope), ...imports, rules: written },
  });
  if (roles.length === 0) return { [`${name}.json`]: policy };
  const derivedRoles = policyFile({ derivedRoles: { name, definitions: roles } });
  return { [`${name}.json`]: policy, [`${name}-roles.json`]: derivedRoles };
}

/** The principal's policies: one for each version and scope, for all kinds. */
function principalPolicies(policies: readonly Policy[]): Record<string, object> {
  const files: Record<string, object> = {};
  for (const { version, scope } of policies) {
    const rules = policies
      .filter((other) => other.version === version && other.scope === scope)
      .flatMap((p) => p.rules);
    const written = [...new Set(rules.map(({ kind }) => kind))].map((kind) => ({
      resource: kind,
      actions: rules
        .filter((rule) => rule.kind === kind)
        .map(({ action, effect, when }) => ({ action, effect: effectOf(effect), ...conditionOf(when) })),
    }));
    files[["principal", version, scope].filter(Boolean).join("-").concat(".json")] = policyFile({
      principalPolicy: { principal: principal.id, version, ...scoped(scope), rules: written },
    });
  }
  return files;
}

function policyFile(content: object): object {
  return { apiVersion: "api.cerbos.dev/v1", ...content };
}

function scoped(scope: Scope | ""): object {
  return scope ? { scope, scopePermissions: SCOPES[scope] } : {};
}

function effectOf(effect: Rule["effect"]): string {
  return `EFFECT_${effect.toUpperCase()}`;
}

function conditionOf(when: Condition | undefined): object {
  return when === undefined ? {} : { condition: { match: blockOf(when) } };
}

function blockOf(condition: Condition): object {
  if (typeof condition === "string") return { expr: condition };
  return Object.fromEntries(Object.entries(condition).map(([block, of]) => [block, { of: of.map(blockOf) }]));
}
