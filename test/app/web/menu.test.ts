import assert from "node:assert/strict";
import { createContact } from "../../support/contacts/contacts.js";
import { problemIn } from "../../support/http/answers.js";
import type { Client } from "../../support/http/client.js";
import { pageIn, textOf } from "../../support/http/page.js";
import { useInProcess } from "../../support/stack/in-process.js";

const html = { Accept: "text/html" };
const contacts = ["/contacts", "/contacts/new"];
const entries = [...contacts, "/audit", "/directory"];

/** The links of a page's main menu, which is left out where there are none. */
function menuIn(page: string): string[] {
  const menu = /<nav class="menu"[\s\S]*?<\/nav>/.exec(page)?.[0] ?? "";
  return [...menu.matchAll(/href="([^"]*)"/g)].map(([, href = ""]) => href);
}

describe("the menu", () => {
  const app = useInProcess();
  let user: Client;

  before(async () => {
    user = await app.as("00uuser", "user", "Sales");
  });

  for (const [role, expected] of [
    ["user", contacts],
    ["admin", entries],
    ["auditor", ["/audit"]],
    // A role, but none that policies know.
    ["guest", []],
  ] as const) {
    it(`of the role ${role} has ${expected.join(" and ") || "nothing"}, on error pages too`, async () => {
      const client = await app.as("00usome", role, "");
      for (const [path, status] of [
        ["/", 200],
        ["/profile", 200],
        ["/nowhere", 404],
      ] as const) {
        assert.deepEqual(menuIn(pageIn(await client.get(path, html), status)), [...expected], path);
      }
      for (const path of entries) {
        // Nobody reports to the user: the list is there, and empty.
        const isOpen = [...expected, role === "user" && "/directory"].includes(path);
        pageIn(await client.get(path, html), isOpen ? 200 : 403);
      }
    });
  }

  it("is left out while the PDP does not answer, and no page fails for that", async () => {
    const contact = await createContact(user);
    await app.stopPdp();
    const home = pageIn(await user.get("/", html));
    assert.deepEqual(menuIn(home), []);
    assert.match(home, /href="\/profile"/);
    assert.match(textOf(home), /What you may do here cannot be found out at the moment/);
    assert.deepEqual(menuIn(pageIn(await user.get("/nowhere", html), 404)), []);
    for (const path of ["/contacts", "/contacts/new", `/contacts/${contact.id}`, `/contacts/${contact.id}/share`]) {
      const page = pageIn(await user.get(path, html), 503);
      assert.deepEqual(menuIn(page), [], path);
      assert.ok(!page.includes(contact.email));
    }
    problemIn(await user.get("/contacts"), 503);
  });
});
