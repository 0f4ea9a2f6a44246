/**
 * Makes the middleware's package for npm, and its tarball, in `dist/package`:
 *
 *     npm run package
 *
 * The code is CommonJS, which Node 20 and CommonJS test runners load as it is. ES modules import the same code through a file
 * for each entry point, so that an app which uses both has one instance of everything.
 */
import { execFileSync } from "node:child_process";
import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const source = join(root, "middleware");
const target = join(root, "dist/package");
/** Where the sources are CommonJS to the compiler. */
const staging = join(root, "dist/package-source");

interface Manifest {
  readonly exports: Readonly<Record<string, string>>;
  readonly bin: Readonly<Record<string, string>>;
}

await rm(target, { recursive: true, force: true });
await rm(staging, { recursive: true, force: true });
await cp(source, staging, { recursive: true, filter: (path) => !path.endsWith("package.json") });
await writeFile(join(staging, "package.json"), JSON.stringify({ type: "commonjs" }));
await compile("commonjs", { rootDir: staging, outDir: join(target, "cjs"), verbatimModuleSyntax: false }, staging);
await compile("esm", { rootDir: source, outDir: join(target, "esm"), emitDeclarationOnly: true }, source);
await rm(staging, { recursive: true });
await writeFile(join(target, "cjs/package.json"), `${JSON.stringify({ type: "commonjs" })}\n`);

const manifest: Manifest = JSON.parse(await readFile(join(source, "package.json"), "utf8"));
const faces = Object.entries(manifest.exports).filter(([name]) => name !== "./package.json");
const bin = Object.fromEntries(
  Object.entries(manifest.bin).map(([name, path]) => [name, `./${posix.join("cjs", path)}`]),
);
for (const [, path] of faces) await writeEsmFace(path);
const exports = Object.fromEntries(faces.map(([name, path]) => [name, conditions(path)]));
await writeFile(
  join(target, "package.json"),
  `${JSON.stringify({ ...manifest, bin, main: "./cjs/index.js", types: "./cjs/index.d.ts", exports: { ...exports, "./package.json": "./package.json" } }, null, 2)}\n`,
);
for (const name of await readdir(source)) {
  if (name === "LICENSE" || name === "docs" || name.endsWith(".md")) {
    await cp(join(source, name), join(target, name), { recursive: true });
  }
}
console.log(execFileSync("npm", ["pack", "--silent"], { cwd: target, encoding: "utf8" }).trim());

async function compile(name: string, options: object, folder: string): Promise<void> {
  const config = join(root, `dist/tsconfig.${name}.json`);
  await mkdir(dirname(config), { recursive: true });
  const compilerOptions = { noEmit: false, declaration: true, types: ["node"], ...options };
  await writeFile(
    config,
    JSON.stringify({ extends: "../tsconfig.json", compilerOptions, include: [`${folder}/**/*.ts`] }),
  );
  execFileSync(join(root, "node_modules/.bin/tsc"), ["-p", config], { stdio: "inherit" });
  await rm(config);
}

/** Writes the ES module of an entry point. @param path - of the face, relative to the package, such as `./sql/index.js` */
async function writeEsmFace(path: string): Promise<void> {
  const file = join(target, "esm", path);
  const names = Object.keys(createRequire(file)(join(target, "cjs", path)));
  const code = `${posix.relative(posix.dirname(posix.join("esm", path)), posix.join("cjs", path))}`;
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `import face from "${code}";\n\nexport const { ${names.toSorted().join(", ")} } = face;\n`);
}

/** @param path - of a face, relative to the package */
function conditions(path: string) {
  const at = (folder: string) => `./${posix.join(folder, path)}`;
  const both = (folder: string) => ({ types: at(folder).replace(/\.js$/, ".d.ts"), default: at(folder) });
  return { import: both("esm"), require: both("cjs") };
}
