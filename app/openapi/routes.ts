import { createHash } from "node:crypto";
import { Router } from "express";
import { openApiDocument } from "./document.js";

const CACHE_SECONDS = 3600;

/** Serves the description of the JSON API at `/openapi.json`. It is public, and made when it is first asked for. */
export function openApiRoutes(): Router {
  const router = Router();
  let made: { readonly text: string; readonly etag: string } | undefined;

  router.get("/openapi.json", (_req, res) => {
    made ??= textOfDocument();
    res.set({ "Cache-Control": `public, max-age=${CACHE_SECONDS}`, ETag: made.etag });
    res.type("json").send(made.text);
  });

  return router;
}

function textOfDocument() {
  const text = JSON.stringify(openApiDocument());
  return { text, etag: `"${createHash("sha256").update(text).digest("base64url")}"` };
}
