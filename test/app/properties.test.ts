import assert from "node:assert/strict";
import { Agent, request } from "node:http";
import fc from "fast-check";
import { type Claims, personFromAccessToken, personFromLogin } from "../../app/auth/claims.js";
import { fields } from "../../app/contacts/contact.js";
import { sortKeys } from "../../app/contacts/list-query.js";
import {
  type Client,
  type ContactJson,
  clientOf,
  clientsOf,
  contactIn,
  createContact,
  deleteAll,
  json,
  uniqueWord,
} from "../support/http/client.js";
import { csrfTokenOf } from "../support/http/page.js";
import { UserAgent } from "../support/http/user-agent.js";
import type { Issuer } from "../support/okta/issuer.js";
import { issuerStack } from "../support/okta/issuer-stacks.js";
import { sharedStack } from "../support/stack/shared-stack.js";
import type { Stack } from "../support/stack/stack.js";

// Cuts a run short on a slow machine, and the search for a smaller counterexample, which can take for ever, on any.
fc.configureGlobal({ interruptAfterTimeLimit: 30_000 });

/** Text that has been trouble somewhere, any text, and any sequence of UTF-16 units, halves of characters included. */
const text = fc.oneof(
  fc.constantFrom(
    ...["", " ", "\0", "\r\n", "null", "NaN", "-1", "0", "1e309", "' or 1=1 --", '"; drop table contacts', "%", "_"],
    ...["\\", "{{7*7}}", "<%= 7 %>", "<script>", "../..", "\ud800", "\udc00x", "\u202e", "é".repeat(300), "*"],
    ...["__proto__", "constructor", "toString", "hasOwnProperty", "Everyone", "admin", "user", "owner", "admin,user"],
  ),
  fc.string({ unit: "grapheme", maxLength: 40 }),
  fc.string({ unit: fc.nat(0xffff).map((code) => String.fromCharCode(code)), maxLength: 40 }),
);
const value = fc.oneof(text, fc.jsonValue({ maxDepth: 3, stringUnit: "binary" }));
/** What can be in a header: RFC 9110, section 5.5. */
const headerText = fc.string({
  unit: fc
    .oneof(fc.integer({ min: 0x20, max: 0x7e }), fc.integer({ min: 0xa0, max: 0xff }))
    .map((code) => String.fromCharCode(code)),
  maxLength: 60,
});
const encoded = (part: string) => encodeURIComponent(part.toWellFormed());

