import type { Context, RootHookObject } from "mocha";
import { cleanUpAfterAllTests } from "./cleanup.js";

const CLEAN_UP_TIMEOUT_MS = 120_000;

/** Mocha's root hook plugin, which `.mocharc.json` names. */
export const mochaHooks: RootHookObject = {
  async afterAll(this: Context) {
    this.timeout(CLEAN_UP_TIMEOUT_MS);
    await cleanUpAfterAllTests();
  },
};
