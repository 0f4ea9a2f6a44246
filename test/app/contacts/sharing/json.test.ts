import assert from "node:assert/strict";
import type { Contact } from "../../../../app/contacts/contact.js";
import { shareChange } from "../../../../app/contacts/sharing/access-change.js";
import {
  type ContactJson,
  contactIn,
  createContact,
  findAll,
  unknownId,
  unshareable,
} from "../../../support/contacts/contacts.js";
import { useUniqueWord } from "../../../support/contacts/unique-word.js";
import { messagesIn, problemIn } from "../../../support/http/answers.js";
import { atOnce, type Client } from "../../../support/http/client.js";
import { demoUser } from "../../../support/stack/demo-users.js";
import { useSharedStack } from "../../../support/stack/shared-stack.js";

describe("sharing contacts, as JSON", () => {
  const { alice, uma, omar, nina, stranger } = useSharedStack();
  const word = useUniqueWord(alice);
  /** Of uma, and private. */
  let contact: ContactJson;

  beforeEach(async () => {
    contact = await createContact(uma, { company: word, visibility: "private" });
  });

  /** Changes who has access to the contact, in its present version. */
  const change = async (client: Client, what: string, body: unknown, headers?: Record<string, string>) => {
    const answer = await client.post(`/contacts/${contact.id}/${what}`, body, {
      "If-Match": `"${contact.version}"`,
      ...headers,
    });
    if (answer.status === 200) contact = contactIn(answer);
    return answer;
  };
  const shareWith = (name: string, as = "viewer") => change(uma, "share", { email: `${name}@example.com`, as });
  const stored = async () => contactIn(await alice.get(`/contacts/${contact.id}`));
  const statusFor = async (client: Client) => (await client.get(`/contacts/${contact.id}`)).status;
  const isListedFor = async (client: Client) => (await findAll(client, { q: word })).length === 1;

  describe("POST /contacts/:id/share", () => {
    it("answers 200 with the contact, which the colleague then lists and reads, and may not change", async () => {
      assert.equal(await isListedFor(omar), false);
      assert.equal(await statusFor(omar), 403);
      const before = contact;
      const answer = contactIn(await shareWith("omar"));
      const { updatedAt } = answer;
      assert.deepEqual(answer, { ...before, sharedWith: [demoUser("omar").id], version: 2, updatedAt });
      assert.deepEqual(await stored(), answer);
      assert.equal(await isListedFor(omar), true);
      assert.equal(await statusFor(omar), 200);
      const forbidden = await omar.patch(`/contacts/${contact.id}`, { title: "x" }, { "If-Match": "*" });
      assert.equal(forbidden.status, 403);
    });

    it("as editor lets them change the contact, but not who sees it, nor delete it or give it away", async () => {
      assert.equal((await shareWith("omar", "editor")).status, 200);
      assert.deepEqual([contact.sharedWith, contact.editors], [[demoUser("omar").id], [demoUser("omar").id]]);
      const widened = {
        title: "By omar",
        visibility: "everyone",
        ownerId: demoUser("omar").id,
        sharedWith: [demoUser("nina").id],
      };
      const changed = contactIn(await omar.patch(`/contacts/${contact.id}`, widened, { "If-Match": '"2"' }));
      const { updatedAt } = changed;
      assert.deepEqual(changed, { ...unshareable(contact), title: "By omar", version: 3, updatedAt });
      contact = { ...contact, ...changed };
      for (const [what, body] of [
        ["share", { email: "nina@example.com", as: "viewer" }],
        ["unshare", { userId: demoUser("omar").id }],
        ["visibility", { visibility: "everyone" }],
        ["transfer", { email: "omar@example.com" }],
      ] as const) {
        assert.equal(problemIn(await change(omar, what, body), 403).code, "denied", what);
      }
      problemIn(await omar.delete(`/contacts/${contact.id}`), 403);
      assert.deepEqual(await stored(), contact);
    });

    it("again changes what they may do, and names them once", async () => {
      await shareWith("omar", "editor");
      await shareWith("alice");
      await shareWith("omar", "viewer");
      assert.deepEqual([contact.sharedWith, contact.editors], [[demoUser("omar").id, demoUser("alice").id], []]);
    });

    it("again, as before, answers 200 and makes no new version", async () => {
      await shareWith("omar", "editor");
      await shareWith("alice");
      const before = contact;
      assert.deepEqual(contactIn(await shareWith("omar", "editor")), before);
      assert.deepEqual(contactIn(await shareWith("alice")), before);
      assert.deepEqual(await stored(), before);
    });

    it("knows colleagues by their address in any case, with spaces around", async () => {
      assert.equal((await shareWith(" OMAR")).status, 200);
      assert.deepEqual(contact.sharedWith, [demoUser("omar").id]);
    });

    it("lets an administrator share what others own", async () => {
      const answer = await change(alice, "share", { email: "omar@example.com", as: "viewer" });
      assert.equal(answer.status, 200);
    });

    for (const [what, body, messages] of [
      [
        "an address that no user has",
        { email: "stranger@example.com", as: "viewer" },
        { email: "Nobody in Okta's directory has this e-mail address." },
      ],
      [
        "the owner",
        { email: "uma@example.com", as: "viewer" },
        { email: "You own this contact already. Share it with somebody else." },
      ],
      [
        "a user without a role",
        { email: "nina@example.com", as: "viewer" },
        { email: "Nina Novak has no role in this CRM." },
      ],
      ["no address", { email: "omar", as: "viewer" }, { email: "Enter the e-mail address of a colleague." }],
      ["nothing", {}, { email: "Enter an e-mail address.", as: "Must be viewer or editor." }],
      ["an owner", { email: "omar@example.com", as: "owner" }, { as: "Must be viewer or editor." }],
      ["a list", { email: ["omar@example.com"], as: "viewer" }, { email: "Enter an e-mail address." }],
      [
        "half a character",
        { email: "\ud83d@example.com", as: "viewer" },
        { email: "Enter the e-mail address of a colleague." },
      ],
    ] as const) {
      it(`with ${what} answers 422 and changes nothing`, async () => {
        assert.deepEqual(messagesIn(problemIn(await change(uma, "share", body), 422)), messages);
        assert.deepEqual(await stored(), contact);
      });
    }

    it("with oneself or the owner, by an administrator, answers 422", async () => {
      const asAlice = async (email: string) =>
        messagesIn(problemIn(await change(alice, "share", { email, as: "viewer" }), 422)).email;
      assert.equal(await asAlice("alice@example.com"), "This is you. Share the contact with somebody else.");
      assert.equal(
        await asAlice("uma@example.com"),
        "Uma Underhill owns this contact already. Share it with somebody else.",
      );
    });
  });

  describe("POST /contacts/:id/unshare", () => {
    it("takes access away, an editor's too", async () => {
      await shareWith("omar", "editor");
      assert.equal((await change(uma, "unshare", { userId: demoUser("omar").id })).status, 200);
      assert.deepEqual([contact.sharedWith, contact.editors], [[], []]);
      assert.equal(await isListedFor(omar), false);
      assert.equal(await statusFor(omar), 403);
    });

    it("answers 422 where it is not shared, and to what is no id", async () => {
      const of = async (body: unknown) => messagesIn(problemIn(await change(uma, "unshare", body), 422));
      assert.deepEqual(await of({ userId: demoUser("omar").id }), {
        userId: "The contact is not shared with this person.",
      });
      for (const body of [{}, { userId: "" }, { userId: 7 }, { userId: [demoUser("omar").id] }]) {
        assert.deepEqual(await of(body), { userId: "Must be a user id." });
      }
    });
  });

  describe("POST /contacts/:id/visibility", () => {
    it("lets everyone see it, the team, or nobody else", async () => {
      const seen: unknown[] = [];
      for (const visibility of ["everyone", "team", "private"]) {
        assert.equal((await change(uma, "visibility", { visibility })).status, 200);
        seen.push([contact.visibility, await statusFor(omar), await isListedFor(omar)]);
      }
      assert.deepEqual(seen, [
        ["everyone", 200, true],
        ["team", 403, false],
        ["private", 403, false],
      ]);
    });

    it("as it is answers 200 and makes no new version", async () => {
      const before = contact;
      assert.deepEqual(contactIn(await change(uma, "visibility", { visibility: "private" })), before);
      assert.deepEqual(await stored(), before);
    });

    it("answers 422 to anything else", async () => {
      for (const visibility of ["nobody", "", null, undefined, 7, ["private"]]) {
        const problem = problemIn(await change(uma, "visibility", { visibility }), 422);
        assert.deepEqual(messagesIn(problem), { visibility: "Must be everyone, team or private." });
      }
    });
  });

  describe("POST /contacts/:id/transfer", () => {
    it("answers 204 to a user who does not see it any more, and the new owner has it", async () => {
      await shareWith("omar", "editor");
      const answer = await change(uma, "transfer", { email: "omar@example.com" });
      assert.equal(answer.status, 204, answer.body);
      assert.equal(answer.body, "");
      assert.equal(await statusFor(uma), 403);
      assert.equal(await isListedFor(uma), false);
      const now = contactIn(await omar.get(`/contacts/${contact.id}`));
      assert.deepEqual(now, {
        ...contact,
        ...{ ownerId: demoUser("omar").id, department: "Support", sharedWith: [], editors: [] },
        ...{ version: 3, updatedAt: now.updatedAt },
      });
      assert.equal((await omar.delete(`/contacts/${contact.id}`)).status, 204);
    });

    it("answers 200 with the contact to a user who still sees it", async () => {
      await change(uma, "visibility", { visibility: "everyone" });
      await shareWith("alice", "editor");
      assert.equal((await change(uma, "transfer", { email: "omar@example.com" })).status, 200);
      assert.equal(contact.ownerId, demoUser("omar").id);
      const { sharedWith, editors } = await stored();
      assert.deepEqual([sharedWith, editors], [[demoUser("alice").id], [demoUser("alice").id]]);
      problemIn(await change(uma, "visibility", { visibility: "private" }), 403);
    });

    it("lets an administrator take it", async () => {
      assert.equal((await change(alice, "transfer", { email: "alice@example.com" })).status, 200);
      assert.deepEqual([contact.ownerId, contact.department], [demoUser("alice").id, "Sales"]);
    });

    it("does not tell that the new owner has a contact with the address already: it is transferred all the same", async () => {
      const other = await createContact(omar, { company: word, email: contact.email.toUpperCase() });
      assert.equal((await change(uma, "transfer", { email: "omar@example.com" })).status, 204);
      assert.equal((await stored()).ownerId, demoUser("omar").id);
      // Both can be changed, and nobody can take the address once more.
      for (const { id } of [contact, other]) {
        const changed = await omar.patch(`/contacts/${id}`, { email: contact.email, title: "x" }, { "If-Match": "*" });
        assert.equal(changed.status, 200, changed.body);
      }
      problemIn(await omar.post("/contacts", { lastName: "x", firstName: "x", email: contact.email }), 409);
    });

    it("answers 409 to a user who takes a contact with an address that is among their own", async () => {
      await createContact(alice, { company: word, email: contact.email.toUpperCase() });
      const problem = problemIn(await change(alice, "transfer", { email: "alice@example.com" }), 409);
      assert.deepEqual(messagesIn(problem), {
        email: "You already have a contact with the e-mail address of this one.",
      });
      assert.deepEqual(await stored(), contact);
    });

    it("answers 422 to the owner, an unknown user, a user without a role, and no address", async () => {
      const of = async (client: Client, email: unknown) =>
        messagesIn(problemIn(await change(client, "transfer", { email }), 422)).email;
      assert.equal(await of(uma, "uma@example.com"), "You own this contact already.");
      assert.equal(await of(alice, "uma@example.com"), "Uma Underhill owns this contact already.");
      assert.match((await of(uma, "stranger@example.com")) ?? "", /Nobody in Okta's directory/);
      assert.equal(await of(uma, "nina@example.com"), "Nina Novak has no role in this CRM.");
      assert.equal(await of(uma, 7), "Enter an e-mail address.");
      assert.deepEqual(await stored(), contact);
    });
  });

  describe("each of them", () => {
    const routes: [string, unknown][] = [
      ["share", { email: "omar@example.com", as: "viewer" }],
      ["unshare", { userId: demoUser("omar").id }],
      ["visibility", { visibility: "everyone" }],
      ["transfer", { email: "omar@example.com" }],
    ];
    for (const [what, body] of routes) {
      it(`${what}: 400, 401, 403, 404, 412, 413, 415 and 428 as everywhere, and nothing changes`, async () => {
        const path = `/contacts/${contact.id}/${what}`;
        const current = { "If-Match": '"1"' };
        const asJson = { "Content-Type": "application/json", ...current };
        problemIn(await uma.send(path, { method: "POST", body: "{", headers: asJson }), 400);
        assert.equal(problemIn(await uma.post(path, [body], current), 400).detail, "Send a JSON object.");
        problemIn(await uma.post(path, body, { "If-Match": "1" }), 400);
        const answer = await stranger.post(path, body, current);
        problemIn(answer, 401);
        assert.equal(answer.headers.get("www-authenticate"), "Bearer");
        assert.equal(problemIn(await omar.post(path, body, current), 403).code, "denied");
        assert.equal(problemIn(await nina.post(path, body, current), 403).code, "no_roles");
        assert.equal(problemIn(await nina.post(`/contacts/${unknownId}/${what}`, body, current), 403).code, "no_roles");
        for (const id of [unknownId, "x"]) problemIn(await uma.post(`/contacts/${id}/${what}`, body, current), 404);
        for (const tag of ['"0"', '"2"', 'W/"1"']) problemIn(await uma.post(path, body, { "If-Match": tag }), 412);
        problemIn(await uma.post(path, { ...(body as object), more: "x".repeat(101 * 1024) }, current), 413);
        const text = { "Content-Type": "text/plain", ...current };
        problemIn(await uma.send(path, { method: "POST", body: "x", headers: text }), 415);
        problemIn(await uma.post(path, body), 428);
        for (const method of ["PUT", "PATCH", "DELETE"]) problemIn(await uma.send(path, { method }), 404);
        assert.deepEqual(await stored(), contact);
      });
    }

    it("lets exactly one of many at once of a version through", async () => {
      const answers = await atOnce(20, uma, (i) => {
        const [what = "", body] = routes[i % 2 ? 0 : 2] ?? [];
        return uma.post(`/contacts/${contact.id}/${what}`, body, { "If-Match": '"1"' });
      });
      assert.deepEqual(answers.map(({ status }) => status).sort(), [200, ...Array(19).fill(412)]);
      assert.equal((await stored()).version, 2);
    });

    it("is lost neither by an edit that comes first, nor an edit by it", async () => {
      contactIn(await uma.patch(`/contacts/${contact.id}`, { title: "New" }, { "If-Match": '"1"' }));
      problemIn(await shareWith("omar"), 412);
      contact = await stored();
      await shareWith("omar");
      problemIn(await uma.patch(`/contacts/${contact.id}`, { title: "Newer" }, { "If-Match": '"2"' }), 412);
      const now = await stored();
      assert.deepEqual([now.title, now.sharedWith, now.version], ["New", [demoUser("omar").id], 3]);
    });
  });

  it("is with at most 100 people", async () => {
    // There are not so many people here, so the rule is asked by itself.
    const ids = Array.from({ length: 100 }, (_, i) => `00u${i}`);
    const full = { ...contact, sharedWith: ids, editors: ["00u7"] } as unknown as Contact;
    const person = {
      id: "00unew",
      name: "New",
      email: "new@example.com",
      emailIsVerified: true,
      department: "",
      roles: ["user"],
    };
    assert.throws(
      () => shareChange(full, person, "viewer", demoUser("uma").id),
      /A contact can be shared with at most 100 people/,
    );
    const again = shareChange(full, { ...person, id: "00u7" }, "viewer", demoUser("uma").id);
    assert.deepEqual([again.sharedWith.length, again.editors], [100, []]);
  });
});