interface Sent {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

describe("whatever is sent", function () {
  this.timeout(240_000);
  const word = uniqueWord();
  const agent = new Agent({ keepAlive: true, maxSockets: 8 });
  let stack: Stack;
  let alice: Client;
  let uma: Client;
  let omar: Client;
  /** Of omar; nothing that others send may change it. */
  let theirs: ContactJson;
  /** Of uma. */
  let own: ContactJson;

  before(async () => {
    stack = await sharedStack();
    ({ alice, uma, omar } = await clientsOf(stack));
    theirs = await createContact(omar, { company: word });
    own = await createContact(uma, { company: word });
  });
  after(async () => {
    agent.destroy();
    await deleteAll(alice, word);
    // Of its company, too, anything may have been made.
    await alice.delete(`/contacts/${own.id}`);
  });

  /** Sends bytes as they are: `fetch` would mend or refuse some of them. */
  function send({
    method,
    path,
    headers,
    body,
  }: Sent): Promise<{ status: number; location: string | undefined; text: string }> {
    const { hostname, port } = new URL(stack.url);
    return new Promise((resolve, reject) => {
      const sent = request({ agent, hostname, port, method, path, headers }, (answer) => {
        let text = "";
        answer.setEncoding("utf8").on("data", (chunk) => (text += chunk));
        answer.on("error", reject);
        answer.on("end", () => resolve({ status: answer.statusCode ?? 0, location: answer.headers.location, text }));
      });
      sent.on("error", reject).end(body);
    });
  }

  const query = fc
    .array(fc.tuple(fc.constantFrom("q", "sort", "limit", "after", "id", "__proto__", "_csrf", "q[]", "a[b]"), text), {
      maxLength: 4,
    })
    .map((pairs) => pairs.map(([name, of]) => `${name}=${encoded(of)}`).join("&"));
  const rawQuery = fc.string({ unit: fc.constantFrom(..."&=?%+;[]abz0019/\\~"), maxLength: 30 });
  const segment = fc.oneof(
    text.map((part) => encoded(part).slice(0, 500)),
    fc.constantFrom("%", "%zz", "%c0%ae", "%00", "%F0%9F", "..", ".", "%2f", "%2e%2e", "%5c", ";x=y", "new", "edit"),
  );
  const known = fc.constantFrom("theirs", "theirs", "own");
  const path = fc
    .tuple(
      fc.oneof({ weight: 3, arbitrary: known }, segment),
      fc.constantFrom("", "", "/edit", "/delete", "/share", "/unshare", "/visibility", "/transfer", "/"),
      fc.oneof(query, rawQuery),
    )
    .map(([id, rest, search]) => ({ id, rest: id === "" ? "" : rest, search }));
  const accessFields = ["visibility", "as", "userId", "sharedWith", "editors", "department"];
  const contactBody = fc.record(
    Object.fromEntries(
      [...fields, ...accessFields, "id", "ownerId", "version", "createdAt", "_csrf", "__proto__"].map((name) => [
        name,
        value,
      ]),
    ),
    { requiredKeys: [] },
  );
  const form = "application/x-www-form-urlencoded";
  /** Nothing is wrong with these but who sends them. */
  const flawless = fc.constantFrom(
    [form, "firstName=Stolen&lastName=Person&version=1"] as const,
    [form, "email=uma@example.com&as=editor&visibility=private&version=1"] as const,
    ["application/json", '{"email":"uma@example.com","as":"editor","visibility":"private"}'] as const,
    ["application/json", '{"firstName":"Stolen","lastName":"Person"}'] as const,
  );
  const contents = fc.oneof(
    { weight: 5, arbitrary: flawless },
    fc.tuple(
      fc.constant("application/json"),
      fc.oneof(contactBody, value).map((body) => JSON.stringify(body)),
    ),
    fc.tuple(
      fc.constant(form),
      fc
        .array(
          fc.tuple(
            fc.constantFrom(...fields, ...accessFields, "version", "_csrf", "ownerId", "a[b]", "__proto__"),
            text,
          ),
        )
        .map((pairs) => pairs.map(([name, of]) => `${name}=${encoded(of)}`).join("&")),
    ),
    fc.tuple(fc.constantFrom("application/json", form), fc.string({ maxLength: 60 })),
    fc.tuple(headerText, fc.string({ maxLength: 60 })),
    fc.constant([undefined, undefined] as const),
  );
  const anything = fc.record({
    method: fc.constantFrom("GET", "GET", "POST", "POST", "PATCH", "PATCH", "DELETE", "PUT", "HEAD"),
    path,
    contents,
    accept: fc.oneof(fc.constantFrom("text/html", "application/json", "*/*"), headerText),
    ifMatch: fc.option(fc.oneof(fc.constantFrom('"1"', "*", 'W/"1"'), headerText), { nil: undefined }),
    others: fc.dictionary(
      fc.constantFrom(
        "x-csrf-token",
        "cookie",
        "x-request-id",
        "x-http-method-override",
        "range",
        "if-none-match",
        "x-forwarded-for",
      ),
      headerText,
      { maxKeys: 2 },
    ),
  });

  /** A request to /contacts or something below it, and whether it is about omar's contact. */
  function requestOf(
    {
      method,
      path: { id, rest, search },
      contents: [type, body],
      accept,
      ifMatch,
      others,
    }: typeof anything extends fc.Arbitrary<infer T> ? T : never,
    credentials: Record<string, string>,
  ): Sent & { isTheirs: boolean } {
    const target = id === "theirs" ? theirs.id : id === "own" ? own.id : id;
    const bodied = !["GET", "HEAD"].includes(method) && body !== undefined;
    return {
      method,
      path: `/contacts${target && `/${target}`}${rest}${search && `?${search}`}`,
      headers: {
        ...others,
        accept,
        ...(ifMatch !== undefined && { "if-match": ifMatch }),
        ...(bodied &&
          type !== undefined && { "content-type": type, "content-length": String(Buffer.byteLength(body)) }),
        ...credentials,
      },
      body: bodied ? body : undefined,
      isTheirs: target === theirs.id,
    };
  }

  /** Sends batches of anything, and judges each answer. */
  async function assertAlways(
    credentials: Record<string, string>,
    judge: (sent: Sent & { isTheirs: boolean }, status: number) => void,
    batches: number,
  ): Promise<void> {
    await fc.assert(
      fc.asyncProperty(fc.array(anything, { minLength: 8, maxLength: 8 }), async (batch) => {
        const requests = batch.map((one) => requestOf(one, credentials));
        const answers = await Promise.all(requests.map(send));
        for (const [i, { status, location, text }] of answers.entries()) {
          const sent = requests[i] ?? assert.fail();
          const shown = `${JSON.stringify(sent)} was answered with ${status}: ${text.slice(0, 300)}`;
          assert.ok(status >= 200 && status < 500, shown);
          try {
            judge(sent, status);
          } catch (cause) {
            throw new Error(shown, { cause });
          }
          // Not ours to keep: what somebody has created by chance.
          if (location && [201, 303].includes(status)) await alice.delete(location);
        }
        assert.deepEqual(contactIn(await omar.get(`/contacts/${theirs.id}`)), theirs);
        if ((await uma.get(`/contacts/${own.id}`)).status === 404) own = await createContact(uma, { company: word });
      }),
      { numRuns: batches },
    );
  }

  const isChange = ({ method }: Sent) => !["GET", "HEAD"].includes(method);

  it("with a user's access token, nothing fails and nothing of others changes", async () => {
    const authorization = `Bearer ${await stack.token("uma@example.com")}`;
    await assertAlways(
      { authorization },
      (sent, status) => {
        if (sent.isTheirs && isChange(sent)) assert.ok(status >= 400);
      },
      40,
    );
  });

  it("with a user's session and its CSRF token, nothing fails and nothing of others changes", async () => {
    const browser = await stack.login("uma@example.com");
    const credentials = {
      cookie: browser.cookieHeaderFor(stack.url),
      "x-csrf-token": csrfTokenOf((await browser.get(`${stack.url}/`)).body),
    };
    await assertAlways(
      credentials,
      (sent, status) => {
        if (sent.isTheirs && isChange(sent)) assert.ok(status >= 400);
      },
      40,
    );
  });

  it("with a user's session, nothing at all changes without its CSRF token", async () => {
    const cookie = (await stack.login("uma@example.com")).cookieHeaderFor(stack.url);
    await assertAlways(
      { cookie },
      (sent, status) => {
        if (isChange(sent)) assert.ok(status >= 400);
      },
      20,
    );
  });

  it("by somebody without a role, no answer is a success", async () => {
    const authorization = `Bearer ${await stack.token("nina@example.com")}`;
    await assertAlways({ authorization }, (_sent, status) => assert.ok(status >= 400), 20);
    const cookie = (await stack.login("nina@example.com")).cookieHeaderFor(stack.url);
    await assertAlways({ cookie }, (_sent, status) => assert.ok(status >= 400), 20);
  });

  it("by nobody, no answer is a success: 4xx, or off to log in", async () => {
    await assertAlways({}, (sent, status) => assert.ok(status >= 400 || (status === 302 && !isChange(sent))), 20);
  });

  it("with any Authorization header that is none, nothing is allowed", async () => {
    const token = await stack.token("alice@example.com");
    const mutated = fc
      .tuple(fc.nat(token.length - 1), fc.constantFrom(..."Ab0-_.=+ ~"), fc.constantFrom("replace", "insert", "cut"))
      .map(([at, character, how]) => {
        if (how === "cut") return token.slice(0, at);
        return token.slice(0, at) + character + token.slice(how === "insert" ? at : at + 1);
      })
      .filter((other) => signatureOf(other.trim()) !== signatureOf(token));
    const authorization = fc.oneof(
      mutated.map((other) => `Bearer ${other}`),
      headerText,
      headerText.map((rest) => `Bearer ${rest}`),
      fc
        .tuple(text, text, text)
        .map((parts) => `Bearer ${parts.map((part) => Buffer.from(part).toString("base64url")).join(".")}`),
      fc
        .tuple(fc.object({ stringUnit: "binary", maxDepth: 1 }), fc.object({ stringUnit: "binary", maxDepth: 1 }))
        .map(([header, claims]) => [{ alg: "RS256", ...header }, claims])
        .map(
          (parts) =>
            `Bearer ${parts.map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".")}.AAAA`,
        ),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(authorization, { minLength: 8, maxLength: 8 }), async (batch) => {
        const answers = await Promise.all(
          batch.map((authorization) =>
            send({ method: "GET", path: "/contacts", headers: { authorization }, body: undefined }),
          ),
        );
        for (const { status, text } of answers) assert.equal(status, 401, text);
      }),
      { numRuns: 40 },
    );
  });

  describe("as a contact", () => {
    const storable = (maxLength: number) =>
      fc
        .string({ unit: "binary", maxLength: Math.floor(maxLength / 2) })
        .map((some) => some.replace(/\p{Cc}/gu, "").trim());
    const filled = (maxLength: number) => storable(maxLength).map((some) => some || "x");
    const contact = fc.record({
      firstName: filled(100),
      lastName: filled(100),
      company: storable(100),
      title: storable(200),
      phone: storable(20).map((some) => (some ? `${some}1` : "")),
      notes: fc.string({ unit: "binary", maxLength: 200 }).map((some) => some.replace(/[^\P{Cc}\n\t]/gu, "").trim()),
    });

    it("it is stored and shown exactly as it was sent, by JSON and by form", async () => {
      await fc.assert(
        fc.asyncProperty(contact, async (sent) => {
          const tagged = { ...sent, company: `${sent.company} ${word}`.trim() };
          const byJson = contactIn(await uma.post("/contacts", tagged), 201);
          const byForm = contactIn(
            await uma.send("/contacts", { method: "POST", body: new URLSearchParams(tagged) }),
            201,
          );
          for (const created of [byJson, byForm]) {
            assert.deepEqual({ ...created, ...tagged }, created);
            assert.deepEqual(json(await omar.get(`/contacts/${created.id}`)), created);
            assert.equal((await uma.delete(`/contacts/${created.id}`)).status, 204);
          }
        }),
        { numRuns: 25 },
      );
    });

    it("any part of its name finds it", async () => {
      await fc.assert(
        fc.asyncProperty(filled(100), fc.nat(), fc.nat(), async (lastName, from, length) => {
          const { id } = await createContact(uma, { lastName, company: word });
          const letters = [...lastName];
          const start = from % letters.length;
          const part = letters.slice(start, start + 1 + (length % letters.length)).join("");
          const q = new URLSearchParams({ q: `${word} ${part}`.slice(0, 200).toWellFormed(), limit: "100" });
          const { contacts } = json<{ contacts: ContactJson[] }>(await omar.get(`/contacts?${q}`));
          assert.ok(contacts.some((found) => found.id === id));
          assert.equal((await uma.delete(`/contacts/${id}`)).status, 204);
        }),
        { numRuns: 30 },
      );
    });
  });

  describe("as a query", () => {
    it("the list answers 200 with no more than was asked for, or 400", async () => {
      const some = fc.record(
        {
          q: text,
          sort: fc.oneof(fc.constantFrom(...sortKeys.flatMap((key) => [key, `-${key}`])), text),
          limit: fc.oneof(fc.integer({ min: -2, max: 120 }).map(String), text),
          after: text,
        },
        { requiredKeys: [] },
      );
      await fc.assert(
        fc.asyncProperty(fc.array(some, { minLength: 8, maxLength: 8 }), async (batch) => {
          await Promise.all(
            batch.map(async (asked) => {
              const wellFormed = Object.entries(asked).map(([name, of]) => [name, of.toWellFormed()]);
              const search = new URLSearchParams(Object.fromEntries(wellFormed));
              const answer = await uma.get(`/contacts?${search}`);
              assert.ok([200, 400].includes(answer.status), `${search}: ${answer.status}`);
              if (answer.status !== 200) return;
              const { contacts } = json<{ contacts: ContactJson[] }>(answer);
              assert.ok(contacts.length <= Number(asked.limit ?? 25));
            }),
          );
        }),
        { numRuns: 20 },
      );
    });

    it("no cursor makes it fail, however it was forged", async () => {
      const id = fc.oneof(fc.uuid(), text);
      const time = fc.oneof(
        fc.date({ noInvalidDate: true }).map((date) => date.toJSON()),
        fc
          .date({ min: new Date("1000-01-01"), max: new Date("2999-12-31"), noInvalidDate: true })
          .map((date) => date.toJSON()),
        text,
      );
      const cursor = fc.oneof(
        fc.constantFrom(...sortKeys).chain((key) =>
          fc.record({
            sort: fc.constantFrom(key, `-${key}`),
            values: fc.array(fc.oneof(key === "created" || key === "updated" ? time : text, value), { maxLength: 3 }),
            id,
          }),
        ),
        fc.record({ sort: fc.constantFrom("name", "-created"), values: value, id: value }),
      );
      await fc.assert(
        fc.asyncProperty(fc.array(cursor, { minLength: 8, maxLength: 8 }), async (batch) => {
          await Promise.all(
            batch.map(async ({ sort, values, id }) => {
              const after = Buffer.from(JSON.stringify([sort, values, id])).toString("base64url");
              const { status } = await uma.get(`/contacts?${new URLSearchParams({ sort, after })}`);
              assert.ok([200, 400].includes(status), `${JSON.stringify([sort, values, id])}: ${status}`);
            }),
          );
        }),
        { numRuns: 30 },
      );
    });
  });
});

