import assert from "node:assert/strict";
import { cp, mkdir, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  blocks,
  blockThatBegins,
  documentedInstalls,
  pages,
  writeSamples,
} from "../support/middleware/documentation.js";
import {
  assertGuarded,
  install,
  type RunningApp,
  run,
  scratchFolder,
  succeed,
} from "../support/middleware/scratch-app.js";
import { projectPath } from "../support/paths.js";

/*
 * Does what the README and the pages of middleware/ tell an engineer to do, with the commands and the code that stand
 * there, in apps that know nothing of this repository.
 */

/** The app's own compiler. */
const TSC = "node_modules/.bin/tsc";
/** The same from version 7 on, whose threads would do some of the work twice. */
const TSC_7 = `${TSC} --singleThreaded`;

/** The database of an app with notes: PGlite, which stands in for a Pool of pg. */
const notesDb = `import { PGlite } from "@electric-sql/pglite";

export const db = await PGlite.create();
await db.exec(\`
  create table notes (id integer primary key, title text not null, owner_id text not null, published boolean not null);
  create table note_readers (note_id integer not null references notes, user_id text not null);
  insert into notes values
    (1, 'a of uma', 'uma', false), (2, 'a of omar, published', 'omar', true), (3, 'b of omar', 'omar', false),
    (4, 'b of omar, for uma and ann', 'omar', false), (5, 'c of odd', $quote$o'dd") --$quote$, false);
  insert into note_readers values (4, 'uma'), (4, 'ann');
\`);
`;

const notesDbTypes = `export declare const db: { query(text: string, values: unknown[]): Promise<{ rows: unknown[] }> };
`;

/** What the sample of the project's README leaves to the reader. */
const yourTypes = `import type { Request, RequestHandler } from "express";
import type { Principal, Resource } from "./middleware/index.js";
export declare const contactById: (req: Request) => Promise<Resource | undefined>;
export declare const showContact: RequestHandler;
export declare const whoIsLoggedIn: (req: Request) => Principal | null;
`;

/** What an app in TypeScript uses of each entry point, where its own modules are CommonJS. */
const commonJsMain = `import { authorize } from "./middleware/index.js";
import { ndjsonSink } from "./middleware/sinks/index.js";
import { toSql } from "./middleware/sql/index.js";
import { fakePdp } from "./middleware/testing/index.js";
for (const each of [authorize, ndjsonSink, toSql, fakePdp]) if (typeof each !== "function") process.exitCode = 1;
`;

/** The README's app with the notes of the page about lists. */
const notesServer = `import { app } from "./app.js";
import { authorizationErrors } from "./middleware/index.js";
import { notes } from "./notes.js";

app.use(notes, authorizationErrors());
app.listen(Number(process.env.PORT));
`;

/** Writes the app of the samples, and the compiler's settings: the strictest ones, so that no app has stricter ones. */
async function writeTypeScriptApp(folder: string): Promise<void> {
  const compilerOptions = {
    module: "nodenext",
    target: "es2022",
    rootDir: "src",
    outDir: "dist",
    noEmitOnError: true,
    types: ["node"],
    strict: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    noImplicitOverride: true,
    noImplicitReturns: true,
    noUnusedLocals: true,
    noUnusedParameters: true,
    isolatedModules: true,
    verbatimModuleSyntax: true,
    erasableSyntaxOnly: true,
  };
  const src = join(folder, "src");
  await mkdir(src);
  await writeFile(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["src"] }));
  await writeSamples(".ts", src, "app.ts", "opa.ts", "notes.ts", "recorded.ts");
  for (const name of ["server", "routes.test"]) {
    await writeFile(join(src, `${name}.ts`), await blockThatBegins(`// ${name}.js`));
  }
  await writeFile(join(src, "notes-server.ts"), notesServer);
  await writeFile(join(src, "yours.d.ts"), yourTypes);
  // The types of PGlite do not bear the strictest settings.
  await writeFile(join(src, "db.d.ts"), notesDbTypes);
}

/** Each person's list is what the policy says, within what was searched for. */
async function assertListed(app: RunningApp): Promise<void> {
  const titles = async (query: string, user: string) => {
    const response = await app.fetch("GET", `/notes${query}`, user);
    assert.equal(response.status, 200, await response.clone().text());
    return ((await response.json()) as { title: string }[]).map(({ title }) => title);
  };
  assert.deepEqual(await titles("", "uma"), ["a of omar, published", "a of uma", "b of omar, for uma and ann"]);
  assert.deepEqual(await titles("?begins=b", "uma"), ["b of omar, for uma and ann"]);
  assert.deepEqual(await titles("?begins=b", "omar"), ["b of omar", "b of omar, for uma and ann"]);
  assert.deepEqual(await titles("", "nina"), ["a of omar, published"]);
  assert.deepEqual(await titles("?begins=b", "nina"), []);
  assert.deepEqual(await titles("", `o'dd") --`), ["a of omar, published", "c of odd"]);
  assert.equal(await app.status("GET", "/notes"), 401);
}

