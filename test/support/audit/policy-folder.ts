import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { projectPath } from "../paths.js";
import { useTemporaryFolder } from "../temporary-folder.js";

/** The folder of the CRM's own policies. */
export const crmPolicies = projectPath("policies");

/** A temporary folder of policies. */
export interface PolicyFolder {
  readonly path: string;
  /** Writes a file: a policy, or a text as it is. */
  write(file: string, policy: object | string): void;
}

/**
 * Gives the suite that calls this a folder of policies.
 *
 * @param policies - what is in it from the beginning, by file
 * @returns can be used from the suite's first hook on
 */
export function usePolicyFolder(policies: Readonly<Record<string, object>> = {}): PolicyFolder {
  const folder = useTemporaryFolder();
  function write(file: string, policy: object | string): void {
    const text = typeof policy === "string" ? policy : JSON.stringify({ apiVersion: "api.cerbos.dev/v1", ...policy });
    const path = join(folder.path, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  before(() => {
    for (const [file, policy] of Object.entries(policies)) write(file, policy);
  });
  return {
    get path() {
      return folder.path;
    },
    write,
  };
}
