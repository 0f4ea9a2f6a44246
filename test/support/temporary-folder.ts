import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { useFixture } from "./fixture.js";

/** Gives the suite that calls this an empty folder, which is removed after its last test. */
export function useTemporaryFolder(): { readonly path: string } {
  return useFixture(
    async () => ({ path: await mkdtemp(join(tmpdir(), "gatehouse-test-")) }),
    ({ path }) => rm(path, { recursive: true, force: true }),
  );
}
