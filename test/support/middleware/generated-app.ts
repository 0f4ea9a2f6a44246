import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { projectPath } from "../paths.js";
import { until } from "../until.js";
import { blocks } from "./documentation.js";
import { startShell } from "./examples.js";
import { run, succeed } from "./scratch-app.js";

/*
 * The app of the page about express-generator, made by what the page says.
 */

/** The app's folder, in the one where the page's commands are run. */
export const GENERATED_APP = "app";

const MAX_COMMANDS = 4;
const MAX_LINES = 12;
/** As wide as this project's own lines, so that fewer lines are not just longer ones. */
const MAX_WIDTH = 120;
const START_LIMIT_MS = 60_000;

/** What the page shows: commands that make an empty app, what is added to it, and the commands that lead to its answers. */
async function page() {
  const files = [projectPath("middleware/docs/express-generator.md")];
  const [make = "", use = ""] = await blocks("sh", files);
  const [policy = ""] = await blocks("yaml", files);
  const [patch = ""] = await blocks("diff", files);
  const [answer = ""] = await blocks("json", files);
  return { make: make.trim().split("\n"), commands: use.trim().split("\n"), policy, patch, answer };
}

/**
 * Generates the app, and gives it the page's lines and what the page's `npm install` adds. Installs nothing.
 *
 * @param folder - where the app's folder is made
 * @param tarball - of the package
 */
export async function makeGeneratedApp(folder: string, tarball: string): Promise<void> {
  const { make, commands, policy, patch } = await page();
  const [generate = "", ...others] = make;
  assert.deepEqual(others, [`cd ${GENERATED_APP} && npm install`]);
  // Where a terminal would be asked whether to fetch it.
  await succeed(`npm_config_yes=true ${generate}`, folder);
  const app = join(folder, GENERATED_APP);
  const manifest = JSON.parse(await readFile(join(app, "package.json"), "utf8"));
  // Cerbos is large, and the project has this one.
  assert.match(commands[0] ?? "", /^npm install path\/to\/gatehouse-authz-express-[\d.]+\.tgz cerbos@0\.51$/);
  manifest.dependencies["@gatehouse-authz/express"] = `file:${tarball}`;
  await writeFile(join(app, "package.json"), JSON.stringify(manifest));
  const [, policyFile = ""] = /^# (.+)\n/.exec(policy) ?? [];
  await mkdir(join(app, policyFile, ".."));
  await writeFile(join(app, policyFile), policy);
  await writeFile(join(app, "page.patch"), patch);
  await succeed("git apply page.patch", app);
}

/** Asserts how few commands and lines the page has, runs the commands after the installation, and asserts the answers. */
export async function assertFirstAnswers(app: string): Promise<void> {
  const { commands, policy, patch, answer } = await page();
  const typed = [
    ...policy.split("\n").filter((line) => line.trim() && !line.startsWith("# ")),
    ...patch.split("\n").filter((line) => /^\+(?!\+\+ )/.test(line)),
  ];
  assert(commands.length <= MAX_COMMANDS, commands.join("\n"));
  assert(typed.length <= MAX_LINES, typed.join("\n"));
  for (const line of typed) assert(line.replace(/^\+/, "").length <= MAX_WIDTH, line);

  const [, pdp, start, ask = ""] = commands;
  // Other tests have the PDP's usual ports.
  const addresses = "--set=server.grpcListenAddr=unix:grpc.sock --set=server.httpListenAddr=unix:http.sock";
  const main = join(app, "app.js");
  await writeFile(main, (await readFile(main, "utf8")).replace("localhost:3593", "unix:grpc.sock"));
  const { port, output, stop } = await startShell(app, `${pdp} ${addresses} & ${start}`);
  try {
    let answers = "";
    const decided = async () => {
      answers = (await run(ask.replaceAll(":3000/", `:${port}/`), app)).output;
      return answers.includes("HTTP/1.1") && !answers.includes("HTTP/1.1 503");
    };
    await until(decided, START_LIMIT_MS, () => `the app gets decisions:\n${answers}\n${output()}`);
    const statuses = [...answers.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(([, status]) => Number(status));
    assert.deepEqual(statuses, [200, 403], answers);
    assert(answers.includes("respond with a resource"), answers);
    const { decisionId: _, ...problem } = JSON.parse(/^\{.*\}$/m.exec(answers)?.[0] ?? "{}");
    assert.deepEqual(problem, JSON.parse(answer));
  } finally {
    await stop();
  }
}
