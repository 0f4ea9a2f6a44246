import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import type { Page } from "playwright-core";
import { projectPath } from "../paths.js";

/** Larger ones would slow down cloning the repository and reading the page. */
const MAX_BYTES = 150_000;

/**
 * Takes a picture of what a page shows, in WebP, which Playwright does not offer and Chromium does: a third of the size.
 *
 * @param path - from the project's folder, with the ending `.webp`
 * @returns its size in bytes
 */
export async function takePicture(page: Page, path: string): Promise<number> {
  // Nothing is under the pointer.
  await page.mouse.move(0, 0);
  const session = await page.context().newCDPSession(page);
  const { data } = await session.send("Page.captureScreenshot", { format: "webp", quality: 82 });
  await session.detach();
  const picture = Buffer.from(data, "base64");
  assert(picture.length < MAX_BYTES, `${path} has ${picture.length} bytes`);
  await writeFile(projectPath(path), picture);
  return picture.length;
}
