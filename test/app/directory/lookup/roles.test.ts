import assert from "node:assert/strict";
import { type Group, grantsOf, rolesOf } from "../../../../app/directory/lookup/roles.js";

const okta = { id: "g-1", name: "admin", type: "OKTA_GROUP" };
const app = { id: "g-2", name: "admin", type: "APP_GROUP" };
const ID = "00g2gatehouseUsers5d";
const everyone = { id: "g-3", name: "Everyone", type: "BUILT_IN" };

describe("the roles that Okta's groups give", () => {
  const cases: [what: string, groups: Group[], roleMap: Record<string, string> | undefined, roles: string[]][] = [
    ["those of Okta's own give their names", [okta], undefined, ["admin"]],
    ["those of other applications give nothing by their names", [app], undefined, []],
    ["nor by names in the role map", [app], { admin: "admin" }, []],
    ["they give what the role map has for their ids", [app], { "g-2": "auditor" }, ["auditor"]],
    [
      "those of a type that Okta has added since give nothing by their names",
      [{ ...okta, type: "NEW" }],
      undefined,
      [],
    ],
    ["Everyone gives nothing by its name", [everyone], undefined, []],
    ["but by the role map", [everyone], { Everyone: "user" }, ["user"]],
    ["what Okta calls built in gives its name", [{ ...everyone, name: "staff" }], undefined, ["staff"]],
    ["with a role map, other names give nothing", [okta], { other: "user" }, []],
    ["names and ids in the role map give both", [okta], { admin: "admin", "g-1": "auditor" }, ["admin", "auditor"]],
    ["several that give the same role give it once", [okta, { ...okta, id: "g-4" }], undefined, ["admin"]],
    ["blanks around a name do not count, as in claims", [{ ...okta, name: " admin " }], undefined, ["admin"]],
    [
      "an application's group gives nothing by its name where that is a role or in the map",
      [app],
      { admin: "user" },
      [],
    ],
    ["nor by a name that is another group's id", [{ ...okta, name: ID }], { [ID]: "admin" }, []],
    ["which gives it to that group alone", [{ ...okta, id: ID }], { [ID]: "admin" }, ["admin"]],
    [
      "a name that PostgreSQL could not store is another one",
      [{ ...okta, name: "adm\ufffdin" }],
      { admin: "admin" },
      [],
    ],
    ["a blank name gives nothing", [{ ...okta, name: " " }], undefined, []],
  ];
  for (const [what, groups, roleMap, roles] of cases) {
    it(what, () => {
      const rules = { roleMap: roleMap && new Map(Object.entries(roleMap)) };
      assert.deepEqual(rolesOf(grantsOf(groups, rules), { unusable: [] }), roles);
    });
  }

  it("name each group that gives one", () => {
    const second = { ...okta, id: "g-4" };
    assert.deepEqual(grantsOf([okta, second], { roleMap: undefined }), [
      { role: "admin", group: { id: "g-1", name: "admin" } },
      { role: "admin", group: { id: "g-4", name: "admin" } },
    ]);
  });
});
