import { spawn } from "node:child_process";
import { Socket } from "node:net";
import { createInterface } from "node:readline";

const REMEMBERED_LINES = 10;
const GRACE = 3_000;

export interface PdpProcessOptions {
  readonly binary: string;
  /** Directory of the policies. */
  readonly policies: string;
  /** Absolute path of the PDP's configuration file. */
  readonly config: string;
  /** Path of the unix socket for gRPC. */
  readonly grpc: string;
  /** Path of the unix socket for HTTP, which the PDP insists on. */
  readonly http: string;
  /** Hears each warning and error of the PDP. */
  readonly onComplaint: (complaint: Complaint) => void;
}

/** A line that the PDP logged: `message`, and whatever belongs to it (`error`, `file`, ...). */
export interface Complaint {
  readonly message: string;
  readonly [detail: string]: unknown;
}

/** One run of the PDP, from its start to its exit. */
export interface PdpProcess {
  /** `undefined` when it could not be started at all. */
  readonly pid: number | undefined;
  /** Resolves when the process is gone and all it wrote has been read: how it ended, and its last words, for people. */
  readonly ended: Promise<string>;
  /** Asks it to end, and after 3 s no longer asks. Resolves when it is gone. */
  end(): Promise<void>;
}

/** Starts a PDP. It leaves the event loop free to end; it is not itself ended thereby. */
export function spawnPdp({ binary, policies, config, grpc, http, onComplaint }: PdpProcessOptions): PdpProcess {
  const child = spawn(
    binary,
    [
      "server",
      `--config=${config}`,
      "--log-level=warn", // at `info` it writes two lines a request
      // Relative to the working directory: --set gives commas, brackets and backslashes in a path a meaning of their own.
      "--set=storage.disk.directory=.",
      `--set=server.grpcListenAddr=unix:${grpc}`,
      `--set=server.httpListenAddr=unix:${http}`,
    ],
    {
      cwd: policies,
      detached: true, // Ctrl-C is for the app, which still needs answers for the requests that it is finishing
      env: { CERBOS_NO_TELEMETRY: "1" }, // neither the app's secrets nor CERBOS_* settings meant for another PDP
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  child.unref();

  const lastWords: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    if (stream instanceof Socket) stream.unref();
    createInterface({ input: stream }).on("line", (line) => {
      const complaint = complaintIn(line);
      if (complaint === "noise") return;
      lastWords.push(complaint ? inWords(complaint) : line);
      if (lastWords.length > REMEMBERED_LINES) lastWords.shift();
      if (complaint) onComplaint(complaint);
    });
  }

  const ended = new Promise<string>((resolve) => {
    const resolveWith = (how: string) => resolve([how, ...lastWords].join("\n"));
    child.once("error", (error) => resolveWith(error.message));
    child.once("close", (code, signal) => resolveWith(signal ? `ended by ${signal}` : `exit code ${code}`));
  });

  return {
    pid: child.pid,
    ended,
    async end() {
      child.ref();
      child.kill("SIGTERM");
      const impatience = setTimeout(() => child.kill("SIGKILL"), GRACE);
      await ended;
      clearTimeout(impatience);
    },
  };
}

/** The PDP logs in JSON; what is not JSON is meant for people already. */
function complaintIn(line: string): Complaint | "noise" | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof parsed !== "object" || parsed === null) return undefined;
  const { "log.level": _level, "log.logger": logger, "@timestamp": _time, ...rest } = parsed as Record<string, unknown>;
  // At every start it warns that nobody collects its traces.
  if (logger === "cerbos.otel") return "noise";
  return { ...rest, message: String(rest.message ?? "") };
}

function inWords({ message, ...details }: Complaint): string {
  const { error, ...rest } = details;
  const parts = [message];
  if (typeof error === "string") parts.push(error);
  if (Object.keys(rest).length > 0) parts.push(JSON.stringify(rest));
  return parts.join(": ");
}
