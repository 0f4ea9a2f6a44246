import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";

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

/**
 * How pages are looked at. Half of the time only at what both the colours and the layout decide: everything else is the
 * same in the other half.
 */
const looks = [
  { colorScheme: "light", width: 1280, rules: "all" },
  { colorScheme: "light", width: 390, rules: "contrast" },
  { colorScheme: "dark", width: 390, rules: "all" },
  { colorScheme: "dark", width: 1280, rules: "contrast" },
] as const;

let axe: Promise<string> | undefined;

/**
 * Makes sure that axe-core finds nothing on a page, as wide as on a desktop and as on a phone, light and dark, and that
 * nothing scrolls sideways.
 */
export async function assertAccessible(page: Page): Promise<void> {
  for (const width of [320, 390, 1280]) {
    await page.setViewportSize({ width, height: 800 });
    assert.deepEqual(await tooWide(page), [], `at ${width} px`);
  }
  axe ??= readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
  // Evaluated through the debugger, which the content security policy does not bind.
  await page.evaluate(await axe);
  for (const { colorScheme, width, rules } of looks) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: 800 });
    assert.deepEqual(await violations(page, rules), [], `${colorScheme}, ${width} px`);
  }
}

/** Findings are told by their HTML; to make selectors for them takes long. */
const options = {
  all: {
    resultTypes: ["violations", "incomplete"],
    selectors: false,
    // Part of WCAG 2.2 AA, and left out by default.
    rules: { "target-size": { enabled: true } },
  },
  contrast: { resultTypes: ["violations", "incomplete"], selectors: false, runOnly: ["color-contrast"] },
} as const;

/** What axe-core has against the page as it is. */
async function violations(page: Page, rules: keyof typeof options): Promise<string[]> {
  const results = await page.evaluate<AxeResults>(`axe.run(${JSON.stringify(options[rules])})`);
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
