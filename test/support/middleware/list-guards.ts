import assert from "node:assert/strict";
import type { RequestHandler } from "express";
import { authorize, type Filter } from "../../../middleware/index.js";
import { pdpThat } from "../pdp/pdp-doubles.js";

/** A value that plain JavaScript may pass, and that the types do not allow. */
export const anything = <T>(value: unknown) => value as T;

/** A filter as most lists get it: neither everything nor nothing. */
export const conditional: Filter = { decision: "conditional", condition: { type: "literal", value: true } };

/** A PDP that answers so when it is asked for a plan, and is asked for nothing else. */
export const planning = (answer: unknown) =>
  pdpThat(
    () => assert.fail("checked"),
    () => answer,
  );

/** The same, with an answer that holds a filter. */
export const planned = (filter: Filter) => planning({ filter, callId: "call-5" });

/** The guard of a list. */
export const guard = authorize("thing", "list", { filter: true });

/** Takes the filter before the handler of `guardedApp`, which answers 200. */
export const take: RequestHandler = (req, _res, next) => {
  req.authz.filter("thing", "list");
  next();
};
