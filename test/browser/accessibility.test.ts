import assert from "node:assert/strict";
import { assertAccessible } from "../support/browser/accessible.js";
import { useBrowsing } from "../support/browser/browsing.js";
import { createPageContacts } from "../support/browser/page-contacts.js";
import { pageStates } from "../support/browser/page-states.js";
import { useFixture } from "../support/fixture.js";

describe("every page: axe-core finds nothing, nothing scrolls sideways, the console stays empty", function () {
  this.timeout(120_000);
  const browsing = useBrowsing();
  const contacts = useFixture(() => createPageContacts(browsing));

  for (const { name, as, status, open } of pageStates) {
    it(name, async () => {
      const page = await browsing.as(as);
      assert.equal(await open(page, contacts), status);
      assert.deepEqual(browsing.complaints(), []);
      await assertAccessible(page);
    });
  }
});
