import assert from "node:assert/strict";
import type { Resource } from "../../../middleware/index.js";
import { resourcesOf } from "../../support/differential/attributes.js";
import { type Database, databases } from "../../support/differential/databases.js";
import { type Oracle, startOracle } from "../../support/differential/oracle.js";
import { type Action, type Actions, unless, when } from "../../support/differential/policy.js";
import { rows } from "../../support/differential/rows.js";
import { conditionOf, differenceIn } from "../../support/differential/trial.js";
import { attribute, call, filterWhen, lambda, name, value } from "../../support/middleware/plans.js";

/*
 * Operators of plans from PDPs that are newer than the one of these tests: plans by hand, in the form of the release notes,
 * against the check of conditions that mean the same.
 */

const strict = { options: { negations: "expressions" } } as const;
const rules = { options: { negations: "rules" } } as const;
const fits = { options: { literalsFit: true } } as const;
const has = (path: string) => call("has", attribute(path));
const has2 = (path: string) => call("has", name(path));

/**
 * `has`, as plans of PDP 0.57 have it, whose check does not differ from that of its predecessors.
 *
 * @see https://docs.cerbos.dev/cerbos/latest/releases/v0.57.0 "Breaking changes"
 */
const presence: readonly (readonly [Action, plan: object])[] = [
  ...["nick", "note", "score", "price", "active", "seen", "ended", "tags", "labels", "marks", "profile", "mixed"].map(
    (path) => [when(`has(R.attr.${path})`), has(path)] as const,
  ),
  [when("has(R.attr.title)"), has("title")],
  [when("has(R.attr.address.city)"), has("address.city")],
  [when("has(R.attr.address.zip)"), has("address.zip")],
  [when("has(R.attr.shares)"), has("shares")],
  [when("has(R.attr.profile.name)"), has("profile.name")],
  [when("has(R.attr.profile.address.city)"), has("profile.address.city")],
  [when("has(R.attr.mixed.a)"), has("mixed.a")],
  [when("has(R.attr.mixed.k)"), has("mixed.k")],
  [when("has(R.attr.dict.b)"), has("dict.b")],
  [when("has(R.attr.grid.a) || R.attr.on"), call("or", has("grid.a"), attribute("on"))],
  [when("has(R.attr.title.a) || R.attr.on"), call("or", has("title.a"), attribute("on"))],
  [when("has(R.attr.score.a) || R.attr.on"), call("or", has("score.a"), attribute("on"))],
  [when("has(R.attr.tags.a) || R.attr.on"), call("or", has("tags.a"), attribute("on"))],
  [when("!has(R.attr.nick)"), call("not", has("nick"))],
  [when("!has(R.attr.profile.name)", strict), call("not", has("profile.name"))],
  [unless("has(R.attr.nick)"), call("not", has("nick"))],
  [unless("!has(R.attr.nick)"), call("not", call("not", has("nick")))],
  [unless("has(R.attr.profile.name)", rules), call("not", has("profile.name"))],
  [when("has(R.attr.nick) == R.attr.on"), call("eq", has("nick"), attribute("on"))],
  [
    when('has(R.attr.nick) ? R.attr.title == "a" : R.attr.on'),
    call("if", has("nick"), call("eq", attribute("title"), value("a")), attribute("on")),
  ],
  [when("R.attr.items.exists(i, has(i.name))"), call("exists", attribute("items"), lambda(has2("i.name"), name("i")))],
  [when("R.attr.items.all(i, has(i.size))"), call("all", attribute("items"), lambda(has2("i.size"), name("i")))],
  [
    when("R.attr.shares.exists(s, has(s.level) && s.level > 1.0)"),
    call(
      "exists",
      attribute("shares"),
      lambda(call("and", has2("s.level"), call("gt", name("s.level"), value(1))), name("s")),
    ),
  ],
  [when("R.attr.shares.all(s, has(s.remark))"), call("all", attribute("shares"), lambda(has2("s.remark"), name("s")))],
  [
    when("R.attr.shares.exists(s, has(s.meta.name))"),
    call(
      "exists",
      attribute("shares"),
      lambda(call("has", call("get-field", name("s.meta"), name("name"))), name("s")),
    ),
  ],
  [when("has(R.attr.project)"), has("project")],
  [when("has(R.attr.project.name)"), has("project.name")],
  [when("has(R.attr.project.closed)"), has("project.closed")],
  [when("has(R.attr.project.lead)"), has("project.lead")],
  [when("has(R.attr.project.members)"), has("project.members")],
  [when("has(R.attr.project.parent)"), has("project.parent")],
  [when("has(R.attr.project.parent.name)"), has("project.parent.name")],
  [when("!has(R.attr.project.closed)", strict), call("not", has("project.closed"))],
  [unless("has(R.attr.project.closed)", rules), call("not", has("project.closed"))],
  [when("!has(R.attr.project)"), call("not", has("project"))],
  [when("has(R.attr.team)"), has("team")],
];

