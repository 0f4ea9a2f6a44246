import express, { type RequestHandler } from "express";
import { ProblemError } from "../problems.js";

const json = ["application/json", "application/merge-patch+json"];
const form = "application/x-www-form-urlencoded";
const limit = "100kb";

/** Reads JSON and forms of at most 100 kB; a body of any other type is refused with 415. */
export const bodies: RequestHandler[] = [
  (req, _res, next) => {
    // Some clients say with every request that its body is empty; that is no body, and needs no type.
    if (req.get("content-length") === "0" || req.is([...json, form]) !== false) return next();
    const detail = `Send ${json[0]} or ${form}, not ${req.get("content-type") || "a body without a type"}.`;
    next(new ProblemError(415, "Unsupported type", detail));
  },
  express.json({ type: json, limit }),
  express.urlencoded({ extended: false, limit }),
];
