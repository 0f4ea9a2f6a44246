import type { Request, Response } from "express";
import { requestFault } from "../request-faults.js";

/** What is sent at an address, and how clients recognize it. */
export interface Representation {
  readonly content: Buffer;
  /** With its quotes. */
  readonly etag: string;
  readonly lastModified: Date;
}

/**
 * Answers with something that is in memory, under the preconditions and in the range that the client asks for, as
 * `express.static` does with files (RFC 9110, sections 13.2.2 and 14.2). Several ranges are answered with the whole.
 *
 * @throws ProblemError 412 when a precondition fails, and 416 for a range that is outside
 */
export function sendRepresentation(req: Request, res: Response, { content, etag, lastModified }: Representation): void {
  // HTTP has whole seconds.
  const seconds = Math.floor(lastModified.getTime() / 1_000);
  const modified = new Date(seconds * 1_000).toUTCString();
  res.set({ ETag: etag, "Last-Modified": modified, "Accept-Ranges": "bytes" });
  if (isPreconditionFailed(req, etag, seconds * 1_000)) throw requestFault(412);

  const ifRange = req.get("if-range");
  const isRangeMeant = ifRange === undefined || ifRange === etag || ifRange === modified;
  const ranges = isRangeMeant && !req.fresh ? req.range(content.length, { combine: true }) : undefined;
  if (ranges === -1) throw requestFault(416, { "Content-Range": `bytes */${content.length}` });
  const [range, another] = Array.isArray(ranges) && ranges.type === "bytes" ? ranges : [];
  if (!range || another) {
    res.send(content);
    return;
  }
  res.status(206).set("Content-Range", `bytes ${range.start}-${range.end}/${content.length}`);
  res.send(content.subarray(range.start, range.end + 1));
}

function isPreconditionFailed(req: Request, etag: string, modifiedAt: number): boolean {
  const tags = req.get("if-match");
  if (tags !== undefined) return tags.trim() !== "*" && !tags.split(",").some((tag) => tag.trim() === etag);
  // A date that cannot be read is ignored, as every comparison with it is false.
  return modifiedAt > Date.parse(req.get("if-unmodified-since") ?? "");
}
