import assert from "node:assert/strict";
import type { Answer, Check, Pdp, Principal } from "../../../middleware/index.js";

export const uma: Principal = { id: "uma", roles: ["user"] };

/** A check, with the principal that it is about. */
export interface PrincipalCheck extends Check {
  readonly principal: Principal;
}

/** Asks a PDP for a single check. */
export async function ask(pdp: Pdp, { principal, ...check }: PrincipalCheck): Promise<Answer> {
  const answers = await pdp.check(principal, [check]);
  assert.equal(answers.length, 1);
  return answers[0] as Answer;
}
