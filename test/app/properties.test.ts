import assert from "node:assert/strict";
import { Agent, request } from "node:http";
import fc from "fast-check";
import { fields } from "../../app/contacts/contact.js";
import { type ContactJson, contactIn, createContact, deleteAll, uniqueWord } from "../support/contacts/contacts.js";
import { csrfTokenOf } from "../support/http/page.js";
import { encoded, headerText, text, value } from "../support/properties/arbitraries.js";
import { useSharedStack } from "../support/stack/shared-stack.js";

interface Sent {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

describe("any request", function () {
  this.timeout(240_000);
  const { stack, alice, uma, omar } = useSharedStack();
  const word = uniqueWord();
  const agent = new Agent({ keepAlive: true, maxSockets: 8 });
  /** Omar's; nothing that others send may change it. */
  let theirs: ContactJson;
  /** Uma's. */
  let own: ContactJson;

  before(async () => {
    theirs = await createContact(omar, { company: word });
    own = await createContact(uma, { company: word });
  });
  after(async () => {
    agent.destroy();
    await deleteAll(alice, word);
    // A request may have changed the company, by which the others are found.
    await alice.delete(`/contacts/${own.id}`);
  });

  /** Sends bytes as they are: `fetch` would change or refuse some of them. */
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
  /** Valid bodies: only the sender is wrong. */
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

  /** Sends batches of random requests, and judges each answer. */
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
          // Deletes what a request has created by chance.
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

  it("from a user without a role, no answer is a success", async () => {
    const authorization = `Bearer ${await stack.token("nina@example.com")}`;
    await assertAlways({ authorization }, (_sent, status) => assert.ok(status >= 400), 20);
    const cookie = (await stack.login("nina@example.com")).cookieHeaderFor(stack.url);
    await assertAlways({ cookie }, (_sent, status) => assert.ok(status >= 400), 20);
  });

  it("from a client that is not logged in, no answer is a success: 4xx, or a redirect to log in", async () => {
    await assertAlways({}, (sent, status) => assert.ok(status >= 400 || (status === 302 && !isChange(sent))), 20);
  });

  it("with an invalid Authorization header, nothing is allowed", async () => {
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
});

/** An access token with its signature as bytes: several base64url texts can mean the same bytes. */
function signatureOf(token: string): string {
  const [header = "", claims = "", signature = ""] = token.split(".");
  return `${header}.${claims}.${Buffer.from(signature, "base64url").toString("hex")}`;
}
