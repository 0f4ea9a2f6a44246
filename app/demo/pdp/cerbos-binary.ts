import { createRequire } from "node:module";

/**
 * Where the PDP for this machine is: an absolute path into the npm package that carries it.
 *
 * The executable itself, not the script that `cerbos` puts in front of it, so that signals and exits are the PDP's own.
 *
 * @param platform - operating system and architecture as Node names them, joined by a hyphen; default: this machine's
 * @throws Error when no installed package has a PDP for the platform (Windows, or an install without development packages)
 */
export function cerbosBinary(platform = `${process.platform}-${process.arch}`): string {
  try {
    // From where `cerbos` is: package managers that do not hoist keep its own dependencies out of our sight.
    const cerbos = createRequire(import.meta.url).resolve("cerbos");
    return createRequire(cerbos).resolve(`@cerbos/cerbos-${platform}`);
  } catch (cause) {
    throw new Error(
      `No Cerbos PDP is installed for ${platform}: run one yourself (https://docs.cerbos.dev/cerbos/latest/installation/container) and set CERBOS_HOSTNAME to its host:port.`,
      { cause },
    );
  }
}
