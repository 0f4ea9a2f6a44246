import { execFileSync } from "node:child_process";
import { cp, mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { projectPath } from "../paths.js";

/**
 * Makes the middleware's package of a copy of the project, since other tests build in its own `dist`.
 *
 * @param folder - where the copy goes, which is not there yet
 * @returns the path of the tarball
 */
export async function makeTarball(folder: string): Promise<string> {
  for (const path of ["middleware", "scripts", "package.json", "tsconfig.json"]) {
    await cp(projectPath(path), join(folder, path), { recursive: true });
  }
  await symlink(projectPath("node_modules"), join(folder, "node_modules"));
  const output = execFileSync("npm", ["run", "-s", "package"], { cwd: folder, encoding: "utf8" });
  return join(folder, "dist/package", output.trim());
}

/**
 * Makes an app into which the tarball is unpacked, as npm would, beside its dependencies.
 *
 * @param folder - an empty one, in which the app's folder is made
 */
export async function unpackTarball(folder: string) {
  const tarball = await makeTarball(join(folder, "project"));
  const path = join(folder, "app");
  const unpacked = join(path, "node_modules/@gatehouse-authz/express");
  await mkdir(unpacked, { recursive: true });
  execFileSync("tar", ["-xzf", tarball, "--strip-components=1", "-C", unpacked]);
  // Where the package's own imports are looked for.
  await symlink(projectPath("node_modules"), join(folder, "node_modules"));
  return { path, tarball, package: unpacked };
}