describe("the middleware in an app of somebody else's", function () {
  this.timeout(900_000);
  let folder: string;

  before(() => succeed("npm run build", projectPath(".")));

  beforeEach(async () => {
    folder = await scratchFolder();
  });

  afterEach(() => rm(folder, { recursive: true, force: true }));

  it("with Express 5, in TypeScript", async function () {
    await writeTypeScriptApp(folder);
    await install(this, await documentedInstalls(5), folder);
    const src = join(folder, "src");
    await cp(projectPath("middleware"), join(src, "middleware"), { recursive: true });
    await mkdir(join(folder, "dist"));
    await writeFile(join(folder, "dist", "db.js"), notesDb);
    // Not what the README asks for, so it is not installed.
    await mkdir(join(folder, "node_modules", "@electric-sql"), { recursive: true });
    await symlink(
      projectPath("node_modules/@electric-sql/pglite"),
      join(folder, "node_modules", "@electric-sql", "pglite"),
    );

    await succeed(TSC_7, folder);
    await succeed(`"${process.execPath}" --test dist/routes.test.js`, folder);
    await assertGuarded("dist/server.js", folder);
    await assertGuarded("dist/notes-server.js", folder, assertListed);

    await writeFile(join(src, "wrong.ts"), misuse);
    await assertTypesAreSeen(folder, TSC_7);

    // In an app that is compiled to CommonJS, as the FAQ says.
    await rm(src, { recursive: true });
    await rm(join(folder, "dist"), { recursive: true });
    await writeFile(join(folder, "package.json"), JSON.stringify({ private: true, type: "commonjs" }));
    await cp(projectPath("middleware"), join(src, "middleware"), { recursive: true });
    assert((await pages()).includes("delete the `package.json` in the copied folder"));
    await rm(join(src, "middleware", "package.json"));
    await writeFile(join(src, "main.ts"), commonJsMain);
    await succeed(`${TSC_7} --verbatimModuleSyntax false`, folder);
    assert.match(
      await readFile(join(folder, "dist", "main.js"), "utf8"),
      /require\("\.\/middleware\/sql\/index\.js"\)/,
    );
    await succeed(`"${process.execPath}" dist/main.js`, folder);
  });

  it("with Express 5, in TypeScript, as a package", async function () {
    const { name } = JSON.parse(await readFile(projectPath("middleware/package.json"), "utf8"));
    await succeed(`npm pack --pack-destination "${folder}" ./dist/middleware`, projectPath("."));
    const archive = (await readdir(folder)).find((file) => file.endsWith(".tgz"));
    await writeTypeScriptApp(folder);
    const [, types] = await documentedInstalls(5);
    await install(this, [`npm install express@5 ./${archive}`, types], folder);
    const src = join(folder, "src");
    await writeFile(join(src, "wrong.ts"), misuse);
    for (const file of await readdir(src)) {
      const code = await readFile(join(src, file), "utf8");
      const imports = /"\.\/middleware\/(?:(\w+)\/)?index\.js"/g;
      await writeFile(
        join(src, file),
        code.replace(imports, (_path, room) => `"${room ? `${name}/${room}` : name}"`),
      );
    }

    await assertTypesAreSeen(folder, TSC_7);
    await assertTypesAreSeen(folder, `${TSC_7} --module esnext --moduleResolution bundler`);
    await rm(join(src, "wrong.ts"));
    await succeed(TSC_7, folder);
    await succeed(`"${process.execPath}" --test dist/routes.test.js`, folder);
    await assertGuarded("dist/server.js", folder);
  });

  it("with Express 4, in plain JavaScript", async function () {
    await writeFile(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
    await install(this, await documentedInstalls(4), folder);
    const copying = (await blocks()).find((block) => block.includes("npm run build"))?.split("\n") ?? [];
    assert.deepEqual(copying, ["npm ci", "npm run build", "cp -R dist/middleware ../your-app/middleware", ""]);
    await succeed(`cp -R dist/middleware "${folder}/middleware"`, projectPath("."));
    const compilerOptions = {
      module: "nodenext",
      target: "es2022",
      types: ["node"],
      allowJs: true,
      checkJs: true,
      noEmit: true,
      strict: true,
    };
    const exclude = ["node_modules", "middleware"];
    assert((await pages()).includes(`"exclude": ["node_modules", "middleware"]`));
    await writeFile(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, exclude }));
    await writeSamples(".js", folder, "app.js", "server.js", "routes.test.js");

    await succeed(`${TSC} --noEmit`, folder);
    await succeed(`"${process.execPath}" --test routes.test.js approvals.test.js`, folder);
    await assertGuarded("server.js", folder);

    await writeFile(join(folder, "wrong.js"), misuse);
    await assertTypesAreSeen(folder, TSC);

    // As a CommonJS app has it.
    const old = join(folder, "old");
    await mkdir(old);
    await cp(join(folder, "middleware"), join(old, "middleware"), { recursive: true });
    await writeFile(join(old, "package.json"), "{}");
    await writeFile(
      join(old, "main.js"),
      'process.exitCode = typeof require("./middleware/index.js").authorize === "function" ? 0 : 1;',
    );
    await succeed(`"${process.execPath}" main.js`, old);
  });
});

/** Three faults that the types must see, each in a line of its own. */
const misuse = `import { app } from "./app.js";
import { authorize } from "./middleware/index.js";
authorize("contact");
authorize("contact", "read", { resource: () => ({ name: "without an id" }) });
app.get("/", (req) => req.authz.nothing);
`;

/** Types that are not found at all would let everything pass. */
async function assertTypesAreSeen(folder: string, compiler: string): Promise<void> {
  const { code, output } = await run(`${compiler} --noEmit --pretty false`, folder);
  assert.notEqual(code, 0, output);
  const lines = [...output.matchAll(/wrong\.[jt]s\((\d+),/g)].map(([, line]) => Number(line));
  assert.deepEqual([...new Set(lines)], [3, 4, 5], output);
}
