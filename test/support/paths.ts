import { fileURLToPath } from "node:url";

/**
 * The absolute path of a file or folder of this project.
 *
 * @param path - relative to the project's root, such as `pdp/pdp.yaml`
 */
export function projectPath(path: string): string {
  return fileURLToPath(new URL(`../../${path}`, import.meta.url));
}
