import { execFileSync, spawnSync } from "node:child_process";
import { dirname } from "node:path";

/** The folder of a PDP's sockets. @param target - its address, `unix:/path` */
export function folderOf(target: string): string {
  return dirname(target.replace(/^unix:/, ""));
}

/** Whether a process runs. A zombie, which has exited but still has a pid, does not. */
export function isAlive(pid: number): boolean {
  const state = spawnSync("ps", ["-o", "stat=", "-p", String(pid)], { encoding: "utf8" }).stdout.trim();
  return state !== "" && !state.startsWith("Z");
}

/** The command lines of processes that contain a text. */
export function processesNaming(text: string): string[] {
  const all = execFileSync("ps", ["-A", "-o", "args="], { encoding: "utf8" }).split("\n");
  return all.filter((line) => line.includes(text));
}

/** The pid of the PDP at an address. */
export function pidOfPdp(target: string): number {
  const all = execFileSync("ps", ["-A", "-o", "pid=,args="], { encoding: "utf8" }).split("\n");
  const line = all.find((each) => each.includes(`grpcListenAddr=${target}`));
  return Number.parseInt(line ?? "", 10);
}
