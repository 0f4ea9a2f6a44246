import type { Request } from "express";

/**
 * Whether no other site has made a browser send the request: Fetch Metadata, or where that is missing, as without https,
 * the origin (RFC 6454, section 7). Browsers send one of them with every form.
 */
export function isFromThisSite(req: Request): boolean {
  const site = req.get("sec-fetch-site");
  if (site !== undefined) return site === "same-origin" || site === "none";
  const origin = req.get("origin");
  return origin === undefined || (URL.canParse(origin) && new URL(origin).host === req.get("host"));
}
