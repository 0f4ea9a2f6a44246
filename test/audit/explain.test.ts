import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { GRPC } from "@cerbos/grpc";
import { parse } from "yaml";
import type { Explanation } from "../../app/audit/explain/explanation.js";
import { type PolicyBook, policyBook } from "../../app/audit/explain/policy-book.js";
import { type ChildPdp, startPdp } from "../../app/demo/pdp.js";
import type { Attributes, Principal, Resource } from "../../middleware/index.js";

const root = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** As the PDP answered. */
interface Denied {
  readonly principal: Principal;
  readonly kind: string;
  readonly resource: Resource;
  readonly action: string;
  readonly derivedRoles: readonly string[];
}
interface Answered extends Denied {
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
): Promise<Answered[]> {
  const answers: Answered[] = [];
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

/** That the book sees it as the PDP does, and has a reason for every refusal. */
function assertAgreement(book: PolicyBook, { allowed, policy, ...decision }: Answered): void {
  const explanation = book.explain(decision);
  const context = JSON.stringify({ allowed, ...decision, explanation }, null, 1);
  assert(explanation, context);
  const { rules, derivedRoles, effective, agrees } = explanation;
  assert.equal(explanation.policy, policy);
  const asked = new Set(rules.flatMap((rule) => rule.derivedRoles));
  const told = decision.derivedRoles.filter((name) => asked.has(name));
  assert.deepEqual([...effective].sort(), [...told].sort(), context);
  assert.deepEqual([...derivedRoles.map(({ name }) => name), ...effective].sort(), [...asked].sort(), context);
  // The derived roles are the same, so that it only disagrees where it would have allowed what was denied.
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

function ruleNamed(explanation: Explanation | null, name: string) {
  const found = explanation?.rules.find((rule) => rule.name === name);
  assert(found, `there is no rule ${name} in ${JSON.stringify(explanation)}`);
  return found;
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

const allow = { effect: "EFFECT_ALLOW" };
const deny = { effect: "EFFECT_DENY" };
const when = (...conditions: object[]) => ({ condition: { match: conditions[0] } });
const expr = (text: string) => ({ expr: text });
const all = (...of: object[]) => ({ all: { of } });
const any = (...of: object[]) => ({ any: { of } });
const none = (...of: object[]) => ({ none: { of } });
const roles = ["a"];

/** Policies of things, for what the CRM's own have no need of. One a file, as the PDP wants them. */
const policiesOfThings: Record<string, object> = {
  "derived.json": {
    derivedRoles: {
      name: "towards-things",
      variables: { local: { isMine: "R.attr.owner == P.id" } },
      constants: { local: { closed: "closed" } },
      definitions: [
        { name: "maker", parentRoles: ["a", "b"], ...when(expr("V.isMine")) },
        { name: "anybody", parentRoles: ["*"] },
        { name: "onlyB", parentRoles: ["b"] },
        { name: "insider", parentRoles: ["a"], ...when(none(expr("R.attr.state == C.closed"), expr("P.attr.guest"))) },
        { name: "superior", parentRoles: ["a"], ...when(expr('hierarchy("x").ancestorOf(hierarchy(R.attr.path))')) },
      ],
    },
  },
  "variables.json": { exportVariables: { name: "shared", definitions: { isOpen: 'R.attr.state == "open"' } } },
  "constants.json": { exportConstants: { name: "limits", definitions: { most: 3, kinds: ["x", "y"] } } },
  "thing.json": {
    resourcePolicy: {
      resource: "thing",
      version: "default",
      importDerivedRoles: ["towards-things"],
      variables: {
        import: ["shared"],
        local: { isSmall: "R.attr.n <= C.most", isFine: "V.isOpen && V.isSmall", broken: "R.attr.nothing.at.all" },
      },
      constants: { import: ["limits"] },
      rules: [
        {
          name: "all",
          actions: ["all"],
          ...allow,
          roles,
          ...when(all(expr("R.attr.n > 1"), expr("P.attr.level == 2"))),
        },
        {
          name: "any",
          actions: ["any"],
          ...allow,
          roles,
          ...when(any(expr("R.attr.n > 1"), expr("P.attr.level == 2"))),
        },
        {
          name: "none",
          actions: ["none"],
          ...allow,
          roles,
          ...when(none(expr("R.attr.n > 1"), expr("P.attr.level == 2"))),
        },
        {
          name: "nested",
          actions: ["nested"],
          ...allow,
          roles,
          ...when(
            all(
              any(expr("R.attr.n > 1"), all(expr("P.attr.level == 2"), expr('R.attr.state == "open"'))),
              none(all(expr("R.attr.n > 2"), none(expr("P.attr.guest"))), expr('R.attr.state == "closed"')),
            ),
          ),
        },
        { name: "a-may", actions: ["denied", "denied:b", "denied:derived"], ...allow, roles },
        {
          name: "not-when-closed",
          actions: ["denied"],
          ...deny,
          roles: ["*"],
          ...when(expr('R.attr.state == "closed"')),
        },
        { name: "b-may-not", actions: ["denied:b"], ...deny, roles: ["b"] },
        { name: "not-only-b", actions: ["denied:derived"], ...deny, derivedRoles: ["onlyB"] },
        { name: "nobody", actions: ["nobody"], ...allow, roles },
        { name: "really-nobody", actions: ["nobody"], ...deny, derivedRoles: ["anybody"] },
        { name: "one-level", actions: ["w:*"], ...allow, roles },
        { name: "levels", actions: ["v:**"], ...allow, roles },
        { name: "glob", actions: ["g:{p,q}:[xy]?*", "m*n"], ...allow, roles },
        { name: "no-glob", actions: ["z:{p,q}"], ...allow, roles },
        { name: "everything", actions: ["*"], ...allow, roles: ["root"] },
        { name: "variable", actions: ["variable"], ...allow, roles, ...when(expr("V.isFine")) },
        {
          name: "broken-variable",
          actions: ["variable:broken"],
          ...allow,
          roles,
          ...when(expr("variables.broken == null")),
        },
        {
          name: "constant",
          actions: ["constant"],
          ...allow,
          roles,
          ...when(expr("R.attr.x in C.kinds && R.attr.n < constants.most")),
        },
        {
          name: "maker",
          actions: ["derived"],
          ...allow,
          roles: ["root"],
          derivedRoles: ["maker", "insider"],
          ...when(expr("R.attr.n == 1")),
        },
        {
          name: "runtime",
          actions: ["runtime"],
          ...allow,
          roles,
          ...when(expr('"maker" in runtime.effectiveDerivedRoles')),
        },
        {
          name: "sets",
          actions: ["sets"],
          ...allow,
          roles,
          ...when(expr("hasIntersection(R.attr.tags, P.attr.tags) && !P.attr.tags.isSubset(R.attr.tags)")),
        },
        {
          name: "lists",
          actions: ["lists"],
          ...allow,
          roles,
          ...when(expr("R.attr.tags.exists(t, t in P.attr.tags) && size(R.attr.tags) == 2")),
        },
        {
          name: "time",
          actions: ["time"],
          ...allow,
          roles,
          ...when(expr('timestamp(R.attr.at).timeSince() > duration("1h") && timestamp(R.attr.at) < now()')),
        },
        {
          name: "text",
          actions: ["text"],
          ...allow,
          roles,
          ...when(expr('R.attr.state.startsWith("op") && R.attr.state.matches("^o.*n$") ? true : has(P.attr.guest)')),
        },
        { name: "no-boolean", actions: ["no-boolean"], ...allow, roles, ...when(expr("R.attr.state")) },
        { actions: ["unnamed"], ...allow, roles: ["root"] },
        {
          name: "ids",
          actions: ["ids"],
          ...allow,
          roles,
          ...when(expr('R.id != "t3" && request.resource.kind == "thing"')),
        },
        {
          name: "more-sets",
          actions: ["sets:more"],
          ...allow,
          roles,
          ...when(expr('except(R.attr.tags, P.attr.tags).size() == 1 && R.attr.tags.intersect(P.attr.tags) == ["t"]')),
        },
        {
          name: "only-the-pdp",
          actions: ["pdp"],
          ...allow,
          roles,
          ...when(expr('hierarchy("x").ancestorOf(hierarchy(R.attr.path))')),
        },
        {
          name: "not-only-the-pdp",
          actions: ["pdp:none"],
          ...allow,
          roles,
          ...when(none(expr('R.attr.ip.inIPAddrRange("10.0.0.0/8")'))),
        },
        { name: "superiors", actions: ["pdp:derived"], ...allow, derivedRoles: ["superior"] },
      ],
    },
  },
  "thing-next.json": {
    resourcePolicy: {
      resource: "thing",
      version: "next",
      rules: [{ name: "nobody-yet", actions: ["all"], ...allow, roles: ["root"] }],
    },
  },
  "other.json": {
    resourcePolicy: {
      resource: "some-other/kind:of.thing",
      version: "default",
      rules: [{ name: "r", actions: ["all"], ...allow, roles, ...when(expr('"b" in P.roles')) }],
    },
  },
  "thing_test.json": { resourcePolicy: { resource: "untrue", version: "default", rules: [] } },
};

const actionsOfThings = [
  ..."all any none nested denied denied:b denied:derived nobody w:1 w:1:2 w: v:1 v:1:2 g:p:xx g:r:xx g:q:zx mon mn m:n".split(
    " ",
  ),
  ..."g:p:x:y z:{p,q} ids sets:more variable variable:broken constant derived runtime sets lists time text no-boolean unnamed other".split(
    " ",
  ),
  ..."pdp pdp:none pdp:derived".split(" "),
];

describe("The explanation of refusals", () => {
  const folder = mkdtempSync(join(tmpdir(), "gatehouse-explain-"));
  const things = join(folder, "things");
  const clients: GRPC[] = [];
  const children: ChildPdp[] = [];
  let book: PolicyBook;

  function write(path: string, policy: object): void {
    mkdirSync(join(folder, path, ".."), { recursive: true });
    writeFileSync(join(folder, path), JSON.stringify({ apiVersion: "api.cerbos.dev/v1", ...policy }, null, 2));
  }

  async function pdpOf(policies: string): Promise<GRPC> {
    const child = await startPdp({ policies, config: root("pdp/pdp.yaml"), log: () => {} });
    children.push(child);
    const client = new GRPC(child.target, { tls: false });
    clients.push(client);
    return client;
  }

  before(() => {
    for (const [name, policy] of Object.entries(policiesOfThings)) write(`things/${name}`, policy);
    book = policyBook(things);
  });

  after(async () => {
    for (const client of clients) client.close();
    await Promise.all(children.map((child) => child.stop()));
    rmSync(folder, { recursive: true });
  });

  describe("by the CRM's policies", () => {
    const actions = ["list", "read", "create", "update", "delete", "share", "transfer", "export"];
    const crm = policyBook(root("policies"));
    let pdp: GRPC;
    before(async () => {
      pdp = await pdpOf(root("policies"));
    });

    it("agrees with the PDP, whoever asks", async () => {
      const attributes = combinations<Record<string, string | string[]>>({
        ownerId: ["uma", "anton"],
        visibility: ["everyone", "team", "private"],
        department: ["", "Sales"],
        sharedWith: [[], ["anton", "uma"]],
        editors: [[], ["uma"]],
      });
      const contacts = attributes.map((attr, n) => ({ id: `c${n}`, attr }));
      const people = combinations<{ roles: string[]; department: string | undefined }>({
        roles: [["user"], ["admin"], ["admin", "user"], ["other"]],
        department: [undefined, "", "Sales", "Support"],
      });
      let denied = 0;
      for (const { roles, ...attr } of people) {
        for (const answer of await ask(
          pdp,
          { id: "uma", roles, attr: attr as Attributes },
          "contact",
          contacts,
          actions,
        )) {
          assert.equal(answer.invalid, false);
          assertAgreement(crm, answer);
          if (!answer.allowed) denied += 1;
        }
      }
      assert(denied > 1_000, `only ${denied} of them were denied`);
    });

    it("agrees on the policies' own test data, and does not where a schema refused", async () => {
      const read = (path: string) =>
        parse(readFileSync(root(`policies/tests/testdata/${path}`), "utf8"), { merge: true });
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
          // Administrators, say, may do everything by the rules: the explanation must not pretend that they may not.
          else if (crm.explain(answer)?.agrees === false) refusedBySchema += 1;
        }
      }
      assert(refusedBySchema > 100, `only ${refusedBySchema}`);
    });

    it("names what is missing, leaf by leaf", () => {
      const explanation = crm.explain({
        principal: { id: "tess", roles: ["user"], attr: { department: "" } },
        kind: "contact",
        resource: {
          id: "c1",
          attr: { ownerId: "uma", visibility: "team", department: "Sales", sharedWith: ["vera"], editors: [] },
        },
        action: "read",
        derivedRoles: [],
      });
      const failed = (expression: string) => [{ expression, because: "false" }];
      assert.deepEqual(explanation, {
        policy: "resource.contact.vdefault",
        rules: [
          {
            name: "users-see-what-is-everyones",
            effect: "allow",
            applied: false,
            roles: ["user"],
            derivedRoles: [],
            missing: "condition",
            failed: failed('R.attr.visibility == "everyone"'),
          },
          {
            name: "users-see-what-is-their-teams",
            effect: "allow",
            applied: false,
            roles: [],
            derivedRoles: ["teammate"],
            missing: "role",
            failed: [],
          },
          {
            name: "users-see-their-own-and-what-is-shared-with-them",
            effect: "allow",
            applied: false,
            roles: [],
            derivedRoles: ["owner", "viewer"],
            missing: "role",
            failed: [],
          },
          {
            name: "admins-do-everything-with-any",
            effect: "allow",
            applied: false,
            roles: ["admin"],
            derivedRoles: [],
            missing: "role",
            failed: [],
          },
        ],
        derivedRoles: [
          {
            name: "teammate",
            parentRoles: ["user"],
            hasParentRole: true,
            failed: [...failed('P.attr.department != ""'), ...failed("R.attr.department == P.attr.department")],
          },
          { name: "owner", parentRoles: ["user"], hasParentRole: true, failed: failed("R.attr.ownerId == P.id") },
          { name: "viewer", parentRoles: ["user"], hasParentRole: true, failed: failed("P.id in R.attr.sharedWith") },
        ],
        effective: [],
        agrees: true,
      });
    });

    it("tells a missing attribute from one with another value", () => {
      const attr = { ownerId: "uma", visibility: "team", department: "Sales", sharedWith: [], editors: [] };
      const principal = { id: "tess", roles: ["user"] };
      const resource = { id: "c1", attr };
      const explanation = crm.explain({ principal, kind: "contact", resource, action: "read", derivedRoles: [] });
      assert.deepEqual(explanation?.derivedRoles[0]?.failed, [
        { expression: "has(P.attr.department)", because: "false" },
        { expression: 'P.attr.department != ""', because: "error" },
        { expression: "R.attr.department == P.attr.department", because: "error" },
      ]);
    });

    it("says of a kind as a whole what is known, and no more", () => {
      const question = { kind: "contact", resource: undefined, action: "list", derivedRoles: [] };
      const nobody = crm.explain({ ...question, principal: { id: "nina", roles: ["guest"] } });
      assert.equal(nobody?.agrees, true);
      assert.deepEqual(new Set(nobody.rules.map(({ missing }) => missing)), new Set(["role"]));
      assert(nobody.derivedRoles.every(({ hasParentRole }) => !hasParentRole));

      for (const resource of [undefined, { id: "*" }]) {
        const user = crm.explain({ ...question, resource, principal: { id: "uma", roles: ["user"] } });
        assert.equal(user?.agrees, true);
        assert.deepEqual(ruleNamed(user, "users-see-what-is-everyones"), {
          name: "users-see-what-is-everyones",
          effect: "allow",
          applied: false,
          roles: ["user"],
          derivedRoles: [],
          missing: "resource",
          failed: [{ expression: 'R.attr.visibility == "everyone"', because: "unknown" }],
        });
        assert.equal(ruleNamed(user, "users-see-their-own-and-what-is-shared-with-them").missing, "resource");
        assert.equal(ruleNamed(user, "admins-do-everything-with-any").missing, "role");
        const owner = user.derivedRoles.find(({ name }) => name === "owner");
        assert.deepEqual(owner?.failed, [{ expression: "R.attr.ownerId == P.id", because: "unknown" }]);
        // Of teammates the department is known to be missing, so that no contact could make her one.
        assert.equal(ruleNamed(user, "users-see-what-is-their-teams").missing, "role");
      }
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

    it("knows no policy of other kinds and versions", () => {
      const question = {
        principal: { id: "uma", roles: ["user"] },
        resource: undefined,
        action: "read",
        derivedRoles: [],
      };
      assert.equal(crm.explain({ ...question, kind: "Contact" }), null);
      assert.equal(crm.explain({ ...question, kind: "contact", policyVersion: "next" }), null);
      assert.notEqual(crm.explain({ ...question, kind: "contact", policyVersion: "default" }), null);
    });
  });

  describe("by policies of every shape", () => {
    const thing = (attr: Attributes): Resource => ({ id: "t", attr });
    const about = (attr: Attributes, person: Attributes, action: string, derivedRoles: string[] = []) =>
      book.explain({
        principal: { id: "pia", roles, attr: person },
        kind: "thing",
        resource: thing(attr),
        action,
        derivedRoles,
      });
    const failedOf = (name: string, attr: Attributes, person: Attributes = {}) =>
      ruleNamed(about(attr, person, name), name).failed.map(({ expression, because }) => `${because}: ${expression}`);

    it("agrees with the PDP", async () => {
      const pdp = await pdpOf(things);
      const attributes = combinations<Record<string, string | number | string[]>>({
        n: [1, 2, 3, "3"],
        state: ["open", "closed"],
        owner: ["pia", "somebody"],
        tags: [[], ["s", "t"]],
      });
      const resources = [
        {}, // which the book must not take for a kind as a whole: the PDP has answered for it
        { n: 1, path: "x.y", ip: "10.1.1.1", x: "x", at: "2020-01-01T00:00:00Z" },
        { n: 2, path: "y", ip: "11.1.1.1", x: "z", at: "2999-01-01T00:00:00Z", tags: "s" },
        ...attributes,
      ].map((attr, n) => ({ id: `t${n}`, attr }) as Resource);
      const personal = [{}, { level: 2, guest: true, tags: ["t"] }, { level: 2.5, guest: false, tags: ["s", "u"] }];
      let denied = 0;
      for (const roles of [["a"], ["b"], ["a", "b"], ["b", "a"], ["root"], ["c"]]) {
        for (const attr of personal) {
          for (const answer of await ask(
            pdp,
            { id: "pia", roles, attr: attr as Attributes },
            "thing",
            resources,
            actionsOfThings,
          )) {
            // What only the PDP can tell, the book does not; it never contradicts it, as long as it denies.
            if (answer.allowed && answer.action.startsWith("pdp")) continue;
            assertAgreement(book, answer);
            if (!answer.allowed) denied += 1;
          }
        }
      }
      assert(denied > 5_000, `only ${denied} of them were denied`);
      for (const roles of [["a"], ["a", "b"], ["b"]]) {
        const answers = await ask(pdp, { id: "pia", roles }, "some-other/kind:of.thing", [thing({})], ["all", "none"]);
        for (const answer of answers) assertAgreement(book, answer);
      }
    });

    it("lists what is not true under all and any, and what is under none", () => {
      assert.deepEqual(failedOf("all", { n: 1 }, { level: 2 }), ["false: R.attr.n > 1"]);
      assert.deepEqual(failedOf("all", { n: 1 }, {}), ["false: R.attr.n > 1", "error: P.attr.level == 2"]);
      assert.deepEqual(failedOf("any", { n: 1 }, { level: 1 }), ["false: R.attr.n > 1", "false: P.attr.level == 2"]);
      assert.deepEqual(failedOf("any", { n: "1" }, {}), ["error: R.attr.n > 1", "error: P.attr.level == 2"]);
      assert.deepEqual(failedOf("any", { n: 2 }, {}), []);
      assert.deepEqual(failedOf("none", { n: 2 }, { level: 1 }), ["true: R.attr.n > 1"]);
      assert.deepEqual(failedOf("none", { n: 2 }, { level: 2 }), ["true: R.attr.n > 1", "true: P.attr.level == 2"]);
      assert.deepEqual(failedOf("none", {}, {}), []);
      assert.deepEqual(failedOf("no-boolean", { state: "open" }), ["error: R.attr.state"]);
    });

    it("finds its way through what is nested", () => {
      assert.deepEqual(failedOf("nested", { n: 1, state: "closed" }, { level: 2 }), [
        "false: R.attr.n > 1",
        'false: R.attr.state == "open"',
        'true: R.attr.state == "closed"',
      ]);
      // A none within a none: because it is not so that somebody is a guest.
      assert.deepEqual(failedOf("nested", { n: 3, state: "open" }, { guest: false }), [
        "true: R.attr.n > 2",
        "false: P.attr.guest",
      ]);
    });

    it("names the deny rules that applied", () => {
      const explanation = about({ state: "closed" }, {}, "denied");
      assert.equal(explanation?.agrees, true);
      assert.equal(ruleNamed(explanation, "a-may").applied, true);
      assert.deepEqual(ruleNamed(explanation, "not-when-closed"), {
        name: "not-when-closed",
        effect: "deny",
        applied: true,
        roles: ["*"],
        derivedRoles: [],
        missing: null,
        failed: [],
      });
      assert.equal(ruleNamed(about({ state: "open" }, {}, "denied"), "not-when-closed").missing, "condition");
    });

    it("names the rules of an action, wildcards included", () => {
      const names = (action: string) => about({}, {}, action)?.rules.map(({ name }) => name);
      assert.deepEqual(names("w:1"), ["one-level", "everything"]);
      assert.deepEqual(names("w:1:2"), ["everything"]);
      assert.deepEqual(names("v:1:2"), ["levels", "everything"]);
      assert.deepEqual(names("g:p:xx"), ["glob", "everything"]);
      assert.deepEqual(names("z:p"), ["everything"]);
      assert.deepEqual(names("unnamed"), ["everything", "rule-026"]);
    });

    it("tells what stands in the way of a derived role", () => {
      const resource = thing({ n: 2, owner: "somebody", state: "closed" });
      const principal = { id: "pia", roles: ["b"], attr: { guest: true } };
      const explanation = book.explain({ principal, kind: "thing", resource, action: "derived", derivedRoles: [] });
      assert.deepEqual(explanation?.derivedRoles, [
        {
          name: "maker",
          parentRoles: ["a", "b"],
          hasParentRole: true,
          failed: [{ expression: "V.isMine", because: "false" }],
        },
        {
          name: "insider",
          parentRoles: ["a"],
          hasParentRole: false,
          failed: [
            { expression: "R.attr.state == C.closed", because: "true" },
            { expression: "P.attr.guest", because: "true" },
          ],
        },
      ]);
      const { missing, failed } = ruleNamed(explanation, "maker");
      assert.deepEqual(
        { missing, failed },
        { missing: "role", failed: [{ expression: "R.attr.n == 1", because: "false" }] },
      );
    });

    it("does not call false what only the PDP can evaluate", () => {
      const attr = { path: "y", ip: "10.1.1.1" };
      for (const [action, name] of [
        ["pdp", "only-the-pdp"],
        ["pdp:none", "not-only-the-pdp"],
      ] as const) {
        const explanation = about(attr, {}, action);
        const { applied, missing, failed } = ruleNamed(explanation, name);
        assert.deepEqual([applied, missing, failed.map(({ because }) => because)], [false, "condition", ["error"]]);
        assert.equal(explanation?.agrees, true);
      }
      // Whether somebody has such a derived role is taken from the PDP.
      assert.deepEqual(
        about(attr, {}, "pdp:derived")?.derivedRoles[0]?.failed.map(({ because }) => because),
        ["error"],
      );
      assert.deepEqual(about(attr, {}, "pdp:derived", ["superior"])?.effective, ["superior"]);
    });

    it("says so when the policies at hand are not those that decided", () => {
      const attr = { n: 1, owner: "somebody", state: "open" };
      assert.equal(about(attr, {}, "derived", ["insider"])?.agrees, false, "it would have been allowed");
      assert.equal(about({ ...attr, n: 2 }, {}, "derived", ["insider"])?.agrees, true);
      assert.equal(about({ ...attr, n: 2 }, {}, "derived", ["insider", "maker"])?.agrees, false);
      assert.equal(about({ ...attr, n: 2 }, {}, "derived", [])?.agrees, false);
      assert.equal(
        about({ ...attr, n: 2 }, {}, "derived", ["insider", "onlyB"])?.agrees,
        true,
        "it is of no rule of these",
      );
    });

    it("looks at the version that was asked", () => {
      const question = {
        principal: { id: "pia", roles },
        kind: "thing",
        resource: thing({}),
        action: "all",
        derivedRoles: [],
      };
      const explanation = book.explain({ ...question, policyVersion: "next" });
      assert.equal(explanation?.policy, "resource.thing.vnext");
      assert.deepEqual(
        explanation.rules.map(({ name }) => name),
        ["nobody-yet"],
      );
      assert.equal(book.explain({ ...question, kind: "untrue" }), null, "a test's file was read");
    });

    it("holds no value of any attribute", () => {
      const mark = "M4RK";
      const marked = { n: mark, state: mark, owner: mark, tags: [mark], x: mark, at: mark, path: mark, ip: mark };
      const principal = {
        id: mark,
        roles: [mark, "a"],
        attr: { level: mark, guest: mark, tags: [mark], [mark]: mark },
      };
      for (const action of actionsOfThings) {
        for (const attr of [marked, { ...marked, n: 987654321 }]) {
          const explanation = book.explain({
            principal,
            kind: "thing",
            resource: { id: mark, attr },
            action,
            derivedRoles: [mark],
          });
          assert.doesNotMatch(JSON.stringify(explanation), /M4RK|987654321/);
          assert(explanation);
        }
      }
    });

    it("never throws, whatever the attributes are", () => {
      const cycle: Record<string, unknown> = {};
      cycle.self = [cycle, cycle];
      const deep = JSON.parse(`${'{"n":'.repeat(5_000)}1${"}".repeat(5_000)}`);
      let wide: unknown = 1;
      for (let n = 0; n < 40; n += 1) wide = [wide, wide];
      const throwing = Object.defineProperty({}, "n", { enumerable: true, get: () => assert.fail("read") });
      const odd: unknown[] = [
        null,
        1,
        "text",
        [],
        { n: undefined, state: () => {}, owner: Symbol("s"), tags: new Set(), x: 1n, at: new Date() },
        { n: Number.NaN, state: "\ud800", owner: null, tags: [undefined], at: Number.POSITIVE_INFINITY },
        JSON.parse('{"__proto__": {"n": 2}, "constructor": {"name": "Object"}, "toString": 1, "hasOwnProperty": null}'),
        Object.assign(Object.create(null), { n: 2 }),
        Object.create({ n: 2 }),
        { n: Array.from({ length: 200_000 }, (_, n) => n) },
        new Map([["n", 2]]),
        cycle,
        deep,
        { n: wide },
        throwing,
        new Proxy({}, { ownKeys: () => assert.fail("listed") }),
      ];
      for (const attr of odd as Attributes[]) {
        for (const action of ["nested", "derived", "lists", "pdp:none"]) {
          const decision = { kind: "thing", action, derivedRoles: [] };
          const resource = { id: "t", attr };
          book.explain({ ...decision, principal: { id: "pia", roles, attr }, resource });
          book.explain({ ...decision, principal: { id: "pia", roles }, resource });
          book.explain({ ...decision, principal: { id: "pia", roles, attr }, resource: undefined });
        }
      }
      assert.equal(book.explain(undefined as never), null);
      assert.equal(book.explain({ principal: null, kind: "thing" } as never), null);
      // An attribute that JavaScript gives to every object is not there.
      const inherited = about(Object.create({ n: 2 }), {}, "all");
      assert.deepEqual(ruleNamed(inherited, "all").failed[0], { expression: "R.attr.n > 1", because: "error" });
    });
  });

  describe("when the policies are edited", () => {
    const policy = (expression: string) => ({
      resourcePolicy: {
        resource: "note",
        version: "default",
        rules: [{ name: "r", actions: ["read"], ...allow, roles, ...when(expr(expression)) }],
      },
    });
    const expressionOf = (of: PolicyBook) =>
      of.explain({
        principal: { id: "pia", roles },
        kind: "note",
        resource: { id: "n", attr: {} },
        action: "read",
        derivedRoles: [],
      })?.rules[0]?.failed[0]?.expression;
    const untilNoticed = () => sleep(20);

    it("notices files that are written, broken, mended, added and removed", async () => {
      const notes = policyBook(join(folder, "notes"), 10);
      assert.equal(expressionOf(notes), undefined, "there is not even a folder");
      write("notes/some/where/note.json", policy("1 == 2"));
      await untilNoticed();
      assert.equal(expressionOf(notes), "1 == 2");

      write("notes/some/where/note.json", policy("1 == 3"));
      await untilNoticed();
      assert.equal(expressionOf(notes), "1 == 3");

      writeFileSync(join(folder, "notes/some/where/note.json"), '{"resourcePolicy": {"resource": "no');
      await untilNoticed();
      assert.equal(expressionOf(notes), "1 == 3", "a broken file took the place of the one that was");

      rmSync(join(folder, "notes/some/where/note.json"));
      await untilNoticed();
      assert.equal(expressionOf(notes), undefined);
    });

    it("reads several policies of a file, and leaves out what is none", () => {
      mkdirSync(join(folder, "several"));
      const documents = [{ ...policy("1 == 5"), disabled: true }, { some: "thing" }, policy("1 == 4")];
      const text = documents.map((document) => JSON.stringify(document)).join("\n---\n");
      writeFileSync(join(folder, "several/all.yml"), `# Policies\n---\n${text}\n`);
      writeFileSync(join(folder, "several/read.me"), "not: [a policy");
      assert.equal(expressionOf(policyBook(join(folder, "several"))), "1 == 4");
    });
  });
});
