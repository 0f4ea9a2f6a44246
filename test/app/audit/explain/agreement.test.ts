import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { GRPC } from "@cerbos/grpc";
import { parse } from "yaml";
import { type Explainer, openExplainer } from "../../../../app/audit/explain/explainer.js";
import type { Explanation } from "../../../../app/audit/record/explanation.js";
import type { Attributes, Principal, Resource } from "../../../../middleware/index.js";
import { startPdp } from "../../../../middleware/testing/index.js";
import { crmPolicies } from "../../../support/audit/policy-folder.js";
import { sampleActions, useSamplePolicies } from "../../../support/audit/sample-policies.js";
import { standInFor, useFixture } from "../../../support/fixture.js";
import { projectPath } from "../../../support/paths.js";

/** A question to the PDP, and its answer. */
interface PdpDecision {
  readonly principal: Principal;
  readonly kind: string;
  readonly resource: Resource;
  readonly action: string;
  readonly derivedRoles: readonly string[];
  readonly allowed: boolean;
  readonly invalid: boolean;
  /** The policy that the PDP names. */
  readonly policy: string | undefined;
}

async function ask(
  pdp: GRPC,
  principal: Principal,
  kind: string,
  resources: readonly Resource[],
  actions: readonly string[],
): Promise<PdpDecision[]> {
  const answers: PdpDecision[] = [];
  for (let n = 0; n < resources.length; n += 50) {
    const some = resources.slice(n, n + 50);
    const { results } = await pdp.checkResources({
      principal: principal as never,
      resources: some.map(({ id, attr = {} }) => ({
        resource: { kind, id, attr: attr as never },
        actions: [...actions],
      })),
      includeMetadata: true,
    });
    for (const [i, result] of results.entries()) {
      const derivedRoles = result.metadata?.effectiveDerivedRoles ?? [];
      const invalid = result.validationErrors.length > 0;
      for (const action of actions) {
        const allowed = result.isAllowed(action) === true;
        const policy = result.metadata?.actions[action]?.matchedPolicy;
        const resource = some[i] as Resource;
        answers.push({ principal, kind, resource, action, derivedRoles, allowed, invalid, policy });
      }
    }
  }
  return answers;
}

/** Makes sure that the explanation is consistent with the PDP's decision, and has a reason for every denial. */
function assertAgreement(explainer: Explainer, { allowed, policy, ...decision }: PdpDecision): void {
  const explanation = explainer.explain(decision);
  const context = JSON.stringify({ allowed, ...decision, explanation }, null, 1);
  assert(explanation, context);
  const { rules, derivedRoles, agrees } = explanation;
  assert.equal(explanation.policy, policy);
  // The missing derived roles are those that the rules ask for without those in the PDP's answer.
  const asked = new Set(rules.flatMap((rule) => rule.derivedRoles));
  const lacking = [...asked].filter((name) => !decision.derivedRoles.includes(name));
  assert.deepEqual(derivedRoles.map(({ name }) => name).sort(), lacking.sort(), context);
  // The derived roles are the same, so they can only disagree about the effect.
  assert.equal(agrees, !allowed, context);
  for (const { effect, applied, missing, failed } of rules) {
    assert.equal(applied, missing === null, context);
    assert.equal(missing === "condition" && failed.length === 0, false, context);
    assert(allowed || effect === "deny" || missing !== null || rules.some((rule) => isApplied(rule, "deny")), context);
  }
  assert.deepEqual(JSON.parse(JSON.stringify(explanation)), explanation, "it is not plain JSON");
}

function isApplied(rule: Explanation["rules"][number], effect: "allow" | "deny"): boolean {
  return rule.effect === effect && rule.applied;
}

/** Every combination of one value for each name. */
function combinations<T extends object>(values: { [K in keyof T]: readonly T[K][] }): T[] {
  return Object.entries(values).reduce<object[]>(
    (made, [name, each]) =>
      made.flatMap((one) =>
        (each as unknown[]).map((value) => ({ ...one, ...(value === undefined ? {} : { [name]: value }) })),
      ),
    [{}],
  ) as T[];
}

/** Gives the suite that calls this a PDP. */
function usePdp(policies: () => string): GRPC {
  const fixture = useFixture(
    async () => {
      const child = await startPdp({ policies: policies(), config: projectPath("pdp/pdp.yaml") });
      return { child, client: new GRPC(child.target, { tls: false }) };
    },
    async ({ child, client }) => {
      client.close();
      await child.stop();
    },
  );
  return standInFor(() => fixture.client);
}

