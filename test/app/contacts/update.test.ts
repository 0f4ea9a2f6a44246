import assert from "node:assert/strict";
import { setTimeout } from "node:timers/promises";
import { type ContactJson, contactIn, createContact, decided, unknownId } from "../../support/contacts/contacts.js";
import { useUniqueWord } from "../../support/contacts/unique-word.js";
import { json, messagesIn, problemIn } from "../../support/http/answers.js";
import { atOnce, type Client } from "../../support/http/client.js";
import { useSharedStack } from "../../support/stack/shared-stack.js";

describe("PATCH /contacts/:id", () => {
  const { alice, uma, omar, nina, stranger } = useSharedStack();
  const word = useUniqueWord(alice);
  /** Of omar. */
  let contact: ContactJson;

  beforeEach(async () => {
    contact = await createContact(omar, { company: word, title: "Clerk", notes: "First." });
  });

  const patch = (client: Client, change: unknown, ifMatch = `"${contact.version}"`) =>
    client.patch(`/contacts/${contact.id}`, change, { "If-Match": ifMatch });
  const stored = async () => json<ContactJson>(await omar.get(`/contacts/${contact.id}`));
  const assertUnchanged = async () => assert.deepEqual(await stored(), contact);

  it("answers 200 with the contact as it now is, and changes nothing but the fields that are given", async () => {
    // Times are kept to the millisecond.
    await setTimeout(5);
    const changed = contactIn(await patch(omar, { title: "Director", notes: "Second." }));
    const { updatedAt } = changed;
    assert.deepEqual(changed, { ...contact, title: "Director", notes: "Second.", version: 2, updatedAt });
    assert.equal(new Date(updatedAt).toISOString(), updatedAt);
    assert.ok(updatedAt > contact.updatedAt);
    assert.deepEqual(await stored(), changed);
  });

  it("makes no new version of a change without effect: white space, an empty change, or what is stored already", async () => {
    for (const change of [{}, { title: "Clerk" }, { title: " Clerk\t", notes: "First.", phone: null }]) {
      assert.deepEqual(contactIn(await patch(omar, change)), contact);
      await assertUnchanged();
    }
    // It is decided about, and has its precondition, all the same.
    problemIn(await patch(omar, { title: "Clerk" }, '"7"'), 412);
    problemIn(await patch(uma, { title: "Clerk" }), 403);
  });

  it("lets an administrator change what others own, and the owner stays", async () => {
    const changed = contactIn(await patch(alice, { title: "Director" }));
    assert.equal(changed.title, "Director");
    assert.equal(changed.ownerId, contact.ownerId);
  });

  it("takes no owner, access, id, version or time from the input", async () => {
    const time = "2001-01-01T00:00:00.000Z";
    const access = { visibility: "private", department: "Sales", sharedWith: ["00u1"], editors: ["00u1"] };
    const owner = { ownerId: "00u1", owner_id: "00u1" };
    const forged = { id: unknownId, ...owner, ...access, version: 70, createdAt: time, updatedAt: time };
    const changed = contactIn(await patch(omar, { ...forged, title: "Director" }));
    assert.deepEqual(changed, { ...contact, title: "Director", version: 2, updatedAt: changed.updatedAt });
    assert.notEqual(changed.updatedAt, time);
  });

  it("empties a field that may be empty, given as null too", async () => {
    const changed = contactIn(await patch(omar, { email: null, title: "" }));
    assert.equal(changed.email, "");
    assert.equal(changed.title, "");
  });

  it("takes a merge patch by its own type", async () => {
    const headers = { "Content-Type": "application/merge-patch+json", "If-Match": '"1"' };
    const answer = await omar.send(`/contacts/${contact.id}`, {
      method: "PATCH",
      body: '{"title":"Director"}',
      headers,
    });
    assert.equal(contactIn(answer).title, "Director");
  });

  describe("with If-Match", () => {
    const current = ['"1"', ' "1" ', '"7", "1"', '"1","7"', 'W/"7", "1"', '"a,b", "1"', "*"];
    for (const ifMatch of current) {
      it(`${ifMatch} answers 200`, async () => {
        assert.equal(contactIn(await patch(omar, { title: "Director" }, ifMatch)).version, 2);
      });
    }

    // Weak tags never match here: RFC 9110, section 13.1.1.
    const stale = ['"2"', '"0"', 'W/"1"', '""', '"01"', '"2", W/"1"', '"x"', '"-1"', '"9999999999999999999"'];
    for (const ifMatch of stale) {
      it(`${ifMatch} answers 412 and changes nothing`, async () => {
        problemIn(await patch(omar, { title: "Director" }, ifMatch), 412);
        await assertUnchanged();
      });
    }

    const malformed = ["1", '"1', '1"', "'1'", '"1" "2"', '"1 "', "**", '"1", *', 'w/"1"', "", ","];
    for (const ifMatch of malformed) {
      it(`${ifMatch || "that is empty"} answers 400 and changes nothing`, async () => {
        problemIn(await patch(omar, { title: "Director" }, ifMatch), 400);
        await assertUnchanged();
      });
    }
  });

  it("answers 428 and says the version when If-Match is missing, and changes nothing", async () => {
    const problem = problemIn(await omar.patch(`/contacts/${contact.id}`, { title: "Director" }), 428);
    assert.match(problem.detail, /If-Match.*"1"/);
    await assertUnchanged();
  });

  it("answers 412 to the second of two users, loses nothing, and lets them try again", async () => {
    contactIn(await patch(alice, { title: "Director" }));
    problemIn(await patch(omar, { notes: "Second." }), 412);
    assert.equal((await stored()).title, "Director");
    const changed = contactIn(await patch(omar, { notes: "Second." }, '"2"'));
    assert.deepEqual([changed.title, changed.notes, changed.version], ["Director", "Second.", 3]);
  });

  it("lets exactly one of 50 changes of the same version through", async () => {
    const answers = await atOnce(50, omar, (i) => decided(() => patch(omar, { title: `Title ${i}` })));
    const winners = answers.filter(({ status }) => status === 200);
    assert.equal(winners.length, 1);
    for (const answer of answers) if (!winners.includes(answer)) problemIn(answer, 412);
    assert.deepEqual(await stored(), winners[0] && contactIn(winners[0]));
    assert.equal((await stored()).version, 2);
  });

  it("lets exactly one of 50 changes through when they do not care which version they change", async () => {
    // `*` says that the contact exists, and that what was decided about must still be what is stored.
    const answers = await atOnce(50, omar, (i) => decided(() => patch(omar, { title: `Title ${i}` }, "*")));
    const winners = answers.filter(({ status }) => status === 200).length;
    assert.ok(winners >= 1);
    assert.equal((await stored()).version, 1 + winners);
    assert.ok(answers.every(({ status }) => status === 200 || status === 412));
  });

  it("answers 400 to malformed JSON", async () => {
    const headers = { "Content-Type": "application/json", "If-Match": '"1"' };
    for (const body of ["{", "[]", '"title"']) {
      problemIn(await omar.send(`/contacts/${contact.id}`, { method: "PATCH", body, headers }), 400);
    }
    await assertUnchanged();
  });

  it("answers 401 with a challenge when nobody is logged in", async () => {
    const answer = await patch(stranger, { title: "Director" });
    problemIn(answer, 401);
    assert.equal(answer.headers.get("www-authenticate"), "Bearer");
    await assertUnchanged();
  });

  it("answers 403 to a user who is not the owner, even when more is wrong with the request", async () => {
    assert.equal(problemIn(await patch(uma, { title: "Director" }), 403).code, "denied");
    problemIn(await patch(uma, { title: "Director" }, '"7"'), 403);
    problemIn(await patch(uma, { title: 7 }), 403);
    problemIn(await uma.patch(`/contacts/${contact.id}`, { title: "Director" }), 403);
    await assertUnchanged();
  });

  it("answers 403 to a user without a role, who does not learn which contacts exist", async () => {
    assert.equal(problemIn(await patch(nina, { title: "Director" }), 403).code, "no_roles");
    problemIn(await nina.patch(`/contacts/${unknownId}`, {}, { "If-Match": "*" }), 403);
    await assertUnchanged();
  });

  it("answers 404 when there is no such contact", async () => {
    for (const id of [unknownId, "1", "new", contact.id.slice(1), `${contact.id}0`, "%00", "%F0%9F%90%88"]) {
      assert.equal(problemIn(await omar.patch(`/contacts/${id}`, {}, { "If-Match": "*" }), 404).code, "not_found", id);
    }
  });

  it("answers 409 when the owner has the address already, in any case", async () => {
    const other = await createContact(omar, { company: word });
    const problem = problemIn(await patch(omar, { email: other.email.toUpperCase() }), 409);
    assert.deepEqual(Object.keys(messagesIn(problem)), ["email"]);
    await assertUnchanged();
    // Its own address, written otherwise, is no conflict.
    assert.equal(contactIn(await patch(omar, { email: contact.email.toUpperCase() })).version, 2);
  });

  it("answers 422 when no name would be left", async () => {
    contactIn(await patch(omar, { firstName: "" }));
    const problem = problemIn(await patch(omar, { lastName: null }, "*"), 422);
    assert.deepEqual(messagesIn(problem), { firstName: "Enter a first name, a last name or both." });
    assert.equal(contactIn(await patch(omar, { firstName: "Ada", lastName: "" }, "*")).lastName, "");
  });

  it("answers 413 to more than 100 kB", async () => {
    problemIn(await patch(omar, { notes: "x".repeat(100 * 1024) }), 413);
    await assertUnchanged();
  });

  it("answers 415 to what is neither JSON nor a form", async () => {
    const headers = { "Content-Type": "text/plain", "If-Match": '"1"' };
    problemIn(await omar.send(`/contacts/${contact.id}`, { method: "PATCH", body: "{}", headers }), 415);
    await assertUnchanged();
  });

  it("answers 422 with a message for each field that does not hold, and changes nothing", async () => {
    const change = { firstName: "", lastName: null, email: "x", phone: 7, title: "x".repeat(201), notes: "Second." };
    assert.deepEqual(messagesIn(problemIn(await patch(omar, change), 422)), {
      firstName: "Enter a first name, a last name or both.",
      email: "Must be an e-mail address, such as name@example.com.",
      phone: "Must be text.",
      title: "Must have at most 200 characters.",
    });
    await assertUnchanged();
  });
});
