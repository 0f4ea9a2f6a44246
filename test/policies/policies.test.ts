import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { cerbosBinary } from "../../middleware/testing/pdp/index.js";
import { projectPath } from "../support/paths.js";

const policies = projectPath("policies");

/** What `cerbos compile --output=json` says, as far as it is of interest here. */
interface Report {
  suites?: {
    name: string;
    testCases?: {
      name: string;
      principals: {
        name: string;
        resources: {
          name: string;
          actions: { name: string; details: { result: string; success?: { effect: string } } }[];
        }[];
      }[];
    }[];
  }[];
}

interface Outcome {
  suite: string;
  test: string;
  principal: string;
  resource: string;
  action: string;
  result: string;
  effect: string | undefined;
}

function compile(...flags: string[]): { outcomes: Outcome[]; exitCode: number | null; said: string } {
  const { status, stdout, stderr } = spawnSync(cerbosBinary(), ["compile", "--output=json", ...flags, policies], {
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  const report: Report = stdout ? JSON.parse(stdout) : {};
  return { outcomes: outcomesIn(report), exitCode: status, said: stdout.slice(0, 2_000) + stderr };
}

function outcomesIn({ suites = [] }: Report): Outcome[] {
  return suites.flatMap(({ name: suite, testCases = [] }) =>
    testCases.flatMap(({ name: test, principals }) =>
      principals.flatMap(({ name: principal, resources }) =>
        resources.flatMap(({ name: resource, actions }) =>
          actions.map(({ name: action, details }) => ({
            suite,
            test,
            principal,
            resource,
            action,
            result: details.result,
            effect: details.success?.effect,
          })),
        ),
      ),
    ),
  );
}

/**
 * The contact policy as it was agreed, written down a second time on purpose: whoever changes or removes a cell in the
 * policy's own tests has to come here too. Everybody is what they are called towards the contact that is asked about.
 */
const people = [
  ...["admin", "owner", "teammate", "viewer", "editor", "manager", "manager_of_the_manager", "other_user"],
  ...["user_without_department", "user_and_admin", "no_crm_role", "unknown_role"],
];
const roleHolders = people.slice(0, 10);
const outsiders = ["other_user", "user_without_department"];
const masters = ["admin", "owner", "user_and_admin"];
const seenBy: Readonly<Record<string, readonly string[]>> = {
  everyones: roleHolders,
  teams: roleHolders.filter((person) => !outsiders.includes(person)),
  private: roleHolders.filter((person) => ![...outsiders, "teammate"].includes(person)),
};
const allowedOn = (contact: string): Record<string, readonly string[]> => ({
  list: seenBy[contact] ?? [],
  read: seenBy[contact] ?? [],
  ask: seenBy[contact] ?? [],
  create: roleHolders,
  update: [...masters, "editor"],
  delete: masters,
  share: masters,
  transfer: [...masters, "manager", "manager_of_the_manager"],
});

/** The roles that may read the decision log, and what they may do with it; no other role may do anything. */
const readers = ["auditor", "admin", "user_and_admin", "user_and_auditor"];
const readings = ["list", "read", "export", "tail"];

describe("policies", () => {
  // The compiler asks for all actions of a test in one request, the app for one at a time. Schemas are applied by request.
  for (const [manner, flags] of [
    ["together", []],
    ["one at a time", ["--skip-batching"]],
  ] as const) {
    it(`pass their own tests, asked ${manner}`, function () {
      const { outcomes, exitCode, said } = compile(...flags);
      assert.deepEqual(
        outcomes.filter(({ result }) => result !== "RESULT_PASSED"),
        [],
      );
      assert.equal(exitCode, 0, said);
      assert.notEqual(outcomes.length, 0, "no policy test ran");
      this.runnable().title += ` (${outcomes.length})`;
    });
  }

  it("are tested in every cell of the table", () => {
    const tested = compile().outcomes.filter(({ suite }) => suite === "Contact");
    const effects = new Map(tested.map((cell) => [`${cell.resource} ${cell.principal} ${cell.action}`, cell.effect]));
    const expected = new Map(
      Object.keys(seenBy).flatMap((contact) =>
        Object.entries(allowedOn(contact)).flatMap(([action, those]) =>
          people.map((person) => [
            `${contact} ${person} ${action}`,
            those.includes(person) ? "EFFECT_ALLOW" : "EFFECT_DENY",
          ]),
        ),
      ),
    );
    assert.deepEqual(Object.fromEntries([...effects].sort()), Object.fromEntries([...expected].sort()));
    assert.equal(tested.length, expected.size, "a cell is tested more than once");
  });

  it("let auditors and administrators read the decision log, and no role change it", () => {
    const tested = compile().outcomes.filter(
      ({ suite, resource }) => suite === "Decision" && resource.includes("about"),
    );
    const isReading = (principal: string, action: string) => readers.includes(principal) && readings.includes(action);
    const wrong = tested.filter(
      ({ test, principal, action, effect }) =>
        !test.startsWith("Malformed") && effect !== (isReading(principal, action) ? "EFFECT_ALLOW" : "EFFECT_DENY"),
    );
    assert.deepEqual(wrong, []);
    const asked = (names: (outcome: Outcome) => string) => new Set(tested.map(names));
    for (const person of [...people, ...readers]) assert.ok(asked(({ principal }) => principal).has(person), person);
    for (const action of [...readings, "update", "delete"]) assert.ok(asked((one) => one.action).has(action), action);
  });

  it("are tested with their schemas: without them tests fail", () => {
    const { outcomes, exitCode } = compile("--ignore-schemas");
    assert.notEqual(exitCode, 0);
    assert.ok(outcomes.some(({ result }) => result === "RESULT_FAILED"));
  });

  it("name a rule by its output only when it applies, as pages call such rules those that decided", () => {
    const files = readdirSync(policies).filter((file) => file.endsWith(".yaml"));
    const texts = files.map((file) => readFileSync(join(policies, file), "utf8"));
    assert(texts.some((text) => text.includes("ruleActivated:")));
    assert(!texts.some((text) => text.includes("conditionNotMet:")));
  });
});
