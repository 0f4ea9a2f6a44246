import express, { type RequestHandler } from "express";
import { ProblemError } from "../problems.js";

const JSON_TYPES = ["application/json", "application/merge-patch+json"];
const FORM_TYPE = "application/x-www-form-urlencoded";
const MAX_BODY_BYTES = 100 * 1024;

/** Reads JSON and forms of at most 100 kB; a body of any other type is refused with 415. */
export const bodyParsers: RequestHandler[] = [
  (req, _res, next) => {
    // Some clients send `Content-Length: 0` with requests that have no body. These need no type.
    if (req.get("content-length") === "0" || req.is([...JSON_TYPES, FORM_TYPE]) !== false) return next();
    const detail = `Send ${JSON_TYPES[0]} or ${FORM_TYPE}, not ${req.get("content-type") || "a body without a type"}.`;
    next(new ProblemError(415, "Unsupported type", detail));
  },
  express.json({ type: JSON_TYPES, limit: MAX_BODY_BYTES }),
  express.urlencoded({ extended: false, limit: MAX_BODY_BYTES }),
];
