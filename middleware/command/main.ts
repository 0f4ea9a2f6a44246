#!/usr/bin/env node
/**
 * The package's command. It writes the declaration of an app's policies, or says that it is not current:
 *
 *     npx --no-install gatehouse-authz types policies src/policies.d.ts
 */
import { readFile, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { policyTypes } from "./policy-types.js";

const USAGE = "Usage: gatehouse-authz types POLICIES FILE.d.ts [--check]";

async function run(): Promise<void> {
  const { positionals, values } = parseArgs({ allowPositionals: true, options: { check: { type: "boolean" } } });
  const [command, policies, file, ...more] = positionals;
  if (command !== "types" || !policies || !file?.endsWith(".d.ts") || more.length > 0) throw new Error(USAGE);
  const types = await policyTypes(policies);
  if (!values.check) return writeFile(file, types);
  const current = await readFile(file, "utf8").catch(() => "");
  if (current !== types) {
    throw new Error(`${file} is not what the policies are: run gatehouse-authz types ${policies} ${file}`);
  }
}

run().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
