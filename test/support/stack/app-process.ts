import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { dirname } from "node:path";
import { freePort } from "../network/free-port.js";
import { until } from "../until.js";
import { programArguments } from "./compiled.js";
import { cleanEnvironment } from "./stack.js";

const START_TIMEOUT_MS = 90_000;

/** How a process ended: its exit code, or the signal that ended it. */
type End = number | NodeJS.Signals;

/** The app as the leader of a process group, as a terminal starts it, so that a test can press Ctrl-C. */
export class AppProcess {
  readonly url: string;
  /** Resolves when the process has ended, and all that it printed has been read. */
  readonly ended: Promise<End>;
  readonly #child: ChildProcess;
  #output = "";

  private constructor(child: ChildProcess, url: string) {
    this.#child = child;
    this.url = url;
    for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk) => (this.#output += chunk));
    this.ended = once(child, "close").then(([code, signal]) => code ?? signal);
  }

  /** Starts it, without waiting for anything. */
  static async spawn(env: NodeJS.ProcessEnv, program = programArguments("app/main.ts")): Promise<AppProcess> {
    const PORT = env.PORT ?? String(await freePort());
    const child = spawn(process.execPath, program, {
      env: { ...cleanEnvironment(), RATE_LIMIT_ANONYMOUS: "1000000", RATE_LIMIT_REQUESTS: "100000000", ...env, PORT },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    return new AppProcess(child, `http://localhost:${PORT}`);
  }

  /** Starts it, and waits until it is ready. */
  static async start(env: NodeJS.ProcessEnv, program = programArguments("app/main.ts")): Promise<AppProcess> {
    const app = await AppProcess.spawn(env, program);
    await app.untilPrinted("CRM ready at");
    return app;
  }

  /** Everything that it has printed so far, standard error included. */
  get output(): string {
    return this.#output;
  }

  /** Its log so far: a record for each line that is JSON. */
  get log(): Record<string, unknown>[] {
    const lines = this.#output.split("\n").filter((line) => line.startsWith("{") && line.endsWith("}"));
    return lines.map((line) => JSON.parse(line));
  }

  get pid(): number {
    assert(this.#child.pid);
    return this.#child.pid;
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  async untilPrinted(text: string): Promise<void> {
    const seen = () => this.#output.includes(text) || !this.isRunning;
    await until(seen, START_TIMEOUT_MS, () => `"${text}" in:\n${this.#output}`);
    assert(this.#output.includes(text), `it ended early:\n${this.#output}`);
  }

  /** A signal for the app alone, as a service manager sends it. */
  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Ctrl-C: for every process of the group. */
  interrupt(): void {
    process.kill(-this.pid, "SIGINT");
  }

  /** Ends it by force if it still runs; for tests to clean up. */
  async end(): Promise<void> {
    if (this.isRunning) this.kill("SIGKILL");
    await this.ended;
  }

  /** Waits until none of the processes that belong to it is left. */
  async assertNothingLeft(): Promise<void> {
    await until(
      () => this.#left().length === 0,
      30_000,
      () => `all processes gone: ${this.#left().join("\n")}`,
    );
  }

  /** Process ids of the demo's PDPs, in the order of their starts. */
  get pdps(): number[] {
    return this.log.flatMap(({ msg, child }) => (msg === "Cerbos PDP started" && Number(child)) || []);
  }

  #left(): string[] {
    const targets = this.log.flatMap(({ target }) => (typeof target === "string" ? target : []));
    const folders = targets.map((target) => dirname(target.replace(/^unix:/, "")));
    return processes()
      .filter(({ group, command }) => group === this.pid || folders.some((folder) => command.includes(folder)))
      .map(({ command }) => command);
  }
}

interface ListedProcess {
  readonly pid: number;
  readonly group: number;
  readonly command: string;
}

/** Every process but those that have ended and were not waited for yet (zombies). */
export function processes(): ListedProcess[] {
  const lines = execFileSync("ps", ["-A", "-o", "pid=,pgid=,stat=,args="], { encoding: "utf8" }).split("\n");
  return lines.flatMap((line) => {
    const [, pid, group, state, command] = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
    return command && !state?.startsWith("Z") ? { pid: Number(pid), group: Number(group), command } : [];
  });
}
