import assert from "node:assert/strict";
import { sql } from "drizzle-orm";
import { requestToken } from "../../../app/demo/identity-provider/request-token.js";
import { countMissing, keepBrake } from "../../../app/directory/store/missing.js";
import { takeReadNumber } from "../../../app/directory/store/reads.js";
import { Watcher } from "../../support/audit/watcher.js";
import { createContact } from "../../support/contacts/contacts.js";
import { addContacts } from "../../support/contacts/owned-contacts.js";
import { useFixture } from "../../support/fixture.js";
import { json, problemIn } from "../../support/http/answers.js";
import { bearer } from "../../support/http/bearer.js";
import { type Answer, type Client, clientOf } from "../../support/http/client.js";
import { assertDescribed, assertFitsSchema, operationOf, operations } from "../../support/openapi/description.js";
import { useDirectoryCrm } from "../../support/stack/directory-crm.js";
import { useInProcess } from "../../support/stack/in-process.js";
import { until } from "../../support/until.js";

const LIMIT_MS = 60_000;
const SINCE = "2026-11-28T09:30:00.000Z";
/** Of a change whose caller reads the contact as before, it is the answer while the PDP cannot say so. */
const unseen = ["shareContact 204", "unshareContact 204", "setContactVisibility 204"];

describe("what the app answers is described", function () {
  this.timeout(120_000);
  const crm = useDirectoryCrm({ syncSeconds: 600 });
  const app = useFixture(async () => {
    await crm.loaded();
    const url = crm.processes[0]?.url ?? assert.fail();
    const as = async (name: string) => clientOf(url, await requestToken(crm.idp.issuer, `${name}@example.com`));
    const [alice, uma, omar, audrey, nina] = await Promise.all(["alice", "uma", "omar", "audrey", "nina"].map(as));
    assert(alice && uma && omar && audrey && nina);
    return { url, alice, uma, omar, audrey, nina, stranger: clientOf(url) };
  });
  const idOf = (name: string) => crm.idp.org.organization.user(`${name}@example.com`).id;
  const handoverPath = () => `/directory/people/${idOf("omar")}/handover`;
  const anyVersion = { "If-Match": "*" };
  const own = async (fields = {}) => `/contacts/${(await createContact(app.uma, fields)).id}`;
  const ownView = async (name: string) => {
    const { id } = json<{ id: string }>(await app.uma.post("/contacts/views", { name, query: "" }));
    return `/contacts/views/${id}`;
  };
  const toOmar = { email: "omar@example.com" };

  async function follow(client: Client, path: string): Promise<Answer[]> {
    const answers: Answer[] = [];
    for (let next: string | null = ""; next !== null; ) {
      const answer = await client.get(`${path}&after=${next}`);
      answers.push(answer);
      next = json<{ next: string | null }>(answer).next;
    }
    return answers;
  }

  /** Begins to hand over contacts of Omar's to Uma. */
  async function begin(): Promise<Answer> {
    const omar = idOf("omar");
    await crm.db.execute(sql`delete from contacts where owner_id = ${omar}`);
    await addContacts(crm.db, omar, 3);
    return app.alice.post(handoverPath(), { email: "uma@example.com" });
  }

  /** Waits for the end of what was begun. @returns its path */
  async function ended({ headers, body }: Answer): Promise<string> {
    const path = headers.get("location") ?? assert.fail(body);
    const isOver = async () => {
      const { state } = json<{ state: string }>(await app.alice.get(path));
      return !["running", "undoing"].includes(state);
    };
    await until(isOver, LIMIT_MS, "the end of a handover");
    return path;
  }

  /** Puts the brake on for all people and memberships. */
  async function brake(): Promise<void> {
    const start = await takeReadNumber(crm.db);
    const { people, memberships, hash } = await countMissing(crm.db, start);
    await keepBrake(crm.db, { since: SINCE, people, memberships, start, hash });
  }

  /** Waits until the log has records of all kinds. */
  async function fillLog(): Promise<void> {
    await app.uma.get("/contacts");
    await app.alice.get("/directory");
    await app.alice.post(`/directory/people/${idOf("lena")}/revoke`, {});
    const found = async () => {
      const { decisions } = json<{ decisions: { source: string; counts?: unknown }[] }>(
        await app.audrey.get("/audit?limit=100"),
      );
      const sources = new Set(decisions.map(({ source, counts }) => (counts ? "counts" : source)));
      return ["guard", "filter", "check", "counts", "session"].every((source) => sources.has(source));
    };
    await until(found, LIMIT_MS, "records of all kinds");
  }

  /** By operation, requests whose answers have all its statuses but those of problems. */
  const requests: Readonly<Record<string, () => Promise<readonly Answer[]>>> = {
    createContact: async () => [await app.uma.post("/contacts", { firstName: "Ada", email: null, visibility: "team" })],
    listContacts: async () => {
      await own();
      await own();
      return [await app.uma.get("/contacts?limit=1"), ...(await follow(app.omar, "/contacts?sort=-updated&limit=2"))];
    },
    getContact: async () => {
      const path = await own();
      return [await app.uma.get(path), await app.omar.get(path)];
    },
    updateContact: async () => [await app.uma.patch(await own(), { notes: "New" }, anyVersion)],
    deleteContact: async () => [await app.uma.delete(await own())],
    listViews: async () => {
      await app.uma.post("/contacts/views", { name: "Listed", query: "view=mine" });
      return [await app.uma.get("/contacts/views")];
    },
    saveView: async () => [
      await app.uma.post("/contacts/views", { name: "Saved", query: "" }),
      await app.uma.post("/contacts/views", { name: "SAVED", query: "tag=vip" }),
    ],
    renameView: async () => [await app.uma.patch(await ownView("Old"), { name: "New" })],
    deleteView: async () => [await app.uma.delete(await ownView("Unused"))],
    shareContact: async () => [await app.uma.post(`${await own()}/share`, { ...toOmar, as: "editor" }, anyVersion)],
    unshareContact: async () => {
      const path = await own();
      await app.uma.post(`${path}/share`, { ...toOmar, as: "viewer" }, anyVersion);
      return [await app.uma.post(`${path}/unshare`, { userId: idOf("omar") }, anyVersion)];
    },
    setContactVisibility: async () => [
      await app.uma.post(`${await own()}/visibility`, { visibility: "private" }, anyVersion),
    ],
    transferContact: async () => [
      await app.uma.post(`${await own()}/transfer`, toOmar, anyVersion),
      await app.uma.post(`${await own({ visibility: "private" })}/transfer`, toOmar, anyVersion),
    ],
    getContactAccess: async () => [await app.uma.get(`${await own()}/access?q=omar`)],
    requestContactAccess: async () => [await app.omar.post(`${await own()}/requests`, {})],
    listContactRequests: async () => {
      const path = await own();
      await app.omar.post(`${path}/requests`, {});
      return [await app.uma.get(`${path}/requests`)];
    },
    dismissContactRequest: async () => {
      const path = await own();
      await app.omar.post(`${path}/requests`, {});
      return [await app.uma.post(`${path}/requests/dismiss`, { userId: idOf("omar") })];
    },
    listRequests: async () => {
      await app.omar.post(`${await own()}/requests`, {});
      return [await app.uma.get("/requests"), await app.omar.get("/requests")];
    },
    findColleagues: async () => [await app.uma.get("/colleagues?q=om")],
    previewHandover: async () => {
      await ended(await begin());
      return [await app.alice.get(handoverPath()), await app.alice.get(`${handoverPath()}?email=uma@example.com`)];
    },
    beginHandover: async () => {
      const answer = await begin();
      await ended(answer);
      return [answer];
    },
    getHandover: async () => {
      const path = await ended(await begin());
      const [id] = path.split("/").slice(-1);
      await crm.db.execute(sql`update handover_contacts set outcome = 'left', reason = 'denied'
        where handover_id = ${id} and contact_id = (select min(contact_id::text)::uuid from handover_contacts
          where handover_id = ${id})`);
      const answer = await app.alice.get(path);
      assert.equal(json<{ remaining: unknown[] }>(answer).remaining.length, 1);
      return [answer];
    },
    undoHandover: async () => {
      const answer = await app.alice.post(`${await ended(await begin())}/undo`, {});
      await ended(answer);
      return [answer];
    },
    listPeople: async () => [await app.alice.get("/directory?limit=3"), await app.uma.get("/directory")],
    getPerson: async () => [
      await app.alice.get(`/directory/people/${idOf("uma")}`),
      await app.alice.get(`/directory/people/${idOf("nina")}`),
    ],
    revokePerson: async () => [await app.alice.post(`/directory/people/${idOf("omar")}/revoke`, {})],
    getDirectorySync: async () => {
      await brake();
      return [await app.alice.get("/directory/sync")];
    },
    releaseDirectoryBrake: async () => {
      await brake();
      return [await app.alice.post("/directory/sync/release", { since: SINCE })];
    },
    reconcileDirectory: async () => {
      const answer = await app.alice.post("/directory/sync/reconcile", {});
      assertDescribed(operationOf("getDirectorySync"), await app.alice.get("/directory/sync"));
      return [answer];
    },
    listDecisions: async () => {
      await fillLog();
      return [
        ...(await follow(app.audrey, "/audit?limit=100")),
        await app.audrey.get("/audit?person=nobody+of+this+name"),
      ];
    },
    getDecision: async () => {
      // An auditor sees no contacts. The record of a denial has an explanation.
      const { decisionId } = problemIn(await app.audrey.get("/contacts"), 403) as { decisionId?: string };
      const answer = await app.audrey.get(`/audit/${decisionId}`);
      assert.ok(json<{ explanation: unknown }>(answer).explanation);
      await crm.db.execute(sql`update decisions set record = 'damaged' where id = ${decisionId}`);
      const damaged = await app.audrey.get(`/audit/${decisionId}`);
      assert.equal(json<{ stored: string }>(damaged).stored, "damaged");
      return [answer, damaged];
    },
    exportDecisions: async () => {
      await fillLog();
      const lines = await app.audrey.get("/audit/export?format=ndjson");
      for (const line of lines.body.split("\n").slice(0, -1)) assertFitsSchema("Decision", JSON.parse(line));
      return [lines, await app.audrey.get("/audit/export?format=csv&action=read")];
    },
    tailDecisions: async () => {
      const token = await requestToken(crm.idp.issuer, "audrey@example.com");
      const watcher = await Watcher.start(app.url, token);
      await app.uma.get("/contacts");
      const { record } = await watcher.see(({ action }) => action === "list");
      assertFitsSchema("Decision", record);
      // It goes on for minutes: its text is not waited for.
      const response = await fetch(`${app.url}/audit/tail`, { headers: bearer(token) });
      await response.body?.cancel();
      watcher.leave();
      return [{ status: response.status, headers: response.headers, body: "" }];
    },
    getProfile: async () => [await app.uma.get("/profile"), await app.nina.get("/profile")],
    getLiveness: async () => [await app.stranger.get("/livez")],
    getReadiness: async () => [await app.stranger.get("/readyz")],
    getOpenApi: async () => {
      const answer = await app.stranger.get("/openapi.json");
      // Otherwise fetch() asks for no cached answer.
      const cached = { "If-None-Match": answer.headers.get("etag") ?? "", "Cache-Control": "max-age=0" };
      return [answer, await app.stranger.get("/openapi.json", cached)];
    },
    universalLogout: async () => [
      await app.stranger.post(
        "/okta/global-token-revocation",
        { sub_id: { format: "email", email: "sven@example.com" } },
        bearer(await crm.idp.universalLogout.token()),
      ),
    ],
    verifyEventHook: async () => [
      await app.stranger.get("/okta/events", { "x-okta-verification-challenge": "a-challenge" }),
    ],
    takeEvents: async () => [
      await app.stranger.post("/okta/events", { data: { events: [] } }, { Authorization: crm.hookSecret }),
    ],
  };

  for (const operation of operations) {
    const { operationId, responses } = operation;
    it(`when all is well: ${operationId}`, async () => {
      const send = requests[operationId] ?? assert.fail("there is no request for it");
      const answers = await send();
      for (const answer of answers) assertDescribed(operation, answer);
      const expected = Object.keys(responses).filter(
        (status) => Number(status) < 400 && !unseen.includes(`${operationId} ${status}`),
      );
      assert.deepEqual([...new Set(answers.map(({ status }) => `${status}`))].sort(), expected);
    });
  }

  for (const operationId of ["universalLogout", "takeEvents"]) {
    it(`without Okta's credentials: ${operationId}`, async () => {
      const operation = operationOf(operationId);
      const answer = await app.stranger.post(operation.path, {});
      assert.equal(answer.status, 401);
      assertDescribed(operation, answer);
    });
  }

  it("without a challenge: verifyEventHook", async () => {
    const answer = await app.stranger.get("/okta/events");
    assert.equal(answer.status, 400);
    assertDescribed(operationOf("verifyEventHook"), answer);
  });
});

describe("what the app answers is described where people come from logins:", function () {
  this.timeout(60_000);
  const app = useInProcess();

  it("people, a person, how the directory follows Okta, the profile, the services", async () => {
    const alice = await app.as("00ualice", "admin", "Sales");
    const profile = await alice.get("/profile");
    const person = "/directory/people/00ualice";
    await until(async () => (await alice.get(person)).status === 200, LIMIT_MS, "who made a request is known");
    const people = await alice.get("/directory");
    assert.equal(json<{ source: string }>(people).source, "logins");
    for (const [operationId, answer] of [
      ["getProfile", profile],
      ["listPeople", people],
      ["getPerson", await alice.get(person)],
      ["getDirectorySync", await alice.get("/directory/sync")],
      ["reconcileDirectory", await alice.post("/directory/sync/reconcile", {})],
      ["getReadiness", await alice.get("/readyz")],
    ] as const) {
      assertDescribed(operationOf(operationId), answer);
    }
  });
});
