import type { Pdp } from "../../../middleware/index.js";
import { startPdp, type TestPdp } from "../../../middleware/testing/index.js";
import { projectPath } from "../paths.js";

/**
 * Starts a real PDP for the tests of a suite, and connects to it.
 *
 * @param policies - their folder in this project
 * @param onOpen - gets the connection before the first test, and the address of the PDP
 * @param config - makes the path of its configuration; default: that of the app's PDP
 */
export function usePdp(
  policies: string,
  onOpen: (pdp: Pdp, target: string) => void,
  config = async () => projectPath("pdp/pdp.yaml"),
): void {
  let child: TestPdp;

  before(async () => {
    child = await startPdp({ policies: projectPath(policies), config: await config() });
    onOpen(child.pdp, child.target);
  });

  after(() => child?.stop());
}
