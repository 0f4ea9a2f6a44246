import { execFileSync } from "node:child_process";
import { cerbosBinary } from "../../../middleware/testing/pdp/index.js";

/** A release of the PDP that tests run on. */
export interface PdpVersion {
  /** Such as `0.55.0`. */
  readonly name: string;
  /** Path of the executable. */
  readonly binary: string;
}

/** The release in package.json, and the one whose executable `NEWER_PDP_BINARY` names, if it is set. */
export const pdpVersions: readonly PdpVersion[] = [cerbosBinary(), process.env.NEWER_PDP_BINARY ?? ""]
  .filter((binary) => binary !== "")
  .map((binary) => ({ name: versionOf(binary), binary }));

function versionOf(binary: string): string {
  const said = execFileSync(binary, ["--version"], { encoding: "utf8" });
  const [version] = /\d+\.\d+\.\d+/.exec(said) ?? [];
  if (!version) throw new Error(`${binary} does not say which release of the PDP it is.`);
  return version;
}

/** Whether one release is older than another, such as `isBefore("0.51.0", "0.53.0")`. */
export function isBefore(version: string, other: string): boolean {
  return version.localeCompare(other, "en", { numeric: true }) < 0;
}
