import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { programArguments } from "../stack/compiled.js";

/**
 * Gives the suite that calls this a temporary folder for each test, and the demo's commands, which are killed after the
 * test if they still run.
 */
export function useCommands() {
  const children: ChildProcess[] = [];
  let folder = "";

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "gatehouse-"));
  });
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill("SIGKILL");
    await rm(folder, { recursive: true, force: true });
  });

  const start = (env: NodeJS.ProcessEnv, command: string, args: string[]) => {
    const child = spawn(process.execPath, [...programArguments(`app/demo/${command}.ts`), ...args], {
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    children.push(child);
    const output = { stdout: "", stderr: "" };
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output.stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      output.stderr += text;
    });
    const ended = once(child, "close").then(([code]) => ({ code: code as number | null, ...output }));
    return { child, output, ended };
  };

  return {
    /** The folder of the current test. */
    get folder(): string {
      return folder;
    },
    /** Starts a command of `app/demo`. `ended` resolves with its exit code and all that it printed. */
    run: (command: string, ...args: string[]) => start({}, command, args),
    /** Does the same, with settings besides those of this process. */
    runWith: (env: NodeJS.ProcessEnv, command: string, ...args: string[]) => start(env, command, args),
  };
}
