import { createRequire } from "node:module";

/**
 * Finds the PDP for this machine: an absolute path into the npm package that contains it.
 *
 * It is the executable itself, not the script that the package `cerbos` puts in front of it, so that signals reach the
 * PDP and its exit code is seen.
 *
 * @param platform - operating system and architecture as Node names them, joined by a hyphen; default: this machine's
 * @throws Error when no installed package has a PDP for the platform (Windows, or an install without development
 *   packages)
 */
export function cerbosBinary(platform = `${process.platform}-${process.arch}`): string {
  try {
    // Resolved from `cerbos`: package managers that do not hoist make its dependencies visible to itself alone.
    const cerbos = createRequire(import.meta.url).resolve("cerbos");
    return createRequire(cerbos).resolve(`@cerbos/cerbos-${platform}`);
  } catch (cause) {
    throw new Error(
      `No Cerbos PDP is installed for ${platform}: run one yourself (https://docs.cerbos.dev/cerbos/latest/installation/container) and set CERBOS_HOSTNAME to its host:port.`,
      { cause },
    );
  }
}
