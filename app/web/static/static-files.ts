import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import express, { type Express, Router } from "express";
import { sendRepresentation } from "./representation.js";
import { readStyleSheet } from "./style-sheet.js";

const publicFolder = fileURLToPath(new URL("../public", import.meta.url));
const picoFolder = dirname(createRequire(import.meta.url).resolve("@picocss/pico/css/pico.min.css"));

const STYLE_SHEET = "gatehouse.css";
const CACHE_SECONDS = 3600;

/**
 * Serves the style sheet of all pages, the icon and the script, at `/assets`. Templates get the address of the style sheet
 * as `styleSheet`: it changes with the content, so that no browser shows a new page by an old style.
 */
export function useStaticFiles(app: Express): void {
  const folders = [publicFolder, picoFolder];
  const styleSheet = readStyleSheet(STYLE_SHEET, folders);
  const hash = createHash("sha256").update(styleSheet).digest("base64url");
  const { mtime: lastModified } = statSync(join(publicFolder, STYLE_SHEET));
  const representation = { content: Buffer.from(styleSheet), etag: `"${hash}"`, lastModified };
  app.locals.styleSheet = `/assets/${STYLE_SHEET}?v=${hash.slice(0, 16)}`;
  const router = Router();
  router.use("/assets", (req, res, next) => {
    if (req.path !== `/${STYLE_SHEET}` || !["GET", "HEAD"].includes(req.method)) return next();
    res.set("Cache-Control", `public, max-age=${CACHE_SECONDS}`).type("css");
    sendRepresentation(req, res, representation);
  });
  const options = { index: false, redirect: false, maxAge: CACHE_SECONDS * 1000 } as const;
  router.use("/assets", ...folders.map((folder) => express.static(folder, options)));
  app.use(router);
}
