import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { freePort } from "../network/free-port.js";
import { cleanEnvironment } from "../stack/stack.js";

/** What a README says: the lines that start the app, and requests with the status that each is answered with. */
interface Instructions {
  readonly start: string;
  readonly requests: readonly { method: string; user: string | undefined; path: string; status: number }[];
}

/** @param readme - the text of a README, or of a part of it */
export function instructionsIn(readme: string): Instructions {
  const [start = "", curls = ""] = [...readme.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(([, lines]) => lines);
  const requests = [...curls.matchAll(/^curl (.*?)http:\/\/localhost:3000(\S+)\s+# (\d{3})/gm)].map(
    ([, options = "", path = "", status]) => ({
      method: /-X (\w+)/.exec(options)?.[1] ?? "GET",
      user: /"x-user: (\w+)"/.exec(options)?.[1],
      path,
      status: Number(status),
    }),
  );
  return { start, requests };
}

/** Runs a README's lines in a shell, and waits until the app says where it listens. */
export async function startExample(folder: string, start: string): Promise<{ url: string; stop(): Promise<void> }> {
  const { child, output, ended, stop } = await startShell(folder, start);
  const url = await new Promise<string>((resolve, reject) => {
    const onData = () => {
      const found = /http:\/\/localhost:\d+/.exec(output())?.[0];
      if (found) resolve(found);
    };
    child.stdout?.on("data", onData);
    child.stderr?.on("data", onData);
    ended.then(() => reject(new Error(`the example ended:\n${output()}`)));
  });
  return { url, stop };
}

/**
 * Starts lines in a shell that go on in the background.
 *
 * @returns the port that the lines have as `PORT`, what they have printed so far, and how to end all that they have started
 */
export async function startShell(folder: string, lines: string) {
  const port = await freePort();
  const env = { ...cleanEnvironment(), PORT: String(port) };
  // In a process group of its own, so that npm, the PDP and the app end together.
  const child: ChildProcess = spawn("sh", ["-c", lines], { cwd: folder, env, detached: true });
  const ended = once(child, "exit");
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk: Buffer) => (output += chunk));
  const stop = async () => {
    process.kill(-(child.pid as number), "SIGTERM");
    await ended;
  };
  return { child, port, output: () => output, ended, stop };
}