describe("The explanation of refusals, and the PDP's decisions", () => {
  // In the outer suite, so that the PDP stops before the folder is removed.
  const samples = useSamplePolicies();

  describe("by the CRM's policies", () => {
    const actions = ["list", "read", "create", "update", "delete", "share", "transfer", "export"];
    const crm = openExplainer(crmPolicies);
    const pdp = usePdp(() => crmPolicies);

    it("agrees with the PDP, whoever asks", async () => {
      const attributes = combinations<Record<string, string | string[]>>({
        ownerId: ["uma", "anton"],
        visibility: ["everyone", "team", "private"],
        department: ["", "Sales"],
        sharedWith: [[], ["anton", "uma"]],
        editors: [[], ["uma"]],
        managers: [[], ["mia", "anton"]],
      });
      const contacts = attributes.map((attr, n) => ({ id: `c${n}`, attr }));
      const people = combinations<{ roles: string[]; department: string | undefined }>({
        roles: [["user"], ["admin"], ["admin", "user"], ["other"]],
        department: [undefined, "", "Sales", "Support"],
      });
      let denied = 0;
      for (const { roles, ...attr } of people) {
        const principal = { id: "uma", roles, attr: attr as Attributes };
        for (const answer of await ask(pdp, principal, "contact", contacts, actions)) {
          assert.equal(answer.invalid, false);
          assertAgreement(crm, answer);
          if (!answer.allowed) denied += 1;
        }
      }
      assert(denied > 1_000, `only ${denied} of them were denied`);
    });

    it("agrees on the policies' own test data, and does not where a schema refused", async () => {
      const read = (path: string) =>
        parse(readFileSync(join(crmPolicies, "tests/testdata", path), "utf8"), { merge: true });
      const { principals } = read("principals.yaml") as { principals: Record<string, Principal> };
      const { resources } = read("resources.yaml") as {
        resources: Record<string, Resource & { kind: string; policyVersion?: string; scope?: string }>;
      };
      const contacts = Object.values(resources)
        .filter(({ kind, policyVersion, scope }) => kind === "contact" && !policyVersion && !scope)
        .map(({ id, attr }) => ({ id, ...(attr ? { attr } : {}) }));
      let refusedBySchema = 0;
      for (const principal of Object.values(principals)) {
        for (const answer of await ask(pdp, principal, "contact", contacts, actions)) {
          if (!answer.invalid) assertAgreement(crm, answer);
          // By the rules alone an administrator may do everything: then the explanation must not agree.
          else if (crm.explain(answer)?.agrees === false) refusedBySchema += 1;
        }
      }
      assert(refusedBySchema > 100, `only ${refusedBySchema}`);
    });

    it("agrees with plans that are always denied", async () => {
      for (const roles of [["guest"], ["user"], ["admin"]]) {
        const principal = { id: "uma", roles };
        for (const action of actions) {
          const { kind } = await pdp.planResources({ principal, resource: { kind: "contact" }, action });
          const isDenied = String(kind) === "KIND_ALWAYS_DENIED";
          const explanation = crm.explain({
            principal,
            kind: "contact",
            resource: undefined,
            action,
            derivedRoles: [],
          });
          const mayApply = explanation?.rules.some(({ missing }) => missing === "resource" || missing === null);
          assert.equal(mayApply, !isDenied, `${roles} ${action}`);
          if (isDenied) assert.equal(explanation?.agrees, true);
        }
      }
    });
  });

  describe("by policies of every shape", () => {
    const pdp = usePdp(() => samples.folder.path);

    it("agrees with the PDP", async () => {
      const attributes = combinations<Record<string, string | number | string[]>>({
        n: [1, 2, 3, "3"],
        state: ["open", "closed"],
        owner: ["pia", "somebody"],
        tags: [[], ["s", "t"]],
      });
      const resources = [
        {}, // which must not be taken for a kind as a whole: the PDP has answered for it
        { n: 1, path: "x.y", ip: "10.1.1.1", x: "x", at: "2020-01-01T00:00:00Z" },
        { n: 2, path: "y", ip: "11.1.1.1", x: "z", at: "2999-01-01T00:00:00Z", tags: "s" },
        ...attributes,
      ].map((attr, n) => ({ id: `t${n}`, attr }) as Resource);
      const personal = [{}, { level: 2, guest: true, tags: ["t"] }, { level: 2.5, guest: false, tags: ["s", "u"] }];
      let denied = 0;
      for (const roles of [["a"], ["b"], ["a", "b"], ["b", "a"], ["root"], ["c"]]) {
        for (const attr of personal) {
          const principal = { id: "pia", roles, attr: attr as Attributes };
          for (const answer of await ask(pdp, principal, "thing", resources, sampleActions)) {
            // The explainer cannot evaluate these: it agrees when the PDP denies, and cannot tell when it allows.
            if (answer.allowed && answer.action.startsWith("pdp")) continue;
            assertAgreement(samples, answer);
            if (!answer.allowed) denied += 1;
          }
        }
      }
      assert(denied > 5_000, `only ${denied} of them were denied`);
      const thing = { id: "t", attr: {} };
      for (const roles of [["a"], ["a", "b"], ["b"]]) {
        const answers = await ask(pdp, { id: "pia", roles }, "some-other/kind:of.thing", [thing], ["all", "none"]);
        for (const answer of answers) assertAgreement(samples, answer);
      }
    });
  });
});
