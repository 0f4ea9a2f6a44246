import type { Request } from "express";
import type { StoredDecision } from "../record/row.js";
import { decisionResource } from "./resource.js";

/** Most decisions that the log names when plan and check do not agree. */
const MAX_SEQS_LOGGED = 10;

/** The checks of all decisions that one page, export or live tail shows. */
export interface RowChecks {
  /**
   * Those of some decisions that the PDP's check allows, in their order.
   *
   * @throws what the PDP throws; nothing may be shown then
   */
  permitted(decisions: readonly StoredDecision[]): Promise<readonly StoredDecision[]>;
  /**
   * Records how many were checked and allowed, and logs a defect if the query plan had let through any that were not.
   *
   * @throws DecisionNotRecordedError when it cannot be recorded: what is being sent must not look complete then
   */
  end(): Promise<void>;
}

/**
 * Opens the checks of a page, an export or a live tail.
 *
 * @param action - the action for which the guard has asked the query plan
 */
export function openRowChecks(req: Request, action: "list" | "export" | "tail"): RowChecks {
  const checks = req.authz.countedChecks();
  const seqs: number[] = [];
  let denied = 0;
  return {
    async permitted(decisions) {
      // A record is written with an id. Without one it was tampered with, and the PDP cannot be asked about it.
      const named = decisions.filter(({ id }) => id !== "");
      const answers = await checks.canEach(named.map(decisionResource), [action]);
      const allowed = named.filter((_, n) => answers[n]?.[action]);
      if (allowed.length < decisions.length) {
        denied += decisions.length - allowed.length;
        const others = decisions.filter((decision) => !allowed.includes(decision)).map(({ seq }) => seq);
        seqs.push(...others.slice(0, MAX_SEQS_LOGGED - seqs.length));
      }
      return allowed;
    },
    async end() {
      if (denied > 0) {
        req.log.error({ action, denied, seqs }, "defect: the query plan let through what the PDP's check denies");
      }
      await checks.end();
    },
  };
}

/** The decisions of one page that may be shown. They are on record as checked when this resolves. */
export async function permittedRows(
  req: Request,
  decisions: readonly StoredDecision[],
): Promise<readonly StoredDecision[]> {
  const checks = openRowChecks(req, "list");
  try {
    return await checks.permitted(decisions);
  } finally {
    await checks.end();
  }
}
