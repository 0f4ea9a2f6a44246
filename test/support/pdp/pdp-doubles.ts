import assert from "node:assert/strict";
import type { Answer, Pdp, Plan } from "../../../middleware/index.js";
import type { PrincipalCheck } from "./ask.js";

/** A PDP written by hand, which keeps the questions. The answers may be anything, as they may in plain JavaScript. */
export interface PdpDouble extends Pdp {
  /** Every check, in order. */
  readonly asked: PrincipalCheck[];
  /** How many checks each call was about. */
  readonly calls: number[];
  /** The plans that were asked for: `kind action`. */
  readonly planned: string[];
}

/**
 * Makes a PDP that answers as a test wants.
 *
 * @param answers - makes the answer to a check
 * @param plans - makes the answer to a question for a plan; default: such a question fails
 */
export function pdpThat(
  answers: (check: PrincipalCheck) => unknown,
  plans: (kind: string, action: string) => unknown = () => assert.fail("asked for a plan"),
): PdpDouble {
  const asked: PrincipalCheck[] = [];
  const calls: number[] = [];
  const planned: string[] = [];
  return {
    asked,
    calls,
    planned,
    check: async (principal, checks) => {
      calls.push(checks.length);
      return checks.map((check) => {
        const one = { principal, ...check };
        asked.push(one);
        return answers(one) as Answer;
      });
    },
    plan: async (_principal, kind, action) => {
      planned.push(`${kind} ${action}`);
      return plans(kind, action) as Plan;
    },
    ping: async () => {},
    close: () => {},
  };
}

export const allowing = () => pdpThat(() => ({ allowed: true, callId: "call-1" }));
export const denying = () => pdpThat(() => ({ allowed: false, callId: "call-2" }));
