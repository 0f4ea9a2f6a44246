import assert from "node:assert/strict";
import type { Request } from "express";
import { type Claims, personFromAccessToken, personFromLogin } from "../../../app/auth/claims.js";
import { type ClaimRules, readConfig } from "../../../app/config.js";
import { principalOf } from "../../../app/directory/principal.js";

const rules: ClaimRules = { groupsClaim: "groups", roleMap: undefined };
const mapped = (ROLE_MAP: string): ClaimRules => readConfig({ ROLE_MAP }).claimRules;

describe("the person that claims speak of", () => {
  describe("in an access token", () => {
    it("is the uid: the sub is the login, which can change", () => {
      const person = personFromAccessToken({ sub: "uma@example.com", uid: "00u1", cid: "0oa1" }, rules);
      assert.equal(person?.id, "00u1");
      assert.equal(person?.email, "uma@example.com");
    });

    it("is the client, when a service's token names it as its own subject", () => {
      assert.equal(personFromAccessToken({ sub: "0oa1", cid: "0oa1" }, rules)?.id, "0oa1");
    });

    for (const [what, claims] of [
      ["has neither uid nor a subject that is the client", { sub: "uma@example.com", cid: "0oa1" }],
      ["has a subject and no client", { sub: "00u1" }],
      ["has neither subject nor client", {}],
      ["has an empty uid", { uid: "", sub: "0oa1", cid: "0oa1" }],
      ["has a uid of null, though the subject is the client", { uid: null, sub: ["0oa1"], cid: "0oa1" }],
      ["has a uid that is a number", { uid: 1, sub: "1", cid: "1" }],
      ["has a uid that is a list", { uid: ["00u1"] }],
      ["has a uid that is half a character", { uid: "00u\ud83d" }],
      ["has a uid with a NUL, which no database can keep", { uid: "00u1\u0000" }],
    ] as [string, Claims][]) {
      it(`is nobody, when it ${what}`, () => {
        assert.equal(personFromAccessToken(claims, rules), null);
      });
    }
  });

  describe("of a login", () => {
    it("is the sub, which in an ID token is the user id", () => {
      assert.equal(personFromLogin({ sub: "00u1", uid: "00u2" }, rules)?.id, "00u1");
    });

    for (const sub of [undefined, null, "", 1, ["00u1"], { id: "00u1" }, "\udc00"]) {
      it(`is nobody, when that is ${JSON.stringify(sub)}`, () => {
        assert.equal(personFromLogin({ sub, uid: "00u2" }, rules), null);
      });
    }
  });

  it("has a name and an e-mail address from whichever claim is there", () => {
    const of = (claims: Claims) => {
      const person = personFromLogin({ sub: "00u1", ...claims }, rules);
      return [person?.name, person?.email];
    };
    assert.deepEqual(of({ name: "Uma U", email: "u@example.com" }), ["Uma U", "u@example.com"]);
    assert.deepEqual(of({ email: "u@example.com" }), ["u@example.com", "u@example.com"]);
    assert.deepEqual(of({ preferred_username: "uma" }), ["uma", "uma"]);
    assert.deepEqual(of({}), ["00u1", "00u1"]);
    assert.deepEqual(of({ name: ["Uma"], email: 7, preferred_username: {} }), ["00u1", "00u1"]);
  });

  describe("has groups", () => {
    const groupsOf = (groups: unknown) => personFromLogin({ sub: "00u1", groups }, rules)?.groups;

    for (const [what, claim, groups] of [
      ["from a list", ["Everyone", "user"], ["Everyone", "user"]],
      ["from a string with commas", "Everyone, user,admin", ["Everyone", "user", "admin"]],
      ["from one word", "user", ["user"]],
      ["with spaces inside", ["CRM users"], ["CRM users"]],
      ["without spaces around", [" user "], ["user"]],
      ["with commas inside, in a list", ["a,admin"], ["a,admin"]],
      ["once each", ["user", "user", " user"], ["user"]],
      ["but empty ones", ["", " ", "user"], ["user"]],
      ["but empty ones, in a string too", ",, user,", ["user"]],
      ["but those that are no text", [1, null, true, ["admin"], { admin: true }, "user"], ["user"]],
      ["but those that are half a character", ["\ud83d", "user"], ["user"]],
    ] as [string, unknown, string[]][]) {
      it(what, () => {
        assert.deepEqual(groupsOf(claim), groups);
      });
    }

    for (const claim of [undefined, null, "", 7, true, {}, { 0: "admin", length: 1 }, { groups: ["admin"] }, []]) {
      it(`none from ${JSON.stringify(claim)}`, () => {
        assert.deepEqual(groupsOf(claim), []);
      });
    }

    it("from the claim that the settings name, and from no other", () => {
      const claims = { sub: "00u1", groups: ["admin"], "https://example.com/groups": ["user"] };
      const from = (OKTA_GROUPS_CLAIM: string) =>
        personFromLogin(claims, readConfig({ OKTA_GROUPS_CLAIM }).claimRules)?.groups;
      assert.deepEqual(from("https://example.com/groups"), ["user"]);
      assert.deepEqual(from("roles"), []);
      // What every object has is no claim.
      for (const name of ["constructor", "toString", "__proto__"]) assert.deepEqual(from(name), []);
    });
  });

  describe("has a department", () => {
    const departmentOf = (department: unknown) => personFromLogin({ sub: "00u1", department }, rules)?.department;

    it("from the claim of this name, without spaces around", () => {
      assert.equal(departmentOf("Sales"), "Sales");
      assert.equal(departmentOf(" Großkunden & Ωμέγα "), "Großkunden & Ωμέγα");
    });

    for (const claim of [undefined, null, "", " ", 7, ["Sales"], { name: "Sales" }, "\ud83d", "Sales\0"]) {
      it(`none from ${JSON.stringify(claim)}`, () => {
        assert.equal(departmentOf(claim), "");
      });
    }

    it("which policies see only when there is one", () => {
      const attrOf = (department: unknown) => {
        const person = personFromLogin({ sub: "00u1", department }, rules);
        return principalOf({ person } as Request)?.attr;
      };
      assert.deepEqual(attrOf("Sales"), { department: "Sales" });
      assert.deepEqual(attrOf(""), {});
    });
  });

  describe("has roles", () => {
    const rolesOf = (groups: unknown, by = rules) => personFromLogin({ sub: "00u1", groups }, by)?.roles;

    it("that are the groups, but for Everyone", () => {
      assert.deepEqual(rolesOf(["Everyone", "user", "admin"]), ["user", "admin"]);
      assert.deepEqual(rolesOf("Everyone,user"), ["user"]);
      assert.deepEqual(rolesOf(["Everyone"]), []);
      assert.deepEqual(rolesOf(undefined), []);
    });

    it("that a claim of another name does not give", () => {
      assert.deepEqual(personFromLogin({ sub: "00u1", roles: ["admin"], role: "admin" }, rules)?.roles, []);
    });

    it("from ROLE_MAP, when it is there, and only from there", () => {
      const by = mapped("crm-admins=admin,crm-users=user");
      assert.deepEqual(rolesOf(["Everyone", "crm-users"], by), ["user"]);
      assert.deepEqual(rolesOf("crm-users,crm-admins", by), ["user", "admin"]);
      assert.deepEqual(rolesOf(["admin", "user", "CRM-ADMINS", "crm-admin"], by), []);
    });

    it("once each, however many groups give them", () => {
      assert.deepEqual(rolesOf(["a", "b"], mapped("a=user,b=user")), ["user"]);
    });

    it("from a group with = in its name", () => {
      assert.deepEqual(rolesOf(["ou=crm"], mapped("ou=crm=user")), ["user"]);
    });

    it("even from Everyone, when ROLE_MAP says so", () => {
      assert.deepEqual(rolesOf(["Everyone"], mapped("Everyone=user")), ["user"]);
    });

    it("not from names that every object has", () => {
      assert.deepEqual(rolesOf(["constructor", "__proto__", "toString", "size"], mapped("a=user")), []);
    });
  });
});
