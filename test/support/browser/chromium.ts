import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { type Browser, chromium } from "playwright-core";

/** What Chromium and its kin are called, in the order of preference. */
const names = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];

/** The same without the browser's own windows, tabs and toolbars: a page takes a third of the processor time. */
const shells = ["chromium-headless-shell", "chrome-headless-shell"];

/** Where macOS installs it, which is on no PATH. */
const elsewhere = ["/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"];

/**
 * The browser of this machine: the one that `CHROMIUM` names or, where it is not set, the first on the PATH.
 *
 * @param isWhole - whether it must have tabs that can be hidden, and keep pages for its back button. Default `true`
 * @throws Error when `CHROMIUM` names something that cannot be run
 */
export function findChromium(isWhole = true): string | undefined {
  const { CHROMIUM: chosen, PATH = "" } = process.env;
  if (chosen) {
    if (!isExecutable(chosen)) throw new Error(`CHROMIUM names ${chosen}, which cannot be run`);
    return chosen;
  }
  const folders = PATH.split(delimiter).filter(Boolean);
  return [
    ...(isWhole ? names : [...shells, ...names]).flatMap((name) => folders.map((folder) => join(folder, name))),
    ...elsewhere,
  ].find(isExecutable);
}

/** Starts a browser that makes no requests besides those of the pages that it visits. */
export function launchChromium(executablePath: string): Promise<Browser> {
  return chromium.launch({
    executablePath,
    args: [
      // Containers seldom allow what its sandbox needs, and it opens nothing here but the app's own pages.
      "--no-sandbox",
      "--disable-gpu",
      "--disable-dev-shm-usage",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--no-first-run",
    ],
    // People's browsers keep whole pages for the back button; so must this one, or tests of logging out prove little.
    ignoreDefaultArgs: ["--disable-back-forward-cache"],
  });
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
