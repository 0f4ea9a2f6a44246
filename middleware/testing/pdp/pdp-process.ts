import { spawn } from "node:child_process";
import { Socket } from "node:net";
import { createInterface } from "node:readline";

const MAX_LAST_LINES = 10;
const STOP_TIMEOUT_MS = 3_000;

export interface PdpProcessOptions {
  /** Path of the PDP's executable. */
  readonly binary: string;
  /** Directory of the policies. */
  readonly policies: string;
  /** Absolute path of the PDP's configuration file. Default: the PDP's own defaults. */
  readonly config?: string | undefined;
  /** More settings, such as `server.adminAPI.enabled=true`. */
  readonly settings?: readonly string[] | undefined;
  /** Path of the unix socket for gRPC. */
  readonly grpc: string;
  /** Path of the unix socket for HTTP, which the PDP requires. */
  readonly http: string;
  /** Called with each warning and error that the PDP logs. */
  readonly onWarning: (entry: PdpLogEntry) => void;
}

/** A line that the PDP logged: `message`, and the details that belong to it (`error`, `file`, ...). */
export interface PdpLogEntry {
  readonly message: string;
  readonly [detail: string]: unknown;
}

/** One run of the PDP, from its start to its exit. */
export interface PdpProcess {
  /** `undefined` when the process could not be started. */
  readonly pid: number | undefined;
  /**
   * Resolves when the process has exited and its output is read: the exit code or signal, and its last lines, as text.
   */
  readonly exited: Promise<string>;
  /** Sends SIGTERM, and SIGKILL after 3 s. Resolves when the process has exited. */
  stop(): Promise<void>;
}

/** Starts a PDP. It does not keep the event loop alive, and does not exit when the event loop ends. */
export function spawnPdp(options: PdpProcessOptions): PdpProcess {
  const { binary, policies, config, settings = [], grpc, http, onWarning } = options;
  const child = spawn(
    binary,
    [
      "server",
      ...(config ? [`--config=${config}`] : []),
      "--log-level=warn", // at `info` it writes two lines a request
      // Relative to the working directory: --set gives commas, brackets and backslashes in a path a special meaning.
      "--set=storage.disk.directory=.",
      "--set=storage.driver=disk",
      `--set=server.grpcListenAddr=unix:${grpc}`,
      `--set=server.httpListenAddr=unix:${http}`,
      ...settings.map((setting) => `--set=${setting}`),
    ],
    {
      cwd: policies,
      detached: true, // Ctrl-C is for the app, which still needs answers for the requests that it is finishing
      env: { CERBOS_NO_TELEMETRY: "1" }, // neither the app's secrets nor CERBOS_* settings meant for another PDP
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  child.unref();

  const lastLines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    if (stream instanceof Socket) stream.unref();
    createInterface({ input: stream }).on("line", (line) => {
      const entry = parseLogLine(line);
      if (entry === "noise") return;
      lastLines.push(entry ? formatLogEntry(entry) : line);
      if (lastLines.length > MAX_LAST_LINES) lastLines.shift();
      if (entry) onWarning(entry);
    });
  }

  const exited = new Promise<string>((resolve) => {
    const resolveWith = (reason: string) => resolve([reason, ...lastLines].join("\n"));
    child.once("error", (error) => resolveWith(error.message));
    child.once("close", (code, signal) => resolveWith(signal ? `ended by ${signal}` : `exit code ${code}`));
  });

  return {
    pid: child.pid,
    exited,
    async stop() {
      child.ref();
      child.kill("SIGTERM");
      const killTimer = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
      await exited;
      clearTimeout(killTimer);
    },
  };
}

/** The PDP logs JSON. `undefined` for a line that is not JSON and is readable text already. */
function parseLogLine(line: string): PdpLogEntry | "noise" | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof parsed !== "object" || parsed === null) return undefined;
  const entry = parsed as Record<string, unknown>;
  const { "log.level": _level, "log.logger": logger, "@timestamp": _time, message, ...rest } = entry;
  // At every start the PDP warns that no collector of traces is configured.
  if (logger === "cerbos.otel") return "noise";
  return { ...rest, message: String(message ?? "") };
}

function formatLogEntry({ message, ...details }: PdpLogEntry): string {
  const { error, ...rest } = details;
  const fields = [message];
  if (typeof error === "string") fields.push(error);
  if (Object.keys(rest).length > 0) fields.push(JSON.stringify(rest));
  return fields.join(": ");
}
