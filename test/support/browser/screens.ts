import { mkdir } from "node:fs/promises";
import type { Browser, Page } from "playwright-core";
import { projectPath } from "../paths.js";
import { chooseAtSignIn, follow, type Person, visit } from "./browsing.js";
import { takePicture } from "./picture.js";

const folder = "docs/screens";

const sizes = [
  { width: 1280, height: 800 },
  { width: 1024, height: 768 },
  { width: 390, height: 844 },
];

/** The pages that docs/screens.md shows: who sees them, and the way there. */
const screens: readonly {
  readonly name: string;
  readonly as?: Person;
  readonly open: (page: Page) => Promise<unknown>;
}[] = [
  { name: "start", open: (page) => visit(page, "/") },
  { name: "home", as: "uma", open: (page) => visit(page, "/") },
  { name: "list", as: "uma", open: (page) => visit(page, "/contacts") },
  { name: "contact", as: "uma", open: (page) => openContact(page) },
  {
    name: "share",
    as: "uma",
    async open(page) {
      await openContact(page);
      await follow(page, "Share");
    },
  },
  { name: "people", as: "alice", open: (page) => visit(page, "/directory") },
  {
    name: "person",
    as: "alice",
    async open(page) {
      await visit(page, "/directory?q=uma");
      await follow(page, "Uma Underhill");
    },
  },
  { name: "audit", as: "audrey", open: (page) => visit(page, "/audit") },
];

/** A contact of Uma's that she has shared, as the seed and the script of the other screenshots have it. */
async function openContact(page: Page): Promise<void> {
  await visit(page, "/contacts?q=Dlamini");
  await follow(page, "Nomvula Dlamini");
}

/** Takes the pictures of docs/screens.md: each page in three widths, light and dark. */
export async function takeScreens(browser: Browser, url: string): Promise<void> {
  await mkdir(projectPath(folder), { recursive: true });
  for (const { name, as, open } of screens) {
    const context = await browser.newContext({ baseURL: url, locale: "en-GB", reducedMotion: "reduce" });
    const page = await context.newPage();
    if (as) {
      await visit(page, "/login");
      await chooseAtSignIn(page, as);
    }
    await open(page);
    let bytes = 0;
    for (const size of sizes) {
      for (const colorScheme of ["light", "dark"] as const) {
        await page.setViewportSize(size);
        await page.emulateMedia({ colorScheme });
        bytes += await takePicture(page, `${folder}/${name}-${size.width}-${colorScheme}.webp`);
      }
    }
    console.log(`${folder}/${name}: ${Math.round(bytes / 1000)} kB`);
    await context.close();
  }
}
