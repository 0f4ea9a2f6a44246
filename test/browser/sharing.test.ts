import assert from "node:assert/strict";
import {
  emailOf,
  follow,
  headingOf,
  loading,
  press,
  useBrowsing,
  visit,
  wordsOf,
} from "../support/browser/browsing.js";
import { definition, fill, namesIn, noticeOn, search } from "../support/browser/main-path.js";
import { createContact, uniqueWord } from "../support/contacts/contacts.js";

const actions = ["Edit", "Share", "Transfer", "Delete"] as const;

describe("sharing, in a browser", function () {
  this.timeout(300_000);
  const browsing = useBrowsing();

  it("uma sees what the policy lets her see, shares one with omar, who edits it, and transfers it", async () => {
    const [uma, omar] = await Promise.all([browsing.as("uma"), browsing.as("omar")]);
    const word = uniqueWord();
    const fields = { firstName: "Shared", title: word, company: browsing.word };
    const { id } = await createContact(await browsing.client("uma"), {
      ...fields,
      lastName: "One",
      visibility: "private",
    });
    await createContact(await browsing.client("omar"), { ...fields, lastName: "Hidden", visibility: "private" });
    await createContact(await browsing.client("alice"), { ...fields, lastName: "Of the team", visibility: "team" });
    const path = `/contacts/${id}`;

    await visit(uma, "/contacts");
    await search(uma, word);
    assert.deepEqual(await namesIn(uma), ["Shared Of the team", "Shared One"]);
    await visit(omar, "/contacts");
    await search(omar, word);
    assert.deepEqual(await namesIn(omar), ["Shared Hidden"]);
    assert.equal(await visit(omar, path), 403);

    // To view.
    assert.equal(await follow(uma, "Shared One"), 200);
    assert.equal(await follow(uma, "Share"), 200);
    assert.equal(await headingOf(uma), "Share Shared One");
    await fill(uma, { "Colleague's name or e-mail": emailOf("omar") });
    assert.equal(await press(uma, "Share"), 200);
    assert.equal(await noticeOn(uma), "Shared with Omar Ostrow, who may view it.");
    assert.equal(await visit(omar, `/contacts?q=${word}`), 200);
    assert.deepEqual(await namesIn(omar), ["Shared Hidden", "Shared One"]);
    assert.equal(await follow(omar, "Shared One"), 200);
    assert.match(await wordsOf(omar.getByRole("main")), /You see this because it is shared with you\./);
    for (const action of actions) assert.equal(await omar.getByRole("link", { name: action }).count(), 0, action);

    // To edit.
    await fill(uma, { "Colleague's name or e-mail": emailOf("omar") });
    await uma.getByRole("radio", { name: "View and edit it" }).check();
    assert.equal(await press(uma, "Share"), 200);
    assert.equal(await noticeOn(uma), "Shared with Omar Ostrow, who may view and edit it.");
    assert.equal(await loading(omar, () => omar.reload()), 200);
    assert.equal(await follow(omar, "Edit"), 200);
    assert.equal(await omar.getByRole("radio").count(), 0, "an editor does not decide who sees it");
    await fill(omar, { Title: `${word} by Omar` });
    assert.equal(await press(omar, "Save changes"), 200);

    // Changed meanwhile: nothing is lost.
    assert.equal(await press(uma, "Remove Omar Ostrow"), 412);
    assert.match(await wordsOf(uma.getByRole("alert")), /This contact was changed meanwhile/);
    await uma.getByRole("radio", { name: "Team" }).check();
    assert.equal(await press(uma, "Save visibility"), 200);
    assert.equal(await noticeOn(uma), "Visible to the Sales team.");
    assert.equal(await follow(uma, "Back to the contact"), 200);
    assert.ok(await definition(uma, "Visible to the Sales team").isVisible());
    assert.ok(await definition(uma, `${word} by Omar`).isVisible());

    // Given away, and lost: the new owner's team is another.
    assert.equal(await follow(uma, "Transfer"), 200);
    await fill(uma, { "Colleague's name or e-mail": "nobody@example.com" });
    assert.equal(await press(uma, "Transfer contact"), 422);
    await fill(uma, { "Colleague's name or e-mail": emailOf("omar") });
    assert.equal(await press(uma, "Transfer contact"), 200);
    assert.equal(new URL(uma.url()).pathname, "/contacts");
    assert.equal(
      await noticeOn(uma),
      "Shared One now belongs to Omar Ostrow, who may view, edit, share, transfer and delete it. You do not see it any more.",
    );
    await search(uma, word);
    assert.deepEqual(await namesIn(uma), ["Shared Of the team"]);
    assert.equal(await visit(uma, path), 403);
    assert.equal(await visit(omar, path), 200);
    assert.ok(await definition(omar, "You").isVisible());
    for (const action of actions) assert.equal(await omar.getByRole("link", { name: action, exact: true }).count(), 1);
  });
});