/** An access token's signature as bytes: several spellings can mean the same. */
function signatureOf(token: string): string {
  const [header = "", claims = "", signature = ""] = token.split(".");
  return `${header}.${claims}.${Buffer.from(signature, "base64url").toString("hex")}`;
}

describe("whatever claims say", function () {
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

  /** Those that decide whether the token holds at all are the issuer's, and these Okta's verifier trips over. */
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

  /** What the claim about groups gives as the README has it, written down a second time. */
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
    let stack: Stack;
    let issuer: Issuer;
    let admin: Client;
    /** Of nobody whom the claims could name. */
    let theirs: ContactJson;

    before(async () => {
      ({ stack, issuer } = await issuerStack());
      admin = clientOf(stack.url, await issuer.accessToken({ uid: "00u-admin", groups: ["admin"] }));
      theirs = await createContact(admin, { company: word });
    });
    after(() => deleteAll(admin, word));

    /** Tries everything, and answers with the roles that the decisions betray. */
    async function rolesByDeeds(client: Client): Promise<string[]> {
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

    it("nothing fails, and nobody may do what their groups do not let them", async () => {
      await fc.assert(
        fc.asyncProperty(claims, maybe(groups), async (some, atUserinfo) => {
          const said = JSON.parse(JSON.stringify(some)) as Claims;
          const userinfo = { sub: some.uid, groups: atUserinfo };
          const client = clientOf(stack.url, await issuer.accessToken(some, userinfo));
          // Groups that are said to be null are said; only where nothing is said is userinfo asked.
          const atUserinfoSaid = said.uid ? JSON.parse(JSON.stringify(userinfo)).groups : undefined;
          const roles = rolesByGroups("groups" in said ? said.groups : atUserinfoSaid);
          const person = personFromAccessToken(said, rules);
          const expected = person && roles.length > 0 ? (roles.includes("admin") ? "admin" : "user") : "none";
          assert.deepEqual(await rolesByDeeds(client), [expected]);
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

    it("nobody has ever too many groups, or too long ones, for a session", async () => {
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

    it("nothing fails when the claims about the token itself are odd: it does not hold, or it does", async () => {
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
