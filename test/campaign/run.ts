/**
 * Runs a campaign: a long trial that prints figures, and fails when a promise does not hold.
 *
 *     TEST_DATABASE_URL=postgres://... CASES=50 npm run campaign -- access
 *     TEST_DATABASE_URL=postgres://... npm run campaign -- rolling-restarts
 *     TEST_DATABASE_URL=postgres://... CASES=300 npm run campaign -- directory
 *     TEST_DATABASE_URL=postgres://... CASES=100 npm run campaign -- directory-kills
 *     TEST_DATABASE_URL=postgres://... CASES=30000 npm run campaign -- handover
 *     TEST_DATABASE_URL=postgres://... CASES=10000 npm run campaign -- hostile-hooks
 *     TEST_DATABASE_URL=postgres://... CASES=75 npm run campaign -- revocation-kills
 *     TEST_DATABASE_URL=postgres://... NEWER_PDP_BINARY=... CASES=10000 npm run campaign -- plans
 *     TEST_DATABASE_URL=postgres://... CASES=2000 npm run campaign -- relationships
 *     TEST_DATABASE_URL=postgres://... CASES=30000 npm run campaign -- requests
 */
import { cleanUpAfterAllTests } from "../support/cleanup.js";
import { access } from "./access.js";
import { directory } from "./directory.js";
import { directoryKills } from "./directory-kills.js";
import { handover } from "./handover.js";
import { hostileHooks } from "./hostile-hooks.js";
import { plans } from "./plans.js";
import { relationships } from "./relationships.js";
import { requests } from "./requests.js";
import { revocationKills } from "./revocation-kills.js";
import { rollingRestarts } from "./rolling-restarts.js";

const campaigns: Readonly<Record<string, () => Promise<void>>> = {
  access,
  directory,
  "directory-kills": directoryKills,
  handover,
  "hostile-hooks": hostileHooks,
  plans,
  relationships,
  requests,
  "revocation-kills": revocationKills,
  "rolling-restarts": rollingRestarts,
};

const name = process.argv[2] ?? "";
const campaign = Object.hasOwn(campaigns, name) ? campaigns[name] : undefined;
try {
  if (!campaign) throw new Error(`Usage: npm run campaign -- ${Object.keys(campaigns).join(" | ")}`);
  await campaign();
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  await cleanUpAfterAllTests();
}
