import { createRequire } from "node:module";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import express, { Router } from "express";

const own = fileURLToPath(new URL("./public", import.meta.url));
const pico = dirname(createRequire(import.meta.url).resolve("@picocss/pico/css/pico.min.css"));

/** Style sheets and the icon, at `/assets`. */
export function staticFiles(): Router {
  const router = Router();
  const options = { index: false, redirect: false, maxAge: "1h" } as const;
  router.use("/assets", express.static(own, options), express.static(pico, options));
  return router;
}
