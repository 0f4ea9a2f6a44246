import assert from "node:assert/strict";
import { createRequire } from "node:module";
import type express from "express";

const required = createRequire(createRequire(import.meta.url).resolve("@okta/oidc-middleware"));
assert.match((required("express/package.json") as { version: string }).version, /^4\./);

/** Express 4, which Okta's middleware brings along. */
export const express4 = required("express") as typeof express;
