import { resolve } from "node:path";

/** Tests and benchmarks run there: from their sources, or compiled into another folder. */
const root = process.cwd();

/**
 * The absolute path of a file or folder of this project.
 *
 * @param path - relative to the project's root, such as `pdp/pdp.yaml`
 */
export function projectPath(path: string): string {
  return resolve(root, path);
}
