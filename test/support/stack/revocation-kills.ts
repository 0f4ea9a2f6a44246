import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { requestToken } from "../../../app/demo/identity-provider/request-token.js";
import { bearer } from "../http/bearer.js";
import { logIn } from "../http/sign-in.js";
import { UserAgent } from "../http/user-agent.js";
import { until } from "../until.js";
import type { DirectoryCrm } from "./directory-crm.js";

const STEP_MS = 30_000;
/** `iat` of an access token is in whole seconds: the next one is later than a revocation of now. */
const NEXT_SECOND_MS = 1_001;

/** When the process is killed that is asked to log a user out: once it has answered, or so many ms after it is asked. */
const moments = ["answered", "answered", 15, "answered", "answered", 40] as const;

/** What has come of the kills. */
export interface RevocationKills {
  /** How often 204 was answered before the kill. */
  readonly answered: number;
  /** How often the user was logged out though no answer arrived. */
  readonly unanswered: number;
  /** How long after the answer the other process refused what the user had, in ms. */
  readonly refusedAfterMs: readonly number[];
}

/**
 * Has Okta log a user out through the first process of two, kills that process, and looks whether the second one still takes
 * the user's session and access token; again and again.
 *
 * @throws AssertionError when 204 was answered and anything is still taken; and when session and access token differ
 */
export async function killRevokers(crm: DirectoryCrm, login: string, times: number): Promise<RevocationKills> {
  const { idp } = crm;
  const { id } = idp.org.organization.user(login);
  const urlOf = (n: number) => crm.processes[n]?.url ?? assert.fail();
  let [answered, unanswered] = [0, 0];
  const refusedAfterMs: number[] = [];

  for (let n = 0; n < times; n++) {
    const token = await requestToken(idp.issuer, login);
    const browser = new UserAgent();
    // Cookies do not know ports: the session is that of both processes.
    await logIn(browser, `${urlOf(0)}/login?returnTo=/profile`, login);
    const taken = async () => {
      const [page, api] = await Promise.all([
        browser.request(`${urlOf(1)}/profile`),
        fetch(`${urlOf(1)}/profile`, { headers: bearer(token) }),
      ]);
      return [page.status === 200, api.status === 200];
    };
    assert.deepEqual(await taken(), [true, true]);

    const moment = moments[n % moments.length] ?? "answered";
    let answeredAt: number | undefined;
    const asked = idp.universalLogout.send({ id }).then((status) => {
      if (status === 204) answeredAt = performance.now();
    });
    await (moment === "answered" ? asked : sleep(moment));
    const isAnswered = answeredAt !== undefined;
    crm.processes[0]?.kill("SIGKILL");
    const [session, access] = await taken();
    if (answeredAt !== undefined && isAnswered) refusedAfterMs.push(performance.now() - answeredAt);
    if (isAnswered) assert.deepEqual([session, access], [false, false], `kill ${n + 1}: 204, and it is still taken`);
    await asked;
    // Without an answer, both or none: the transaction may have been under way at the kill.
    const isSettled = async () => {
      const [ofSession, ofToken] = await taken();
      return ofSession === ofToken;
    };
    await until(isSettled, STEP_MS, "session and access token are both taken, or both refused");
    if (isAnswered) answered++;
    else if (!(await taken())[0]) unanswered++;
    await crm.processes[0]?.ended;
    await crm.restart(0);
    await sleep(NEXT_SECOND_MS);
  }
  return { answered, unanswered, refusedAfterMs };
}
