/**
 * Fails when a file or a folder of the code has grown past what a reader takes in at once. Part of `npm run check`, like
 * dependency-cruiser, which watches the imports.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const MAX_LINES = 300;
const MAX_FILES = 15;

const project = fileURLToPath(new URL("..", import.meta.url));
const SOURCE = /\.(ts|js|css)$/;
/** Written by drizzle-kit. */
const GENERATED = join(project, "app/db/migrations");

function tooLargeIn(folder: string): string[] {
  if (folder === GENERATED) return [];
  const entries = readdirSync(folder, { withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile() && SOURCE.test(entry.name))
    .map(({ name }) => join(folder, name));
  const lines = (file: string) => readFileSync(file, "utf8").split("\n").length - 1;
  return [
    ...(files.length > MAX_FILES
      ? [`${relative(project, folder)}: ${files.length} files, not more than ${MAX_FILES}`]
      : []),
    ...files
      .filter((file) => lines(file) > MAX_LINES)
      .map((file) => `${relative(project, file)}: ${lines(file)} lines, not more than ${MAX_LINES}`),
    ...entries.filter((entry) => entry.isDirectory()).flatMap(({ name }) => tooLargeIn(join(folder, name))),
  ];
}

const tooLarge = process.argv.slice(2).flatMap((folder) => tooLargeIn(join(project, folder)));
for (const complaint of tooLarge) console.error(complaint);
if (tooLarge.length > 0) process.exitCode = 1;
