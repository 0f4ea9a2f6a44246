import assert from "node:assert/strict";
import { setTimeout } from "node:timers/promises";
import { contactIn, createContact, uniqueWord } from "../../../support/contacts/contacts.js";
import { useUniqueWord } from "../../../support/contacts/unique-word.js";
import { useTemporaryDatabase } from "../../../support/database/temporary-database.js";
import { standInFor, useFixture } from "../../../support/fixture.js";
import { problemIn } from "../../../support/http/answers.js";
import { clientOf, clientsOf } from "../../../support/http/client.js";
import { csrfTokenOf, pageIn } from "../../../support/http/page.js";
import { UserAgent, type Visit } from "../../../support/http/user-agent.js";
import { demoUser } from "../../../support/stack/demo-users.js";
import { useSharedStack } from "../../../support/stack/shared-stack.js";
import { type Stack, useStack } from "../../../support/stack/stack.js";

const cookieName = "gatehouse.sid";
const LOGOUTS = 60;
const AT_ONCE = 4;
/** The longest time by which a save precedes the logout. */
const MAX_LEAD_MS = 24;

/** A change by form, and its answer. */
interface Save {
  readonly path: string;
  readonly fields: Record<string, string>;
}

const changed = { version: "1", firstName: "Ada", lastName: "Racer" };
/** Every form whose answer leaves a notice in the session, and so writes it. */
const saves: Record<string, (contactPath: string) => Save> = {
  create: () => ({ path: "/contacts", fields: { ...changed, email: `${uniqueWord()}@test.example` } }),
  edit: (path) => ({ path: `${path}/edit`, fields: changed }),
  delete: (path) => ({ path: `${path}/delete`, fields: { version: "1" } }),
  share: (path) => ({ path: `${path}/share`, fields: { version: "1", email: "omar@example.com", as: "viewer" } }),
  unshare: (path) => ({ path: `${path}/unshare`, fields: { version: "2", userId: demoUser("omar").id } }),
  visibility: (path) => ({ path: `${path}/visibility`, fields: { version: "1", visibility: "team" } }),
  transfer: (path) => ({ path: `${path}/transfer`, fields: { version: "1", email: "omar@example.com" } }),
};

function describeLogouts(engine: string, use: () => Stack): void {
  describe(`a logout beside a save, with ${engine},`, function () {
    this.timeout(120_000);
    const stack = use();
    const clients = useFixture(() => clientsOf(stack));
    const word = useUniqueWord(standInFor(() => clients.alice));

    /** Someone who has just logged in, and the requests of two of their tabs. The cookies differ, so that none waits. */
    async function loggedIn() {
      const browser = await stack.login("uma@example.com");
      const cookie = browser.cookieHeaderFor(stack.url);
      const csrf = csrfTokenOf(pageIn(await browser.get(`${stack.url}/`)));
      const from = (tab: number, path: string, fields?: Record<string, string>) =>
        new UserAgent().request(`${stack.url}${path}`, {
          headers: { Cookie: `tab=${tab}; ${cookie}`, "X-CSRF-Token": csrf },
          ...(fields && { method: "POST", body: new URLSearchParams({ ...fields, company: word }) }),
        });
      return { cookie, from };
    }

    async function assertEnded(name: string, cookie: string, ...answers: Visit[]) {
      for (const { headers } of answers) {
        const live = headers.getSetCookie().filter((line) => line.startsWith(`${cookieName}=s`));
        assert.deepEqual(live, [], `${name}: the browser gets a cookie back`);
      }
      const { status } = await clientOf(stack.url).get("/profile", { Cookie: cookie });
      assert.equal(status, 401, name);
    }

    /** A request whose answer writes the session. */
    async function write(
      name: string,
      from: Awaited<ReturnType<typeof loggedIn>>["from"],
    ): Promise<() => Promise<Visit>> {
      const { id } = await createContact(clients.uma, { company: word });
      if (name === "unshare") {
        const access = { email: "omar@example.com", as: "viewer" };
        contactIn(await clients.uma.post(`/contacts/${id}/share`, access, { "If-Match": "*" }));
      }
      const { path, fields } = saves[name]?.(`/contacts/${id}`) ?? assert.fail();
      return () => from(1, path, fields);
    }

    it(`ends the session in ${LOGOUTS} tries of ${LOGOUTS}, whatever it is that writes`, async () => {
      const names = [...Object.keys(saves), "the page with the notice"];
      const attempt = async (i: number) => {
        const name = names[i % names.length] ?? "";
        const { cookie, from } = await loggedIn();
        let send: () => Promise<Visit>;
        if (name in saves) send = await write(name, from);
        else {
          const { headers } = await (await write("create", from))();
          send = () => from(1, headers.get("location") ?? "");
        }
        const writing = send();
        await setTimeout((i * MAX_LEAD_MS) / LOGOUTS);
        const [written, end] = await Promise.all([writing, from(2, "/logout", {})]);
        assert.equal(end.status, 200);
        // Either it came in time, or it is refused. The end of the session is no error of a change that was made.
        assert.ok([200, 303, 302, 401].includes(written.status), `${name}: ${written.status}`);
        await assertEnded(name, cookie, written, end);
      };
      for (let i = 0; i < LOGOUTS; i += AT_ONCE) {
        await Promise.all(Array.from({ length: AT_ONCE }, (_, n) => attempt(i + n)));
      }
    });
  });
}

describeLogouts("PGlite", () => useSharedStack().stack);
describeLogouts("PostgreSQL", () => {
  const database = useTemporaryDatabase();
  return useStack(() => ({ DATABASE_URL: database.url }));
});

describe("a logout while a login is on its way in another tab", () => {
  const { stack } = useSharedStack();

  it("is not undone by it: what Okta says is of no use after it", async () => {
    const browser = new UserAgent();
    const tabs = [await browser.get(`${stack.url}/login`), await browser.get(`${stack.url}/login`)] as const;
    const home = await browser.post(tabs[0].url, { login: "uma@example.com" });
    const callback = await browser.post(
      tabs[1].url,
      { login: "uma@example.com" },
      (url) => url.pathname === "/authorization-code/callback",
    );
    await browser.request(`${stack.url}/logout`, {
      method: "POST",
      body: new URLSearchParams({ _csrf: csrfTokenOf(home.body) }),
    });
    assert.deepEqual(browser.cookieNamesFor(stack.url), []);
    assert.equal((await browser.request(callback.url)).status, 400);
    problemIn(await clientOf(stack.url).get("/profile", { Cookie: browser.cookieHeaderFor(stack.url) }), 401);
  });
});
