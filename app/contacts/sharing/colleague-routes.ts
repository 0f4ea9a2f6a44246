import { Router } from "express";
import { z } from "zod";
import { authorize } from "../../../middleware/index.js";
import type { Principals } from "../../directory/principals/store.js";
import { malformed, messagesOf, storableText } from "../../web/query-validation.js";
import { findColleagues } from "./choices.js";

/** The query string of a search for colleagues. */
export const colleaguesQuery = z.object({
  q: storableText().trim().max(100, "must have at most 100 characters").default(""),
});

/** Suggests colleagues while a user types, by name or e-mail address. Forms work without it. */
export function colleagueRoutes(principals: Principals): Router {
  const router = Router();

  router.get("/colleagues", authorize("directory", "find"), async (req, res) => {
    const query = colleaguesQuery.safeParse(req.query);
    if (!query.success) throw malformed(messagesOf(query.error));
    res.json(await findColleagues(principals, query.data.q));
  });

  return router;
}
