import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";
import { Browsing, type Person } from "./browsing.js";
import { type Scene, setScene, sights } from "./sights.js";

/** A rule of axe-core's, and what breaks it. */
interface Finding {
  readonly id: string;
  readonly help: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
}

/** What axe-core tells of a page, as far as it is read here. */
interface AxeResults {
  readonly violations: readonly Finding[];
  /** What it could not decide: the contrast of words on a picture, say. None of our pages should leave it in doubt. */
  readonly incomplete: readonly Finding[];
}

const widths = [1280, 390] as const;
const schemes = ["light", "dark"] as const;

describe("every page: axe-core finds nothing, nothing scrolls sideways, the console stays empty", function () {
  this.timeout(120_000);
  let browsing: Browsing;
  let scene: Scene;
  let axe: string;

  before(async function () {
    browsing = await Browsing.start(this);
    scene = await setScene(browsing);
    axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
  });
  afterEach(() => browsing.endOfTest());
  after(() => browsing?.endOfSuite());

  function pageFor(person: Person | undefined): Promise<Page> {
    return person ? browsing.as(person) : browsing.stranger();
  }

  for (const { name, as, status, open } of sights) {
    it(name, async () => {
      const page = await pageFor(as);
      assert.equal(await open(page, scene), status);
      assert.deepEqual(browsing.complaints(), []);

      for (const width of [320, ...widths]) {
        await page.setViewportSize({ width, height: 800 });
        assert.deepEqual(await tooWide(page), [], `at ${width} px`);
      }
      // Evaluated through the debugger, which the content security policy does not bind.
      await page.evaluate(axe);
      for (const colorScheme of schemes) {
        await page.emulateMedia({ colorScheme });
        for (const width of widths) {
          await page.setViewportSize({ width, height: 800 });
          assert.deepEqual(await violations(page), [], `${colorScheme}, ${width} px`);
        }
      }
    });
  }
});

/** What axe-core has against the page as it is. Left out by default, target-size is part of WCAG 2.2 AA. */
async function violations(page: Page): Promise<string[]> {
  const results = await page.evaluate<AxeResults>(
    `axe.run({ resultTypes: ["violations", "incomplete"], rules: { "target-size": { enabled: true } } })`,
  );
  return [...results.violations, ...results.incomplete].flatMap(({ id, help, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id} (${help}): ${html}\n${failureSummary ?? ""}`),
  );
}

/** What makes the page scroll sideways. */
function tooWide(page: Page): Promise<string[]> {
  return page.evaluate<string[]>(`(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth <= clientWidth) return [];
    const wide = [...document.querySelectorAll("body *")].filter((one) => one.getBoundingClientRect().right > clientWidth);
    return [scrollWidth + " px wide", ...wide.map((one) => one.outerHTML.slice(0, 120))];
  })()`);
}
