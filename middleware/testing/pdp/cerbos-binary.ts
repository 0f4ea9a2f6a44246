import { createRequire } from "node:module";
import { join } from "node:path";

/**
 * Finds the PDP for this machine: an absolute path into the npm package that contains it.
 *
 * It is the executable itself, not the script that the package `cerbos` puts in front of it, so that signals reach the
 * PDP and its exit code is seen.
 *
 * @param from - path or URL of a file of the app that has installed `cerbos`; default: one in the working directory
 * @param platform - operating system and architecture as Node names them, joined by a hyphen; default: this machine's
 * @throws Error when `cerbos` is not installed, or has no PDP for the platform
 */
export function cerbosBinary(
  from: string | URL = join(process.cwd(), "package.json"),
  platform = `${process.platform}-${process.arch}`,
): string {
  try {
    // Resolved from `cerbos`: package managers that do not hoist make its dependencies visible to itself alone.
    const cerbos = createRequire(from).resolve("cerbos");
    return createRequire(cerbos).resolve(`@cerbos/cerbos-${platform}`);
  } catch (cause) {
    throw new Error(
      `No Cerbos PDP is installed for ${platform}: run npm install --save-dev cerbos, or name the executable of another one, as binary.`,
      { cause },
    );
  }
}
