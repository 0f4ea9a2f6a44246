import assert from "node:assert/strict";
import fc from "fast-check";
import { type Claims, personFromAccessToken, personFromLogin } from "../../../app/auth/claims.js";
import { type ContactJson, createContact, deleteAll, uniqueWord } from "../../support/contacts/contacts.js";
import { json } from "../../support/http/answers.js";
import { type Client, clientOf } from "../../support/http/client.js";
import { UserAgent } from "../../support/http/user-agent.js";
import { useIssuerStack } from "../../support/okta/issuer-stacks.js";
import { text, value } from "../../support/properties/arbitraries.js";

describe("any claims", function () {
  this.timeout(240_000);

  const group = fc.oneof(
    { weight: 2, arbitrary: fc.constantFrom("user", "admin", "Everyone", " user ", "User", "") },
    value,
  );
  const groups = fc.oneof(
    fc.array(group, { maxLength: 6 }),
    fc.array(fc.constantFrom("user", "admin", "x", "")).map((names) => names.join(",")),
    value,
  );
  /** Undefined is left out of JSON. */
  const maybe = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: undefined });
  const id = fc.oneof(
    { weight: 4, arbitrary: fc.string({ minLength: 1, maxLength: 30 }).map((some) => `00u${some}`) },
    value,
  );
  const claims = fc
    .record({
      uid: fc.oneof({ weight: 4, arbitrary: id }, fc.constant(undefined)),
      sub: maybe(value),
      cid: maybe(value),
      groups: fc.oneof({ weight: 4, arbitrary: groups }, fc.constant(undefined)),
      more: fc.dictionary(
        fc.oneof(
          fc.constantFrom("email", "name", "preferred_username", "roles", "role", "scp", "__proto__", "constructor"),
          text,
        ),
        value,
        { maxKeys: 3 },
      ),
    })
    .map(({ more, ...main }) => ({ ...withoutStandard(more), ...main }) as Claims);

  /** Leaves out the claims that decide whether a token is valid, which the issuer sets, and those at which Okta's verifier fails. */
  function withoutStandard(some: Record<string, unknown>): Record<string, unknown> {
    const left = [
      "iss",
      "aud",
      "exp",
      "nbf",
      "iat",
      "at_hash",
      "nonce",
      "azp",
      "compact",
      "toJSON",
      "constructor",
      "sub",
      "uid",
      "groups",
    ];
    return Object.fromEntries(Object.entries(some).filter(([name]) => !left.includes(name)));
  }

  /** The roles that the groups claim gives by the rules of the README, implemented a second time. */
  function rolesByGroups(claim: unknown): string[] {
    const listed = typeof claim === "string" ? claim.split(",") : claim;
    const names = Array.isArray(listed) ? listed.filter((name) => typeof name === "string") : [];
    return ["admin", "user"].filter((role) => names.some((name) => name.trim() === role));
  }
  const rules = { groupsClaim: "groups", roleMap: undefined };

  it("a person has an id, and roles that are groups", () => {
    fc.assert(
      fc.property(claims, fc.boolean(), (some, isLogin) => {
        const person = (isLogin ? personFromLogin : personFromAccessToken)(some, rules);
        if (!person) return;
        assert.ok(person.id.length > 0 && person.id.isWellFormed());
        assert.equal(new Set(person.roles).size, person.roles.length);
        for (const role of person.roles) assert.ok(person.groups.includes(role) && role !== "Everyone" && role.trim());
        const known = person.roles.filter((role) => role === "admin" || role === "user");
        assert.deepEqual(known.sort(), rolesByGroups(some.groups));
      }),
      { numRuns: 2_000 },
    );
  });

  describe("of a signed token", () => {
    const word = uniqueWord();
    const { stack, issuer } = useIssuerStack();
    let admin: Client;
    /** A contact of a user whom the claims cannot name. */
    let theirs: ContactJson;

    before(async () => {
      admin = clientOf(stack.url, await issuer.accessToken({ uid: "00u-admin", groups: ["admin"] }));
      theirs = await createContact(admin, { company: word });
    });
    after(() => deleteAll(admin, word));

    /** Tries every action, and concludes from the answers which role the client has. */
    async function rolesByAnswers(client: Client): Promise<string[]> {
      const listed = (await client.get("/contacts?limit=1")).status;
      const created = await client.post("/contacts", { firstName: "Ada", lastName: "Lovelace", company: word });
      const changed = (await client.patch(`/contacts/${theirs.id}`, { notes: "Changed." }, { "If-Match": "*" })).status;
      const deleted = (await client.delete(`/contacts/${theirs.id}`)).status;
      if (deleted === 204) theirs = await createContact(admin, { company: word });
      if (created.status === 201) await admin.delete(created.headers.get("location") ?? "");
      for (const status of [listed, created.status, changed, deleted]) {
        assert.ok([200, 201, 204, 401, 403, 431].includes(status), `${status}`);
      }
      const may = [listed === 200, created.status === 201, changed === 200, deleted === 204].map(Number).join("");
      const roles: Record<string, string> = { "0000": "none", "1100": "user", "1111": "admin" };
      assert.ok(may in roles, `list, create, change, delete: ${may}`);
      return [roles[may] ?? ""];
    }

    it("nothing fails, and nobody may do what their groups do not allow", async () => {
      await fc.assert(
        fc.asyncProperty(claims, maybe(groups), async (some, atUserinfo) => {
          const said = JSON.parse(JSON.stringify(some)) as Claims;
          const userinfo = { sub: some.uid, groups: atUserinfo };
          const client = clientOf(stack.url, await issuer.accessToken(some, userinfo));
          // Groups of null are groups too: userinfo is asked only where the claim is missing.
          const hasAccess = !Array.isArray(said.scp) || said.scp.includes("openid");
          const atUserinfoSaid = said.uid && hasAccess ? JSON.parse(JSON.stringify(userinfo)).groups : undefined;
          const roles = rolesByGroups("groups" in said ? said.groups : atUserinfoSaid);
          const person = personFromAccessToken(said, rules);
          const expected = person && roles.length > 0 ? (roles.includes("admin") ? "admin" : "user") : "none";
          assert.deepEqual(await rolesByAnswers(client), [expected]);
          for (const accept of ["application/json", "text/html"]) {
            const { status, body } = await client.get("/profile", { Accept: accept });
            assert.ok(person ? status === 200 : [401, 302].includes(status), body);
          }
        }),
        { numRuns: 60 },
      );
    });

    it("nothing fails at login either, and the session has the same roles", async () => {
      await fc.assert(
        fc.asyncProperty(id, groups, maybe(groups), claims, async (sub, inToken, atUserinfo, { uid, cid, ...more }) => {
          const hint = uniqueWord();
          const idToken = { ...more, sub, groups: inToken };
          issuer.accounts.set(hint, { idToken, userinfo: { ...more, sub, groups: atUserinfo } });
          const browser = new UserAgent();
          const end = await browser.get(`${stack.url}/login?returnTo=/contacts&login_hint=${hint}`);
          issuer.accounts.delete(hint);
          const person = personFromLogin(JSON.parse(JSON.stringify(idToken)), rules);
          const roles = rolesByGroups(inToken);
          assert.equal(end.status, person ? (roles.length > 0 ? 200 : 403) : 400, end.body);
          if (!person) return;
          const headers = { Accept: "application/json" };
          const profile = json<{ id: string; roles: string[] }>(
            await browser.request(`${stack.url}/profile`, { headers }),
          );
          assert.equal(profile.id, sub);
          assert.deepEqual(profile.roles.filter((role) => role === "admin" || role === "user").sort(), roles);
          assert.equal((await browser.get(`${stack.url}/profile`)).status, 200);
          assert.equal((await browser.get(`${stack.url}/`)).status, 200);
        }),
        { numRuns: 40 },
      );
    });

    it("a session takes any number of groups, and groups of any length", async () => {
      for (const names of [
        Array.from({ length: 2_000 }, (_, i) => `group ${i}`),
        ["x".repeat(100_000)],
        ["a\0b", "\u007f", "*", "{x}", "[y]", "!z", "a:b", "\n"],
        ["\ud800", "\udc00"],
      ]) {
        issuer.accounts.set("many", { idToken: { sub: "00u-many", groups: [...names, "user"] } });
        const browser = new UserAgent();
        assert.equal((await browser.get(`${stack.url}/login?returnTo=/contacts&login_hint=many`)).status, 200);
        assert.equal((await browser.get(`${stack.url}/profile`)).status, 200);
      }
    });

    it("nothing fails when the claims about the token itself are odd: it is valid, or it is refused", async () => {
      const now = () => Math.floor(Date.now() / 1000);
      const odd = fc.record(
        {
          iss: fc.oneof(value, fc.constant("issuer")),
          aud: fc.oneof(value, fc.array(fc.oneof(value, fc.constant("api://default")))),
          exp: fc.oneof(
            value,
            fc.double().map(String),
            fc.integer({ min: -5, max: 5 }).map((by) => now() + by * 1_000),
          ),
          nbf: fc.oneof(
            value,
            fc.integer({ min: -5, max: 5 }).map((by) => now() + by * 1_000),
          ),
          iat: value,
          jti: value,
        },
        { requiredKeys: [] },
      );
      await fc.assert(
        fc.asyncProperty(fc.array(odd, { minLength: 5, maxLength: 5 }), async (batch) => {
          await Promise.all(
            batch.map(async ({ iss, ...some }) => {
              const issued = iss === undefined || iss === "issuer" ? {} : { iss };
              const token = await issuer.accessToken({ uid: "00u9", groups: ["user"], ...issued, ...some });
              const { status, body } = await clientOf(stack.url, token).get("/contacts?limit=1");
              assert.ok([200, 401].includes(status), body);
              const { aud = "api://default", exp = now() + 1 } = some;
              const isFor = aud === "api://default" || (Array.isArray(aud) && aud.includes("api://default"));
              const lasts = typeof exp === "number" && exp > now() - 2;
              if (status === 200) assert.ok(Object.keys(issued).length === 0 && isFor && lasts);
            }),
          );
        }),
        { numRuns: 40 },
      );
    });
  });
});
