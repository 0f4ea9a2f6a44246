import assert from "node:assert/strict";
import { cp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { GRPC } from "@cerbos/grpc";
import {
  type ContactJson,
  contactIn,
  createContact,
  deleteAll,
  findAll,
  uniqueWord,
} from "../../support/contacts/contacts.js";
import { json } from "../../support/http/answers.js";
import { pageIn, textOf } from "../../support/http/page.js";
import { projectPath } from "../../support/paths.js";
import { demoUser } from "../../support/stack/demo-users.js";
import { useInProcess } from "../../support/stack/in-process.js";
import { useSharedStack } from "../../support/stack/shared-stack.js";
import { useTemporaryFolder } from "../../support/temporary-folder.js";

interface Page {
  readonly contacts: ContactJson[];
  readonly next: string | null;
}

type Name = "alice" | "uma" | "omar";
const names: readonly Name[] = ["alice", "uma", "omar"];
const visibilities = ["everyone", "team", "private"] as const;

describe("lists of what a user may see", () => {
  const { stack, ...clients } = useSharedStack();
  const word = uniqueWord();
  let pdp: GRPC;

  before(async function () {
    this.timeout(120_000);
    const { target } = stack.log().findLast(({ msg }) => msg === "Cerbos PDP started") ?? {};
    assert(typeof target === "string", "the log says where the PDP is");
    pdp = new GRPC(target, { tls: false });
    // Every owner, every visibility, not shared and shared with each other one as viewer and as editor.
    for (const owner of names) {
      for (const visibility of visibilities) {
        await createContact(clients[owner], { company: word, visibility });
        for (const other of names.filter((name) => name !== owner)) {
          for (const as of ["viewer", "editor"]) await shared(owner, visibility, other, as);
        }
      }
    }
  });
  after(async () => {
    pdp?.close();
    await deleteAll(clients.alice, word);
  });

  async function shared(owner: Name, visibility: string, other: Name, as: string): Promise<void> {
    const { id } = await createContact(clients[owner], { company: word, visibility });
    const body = { email: `${other}@example.com`, as };
    contactIn(await clients[owner].post(`/contacts/${id}/share`, body, { "If-Match": '"1"' }));
  }

  /** The ids of the rows for which the PDP's check allows a user an action. The administrator sees all rows. */
  async function oracle(name: Name, rows: readonly ContactJson[], action: string): Promise<string[]> {
    const user = demoUser(name);
    const roles = user.groups.filter((group) => group !== "Everyone");
    const principal = { id: user.id, roles, attr: { department: user.department } };
    const allowed = await Promise.all(
      rows.map(({ id, ownerId, visibility, department, sharedWith, editors }) => {
        const attr = {
          ownerId,
          visibility,
          department,
          sharedWith: [...sharedWith],
          editors: [...editors],
          managers: [],
        };
        return pdp.isAllowed({ principal, resource: { kind: "contact", id, attr }, action });
      }),
    );
    return rows.filter((_, i) => allowed[i]).map(({ id }) => id);
  }

  const ids = (contacts: readonly ContactJson[]) => contacts.map(({ id }) => id);

  for (const q of [word, ""]) {
    const which = q ? "of the search" : "of everything";
    for (const name of names) {
      it(`${name}'s: pages ${which}, counts and reads are what the PDP's check allows row by row`, async () => {
        const everything = await findAll(clients.alice, { q, limit: "100" });
        const expected = await oracle(name, everything, "list");
        assert.deepEqual(await oracle(name, everything, "read"), expected);
        for (const limit of ["7", "100"]) {
          assert.deepEqual(ids(await findAll(clients[name], { q, limit })), expected, `limit ${limit}`);
        }
        const answer = await clients[name].get(`/contacts?q=${q}`, { Accept: "text/html" });
        const count = `${expected.length} contact${expected.length === 1 ? "" : "s"}${q ? " found" : ""}`;
        assert.ok(textOf(pageIn(answer)).includes(` ${count} `), count);
        for (const { id } of everything.slice(0, 50)) {
          const { status } = await clients[name].get(`/contacts/${id}`);
          assert.equal(status, expected.includes(id) ? 200 : 403);
        }
      });
    }
  }

  it("differ: none is empty, only the administrator's has everything, and no two are the same", async () => {
    const [alices, umas, omars] = await Promise.all(
      names.map(async (name) => ids(await findAll(clients[name], { q: word, limit: "100" })).toSorted()),
    );
    assert(alices && umas && omars);
    assert.equal(alices.length, 45);
    assert.deepEqual([umas.length, omars.length], [36, 33]);
    assert.notDeepEqual(umas, omars);
  });

  it("have what is the team's for those of the team alone", async () => {
    const q = uniqueWord();
    const { id } = await createContact(clients.alice, { company: word, title: q, visibility: "team" });
    const seen = await Promise.all(names.map(async (name) => (await findAll(clients[name], { q })).length));
    assert.deepEqual(seen, [1, 1, 0]);
    await clients.alice.delete(`/contacts/${id}`);
  });

  it("are empty for a user who may see nothing, which is no refusal", async () => {
    const q = uniqueWord();
    const { id } = await createContact(clients.omar, { company: word, title: q, visibility: "private" });
    assert.deepEqual(json(await clients.uma.get(`/contacts?q=${q}`)), { contacts: [], next: null });
    assert.match(textOf(pageIn(await clients.uma.get(`/contacts?q=${q}`, { Accept: "text/html" }))), /Nobody found/);
    await clients.omar.delete(`/contacts/${id}`);
  });

  it("stay the same page by page, while others insert, delete, hide, share and give away", async () => {
    const tag = uniqueWord();
    const make = (owner: Name, n: number, visibility: string) =>
      createContact(clients[owner], {
        lastName: `Name ${String(n).padStart(2, "0")}`,
        company: word,
        title: tag,
        visibility,
      });
    const staying = new Set<string>();
    const moving: ContactJson[] = [];
    for (let n = 10; n < 40; n++) {
      const visible = n % 3 !== 2;
      const contact = await make("omar", n, visible ? "everyone" : "private");
      if (n % 3 === 0) staying.add(contact.id);
      if (n % 3 === 1) moving.push(contact);
    }
    const seen: string[] = [];
    let after: string | null = null;
    for (let round = 0; round === 0 || after; round++) {
      assert.ok(round < 60, "paging does not end");
      const query = new URLSearchParams({ q: tag, limit: "3", ...(after && { after }) });
      const page: Page = json(await clients.uma.get(`/contacts?${query}`));
      seen.push(...ids(page.contacts));
      after = page.next;
      const [hidden, given, gone] = moving.splice(0, 3);
      const change = (contact: ContactJson | undefined, what: string, body: object) =>
        contact && clients.omar.post(`/contacts/${contact.id}/${what}`, body, { "If-Match": '"1"' });
      await Promise.all([
        change(hidden, "visibility", { visibility: "private" }),
        change(given, "transfer", { email: "uma@example.com" }),
        gone && clients.omar.delete(`/contacts/${gone.id}`),
        ...(round < 4 ? [make("omar", round, "everyone"), make("uma", 90 + round, "private")] : []),
      ]);
    }
    assert.equal(new Set(seen).size, seen.length, "a row was shown twice");
    for (const id of staying) assert.ok(seen.includes(id), "a row that was there throughout was missed");
  });
});

describe("lists whose query plan lets through too much", () => {
  const policies = useTemporaryFolder();
  before(() => copyWithCarelessRule(policies.path));
  const app = useInProcess(() => ({ policies: policies.path }));

  it("show none of it, in JSON or on a page, and log the defect", async () => {
    const [mine, theirs] = [await app.as("00umine", "user", ""), await app.as("00utheirs", "user", "")];
    const own = await createContact(mine, { firstName: "Own" });
    const other = await createContact(theirs, { firstName: "Other" });
    const page: Page = json(await mine.get("/contacts"));
    assert.deepEqual(page.contacts, [own]);
    const html = pageIn(await mine.get("/contacts", { Accept: "text/html" }));
    assert.ok(html.includes(own.id) && !html.includes(other.id));
    const defects = app.errors.filter(({ msg }) => String(msg).startsWith("defect"));
    assert.deepEqual(
      defects.map(({ denied }) => denied),
      [[other.id], [other.id]],
    );
  });
});

/** Copies the CRM's policies to a folder, and changes a rule so that the planner and the check disagree about it. */
async function copyWithCarelessRule(folder: string): Promise<void> {
  await cp(projectPath("policies"), folder, { recursive: true });
  await rm(join(folder, "tests"), { recursive: true });
  const file = join(folder, "contact.yaml");
  const policy = await readFile(file, "utf8");
  // The planner takes `has` of any attribute for true; the check looks.
  const careless = policy.replace('R.attr.visibility == "everyone"', "has(R.attr.nickname)");
  assert.notEqual(careless, policy);
  await writeFile(file, careless);
}
