import { isDeepStrictEqual } from "node:util";
import { send } from "../load/load.js";
import { until } from "../until.js";

/** What `/readyz` answers may be a second old. */
const LIMIT_MS = 30_000;

/**
 * Waits until `/readyz` says that everything works, or that exactly one service is unavailable. The directory, where there is
 * one, is in the database.
 *
 * @param url - of the app
 * @param missing - the service that must be reported as unavailable; left out, none may be
 * @throws AssertionError when it does not say so within 30 seconds
 */
export async function assertReadiness(url: string, missing?: "database" | "pdp" | "okta"): Promise<void> {
  const checks = { database: "ok", pdp: "ok", okta: "ok", ...(missing && { [missing]: "unavailable" }) };
  // Okta is reported, and not needed by who is logged in.
  const status = missing && missing !== "okta" ? 503 : 200;
  const seen: unknown[] = [];
  const asExpected = async () => {
    const answer = await send(url, { name: "readyz", path: "/readyz" });
    const { directory, ...others } = JSON.parse(answer.body).checks;
    seen.push({ status: answer.status, directory, ...others });
    const isDirectoryRight = [undefined, missing === "database" ? "unavailable" : "ok"].includes(directory);
    return isDirectoryRight && isDeepStrictEqual({ status: answer.status, ...others }, { status, ...checks });
  };
  await until(asExpected, LIMIT_MS, () => `readyz: ${JSON.stringify(seen.at(-1))}`);
}