const any = ["hasAny", "hasIntersection(%a, %b)"] as const;
const all = ["hasAll", "isSubset(%b, %a)"] as const;
const only = ["hasOnly", "isSubset(%a, %b)"] as const;
const exactly = ["hasExactly", "isSubset(%a, %b) && isSubset(%b, %a)"] as const;

const lists = [
  ["R.attr.tags", attribute("tags"), '["a", "b"]', value(["a", "b"])],
  ["R.attr.tags", attribute("tags"), '["a", "a"]', value(["a", "a"])],
  ['["a", "b", "A"]', value(["a", "b", "A"]), "R.attr.tags", attribute("tags")],
  ["R.attr.tags", attribute("tags"), "R.attr.labels", attribute("labels")],
  ["R.attr.tags", attribute("tags"), '["a"]', value(["a"])],
  ["R.attr.mixed", attribute("mixed"), '["a", "b"]', value(["a", "b"])],
  ["R.attr.watchers", attribute("watchers"), '["uma", "omar"]', value(["uma", "omar"])],
  ["R.attr.watchers", attribute("watchers"), "R.attr.project.members", attribute("project.members")],
  ["R.attr.marks", attribute("marks"), "[1.0, 2.5]", value([1, 2.5])],
] as const;

/**
 * The functions of sets of PDP 0.58, as functions and as methods, which plans write alike.
 *
 * @see https://docs.cerbos.dev/cerbos/latest/releases/v0.58.0 "Document new CEL functions"
 */
const sets = [any, all, only, exactly].flatMap(([operator, meaning]) =>
  lists.flatMap(([a, left, b, right]): (readonly [Action, plan: object])[] => {
    const condition = meaning.replaceAll("%a", a).replaceAll("%b", b);
    return [
      [when(condition, fits), call(operator, left, right)],
      [unless(condition, { options: { ...rules.options, ...fits.options } }), call("not", call(operator, left, right))],
    ];
  }),
);

describe("operators of newer PDPs", function () {
  this.timeout(120_000);

  const cases = [...presence, ...sets];
  const actions: Actions = Object.fromEntries(cases.map(([action], n) => [`a${n}`, action]));
  let oracle: Oracle;
  before(async () => {
    oracle = await startOracle({ thing: actions });
  });
  after(() => oracle?.stop());

  for (const [engine, open] of Object.entries(databases)) {
    it(`select what the PDP allows by a condition that means the same, in ${engine}`, async function () {
      const database: Database = await open(this);
      try {
        await database.fill(rows);
        const resources: readonly Resource[] = resourcesOf(await database.contents());
        const allowed = await oracle.allowed("thing", actions, resources);
        const failures: string[] = [];
        for (const [n, [action, plan]] of cases.entries()) {
          const expected = allowed.get(`a${n}`) ?? new Set();
          const trial = { name: `a${n}`, action, filter: filterWhen(plan), expected, resources };
          const failure = await differenceIn(database, trial, conditionOf(trial.filter, action.options));
          if (failure) failures.push(failure);
        }
        assert.equal(failures.length, 0, `${failures.length} wrong\n\n${failures.join("\n\n")}`);
      } finally {
        await database.close();
      }
    });
  }

  it("are unsupported where a plan says too little", () => {
    const whole = call("hasExactly", attribute("marks"), value([1, 2]));
    assert.match(String(conditionOf(filterWhen(whole))), /1\.0 from 1/);
    const members = call("hasAny", attribute("profile.tags"), value([Number.NaN]));
    assert.match(String(conditionOf(filterWhen(members))), /not finite/);
  });
});
