import assert from "node:assert/strict";
import { type ContactJson, contactIn, createContact } from "../../../support/contacts/contacts.js";
import { useUniqueWord } from "../../../support/contacts/unique-word.js";
import { json, messagesIn, problemIn } from "../../../support/http/answers.js";
import { fieldsOf, messagesBeside, pageIn, textOf } from "../../../support/http/page.js";
import type { UserAgent } from "../../../support/http/user-agent.js";
import { useSharedStack } from "../../../support/stack/shared-stack.js";

const anyVersion = { "If-Match": "*" };
const html = { Accept: "text/html" };

describe("who is given access to a contact", () => {
  const { stack, alice, uma, omar, nina, stranger } = useSharedStack();
  const word = useUniqueWord(alice);
  /** Of uma, and private. */
  let contact: ContactJson;
  let path: string;
  const stored = async () => contactIn(await alice.get(path));

  beforeEach(async () => {
    contact = await createContact(uma, { company: word, visibility: "private" });
    path = `/contacts/${contact.id}`;
  });

  describe("is asked about first, as who they are:", () => {
    it("an auditor, who could not view it, is given nothing, and the answer says why", async () => {
      const messageOf = async (what: string, body: object) =>
        messagesIn(
          problemIn(await uma.post(`${path}/${what}`, { email: "audrey@example.com", ...body }, anyVersion), 422),
        );
      const cannot = "Audrey Abara could not";
      const notShared = { email: `${cannot} view it with the roles that they have.` };
      assert.deepEqual(await messageOf("share", { as: "viewer" }), notShared);
      assert.deepEqual(await messageOf("share", { as: "editor" }), notShared);
      assert.deepEqual(await messageOf("transfer", {}), {
        email: `${cannot} view it as its owner, with the roles that they have.`,
      });
      assert.deepEqual(await stored(), contact);
    });

    it("a colleague who can is named with all that they may do", async () => {
      const browser = await stack.login("uma@example.com");
      const open = async (page: string) => pageIn(await browser.get(`${stack.url}${path}/${page}`));
      const send = async (what: string, page: string, body: Record<string, string>) => {
        const form = fieldsOf(await open(page), `${path}/${what}`);
        return textOf(pageIn(await browser.post(`${stack.url}${path}/${what}`, { ...form, ...body })));
      };
      const admin = await send("share", "share", { email: "alice@example.com", as: "viewer" });
      assert.match(admin, /Shared with Alice \w+, who may view, edit, share, transfer and delete it\./);
      const given = await send("transfer", "transfer", { email: "omar@example.com" });
      assert.match(given, /now belongs to Omar Ostrow, who may view, edit, share, transfer and delete it\./);
    });
  });

  describe("and who loses it is said first:", () => {
    it("how many can view it with each visibility, and how many more or fewer than now", async () => {
      const browser = await stack.login("uma@example.com");
      const open = async () => pageIn(await browser.get(`${stack.url}${path}/share`));
      const page = textOf(await open());
      assert.match(page, /Everybody with a role in this CRM\. \d+ people could view it, \d+ more than now\./);
      assert.match(
        page,
        /Only the owner, those whom it is shared with, and administrators\. \d+ people can view it now\. Save/,
      );
      const send = async (visibility: string) => {
        const form = fieldsOf(await open(), `${path}/visibility`);
        return textOf(pageIn(await browser.post(`${stack.url}${path}/visibility`, { ...form, visibility })));
      };
      assert.match(await send("everyone"), /Visible to everyone\. \d+ (person|people) more can view it\./);
      assert.match(await send("private"), /Private\. Lena Lorenz and Omar Ostrow can no longer view it\./);
    });
  });

  describe("is chosen among colleagues:", () => {
    const found = async (q: string, client = uma) =>
      json<{ colleagues: { name: string; email: string }[]; hasMore: boolean }>(
        await client.get(`/colleagues?${new URLSearchParams({ q })}`),
      );

    it("by a part of a name or address, with their names and addresses and nothing else", async () => {
      const omars = { colleagues: [{ name: "Omar Ostrow", email: "omar@example.com" }], hasMore: false };
      for (const q of ["omar@", "OSTR", "omar ost", "ómar"]) assert.deepEqual(await found(q), omars, q);
      const { colleagues, hasMore } = await found("example.com");
      assert(colleagues.length <= 10 && colleagues.length > 1);
      assert.equal(typeof hasMore, "boolean");
    });

    it("those alone who have a role, and nobody by one letter or by nothing", async () => {
      for (const q of ["nina", "nina@example.com", "o", "", " ", "%", "__", "nobody at all"]) {
        assert.deepEqual(await found(q), { colleagues: [], hasMore: false }, q);
      }
    });

    it("by those alone who can have contacts", async () => {
      problemIn(await stranger.get("/colleagues?q=omar"), 401);
      problemIn(await nina.get("/colleagues?q=omar"), 403);
      problemIn(await uma.get(`/colleagues?q=${"x".repeat(101)}`), 400);
      problemIn(await uma.get("/colleagues?q=%00"), 400);
      assert.equal((await alice.get("/colleagues?q=omar")).status, 200);
    });

    describe("without JavaScript", () => {
      let browser: UserAgent;
      before(async () => {
        browser = await stack.login("uma@example.com");
      });
      const send = async (what: string, page: string, body: Record<string, string>) => {
        const form = fieldsOf(pageIn(await browser.get(`${stack.url}${path}/${page}`)), `${path}/${what}`);
        return browser.post(`${stack.url}${path}/${what}`, { ...form, ...body });
      };

      it("a name comes back as a choice, with what each could do, and the choice is sent on", async () => {
        const page = pageIn(await send("share", "share", { email: "ostrow", as: "editor" }), 422);
        assert.match(textOf(page), /Choose the colleague whom you mean\./);
        assert.match(textOf(page), /Omar Ostrow , omar@example\.com could view and edit it/);
        const chosen = fieldsOf(page, `${path}/share`);
        assert.deepEqual([chosen.email, chosen.as], ["omar@example.com", "editor"]);
        const shared = textOf(pageIn(await browser.post(`${stack.url}${path}/share`, chosen)));
        assert.match(shared, /Shared with Omar Ostrow, who may view and edit it\./);
      });

      it("one who could not use it cannot be chosen, and the page says why", async () => {
        const page = pageIn(await send("transfer", "transfer", { email: "example.com" }), 422);
        assert.match(page, /value="audrey@example\.com"[^>]* disabled/);
        assert.match(textOf(page), /Audrey Abara could not view it as its owner/);
        assert.match(textOf(page), /You own this contact already/);
        assert.notEqual(fieldsOf(page, `${path}/transfer`).email, "audrey@example.com");
        assert.deepEqual(await stored(), contact);
      });

      it("what means nobody comes back with what was typed", async () => {
        for (const [text, message] of [
          ["no such name", "No colleague with a role has this in their name or e-mail address."],
          ["nina", "No colleague with a role has this in their name or e-mail address."],
          ["o", "Enter a colleague's name or e-mail address."],
          ["", "Enter a colleague's name or e-mail address."],
        ] as const) {
          const page = pageIn(await send("share", "share", { email: text }), 422);
          assert.deepEqual(messagesBeside(page), { email: message }, text);
          assert.equal(fieldsOf(page, `${path}/share`).email, text);
        }
      });
    });

    it("and named in JSON by the address alone", async () => {
      const problem = problemIn(await uma.post(`${path}/share`, { email: "ostrow", as: "viewer" }, anyVersion), 422);
      assert.deepEqual(messagesIn(problem), { email: "Enter the e-mail address of a colleague." });
      assert.equal((await omar.get(path, html)).status, 403);
    });
  });
});
