import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Response } from "express";
import type { SqlCondition } from "../../../middleware/sql/index.js";
import { jsonLineOf } from "../record/parse.js";
import type { StoredDecision } from "../record/row.js";
import type { Cursor } from "../search/query.js";
import type { Search } from "../search/search.js";
import type { DecisionStore } from "../search/store.js";
import { csvHeader, csvLines } from "./csv.js";

/** Decisions in memory at a time: few enough that the garbage collector frees them while they are young. */
const MAX_DECISIONS_PER_CHUNK = 200;

/** The formats of an export. */
export const formats = {
  /** Each record as it is stored. */
  ndjson: {
    type: "application/x-ndjson; charset=utf-8",
    header: () => "",
    lines: (decisions: readonly StoredDecision[]) => decisions.map((decision) => `${jsonLineOf(decision)}\n`).join(""),
  },
  csv: {
    type: "text/csv; charset=utf-8; header=present",
    header: csvHeader,
    lines: csvLines,
  },
} as const;
export type Format = keyof typeof formats;

/**
 * Sends everything that a search finds, the newest first, no faster than the client reads. When it fails halfway the
 * connection is cut, so that the client does not take a part of the log for the whole.
 *
 * @throws what the database throws when the first decisions cannot be read; nothing has been sent then
 */
export async function sendExport(
  res: Response,
  store: DecisionStore,
  search: Search,
  permitted: SqlCondition,
  format: Format,
  now = new Date(),
): Promise<void> {
  const { type, header, lines } = formats[format];
  const chunks = chunksOf(store, search, permitted);
  const first = await chunks.next();
  // `attachment` sets a type by the file's name, which `type` replaces.
  res.attachment(`decisions-${now.toISOString().replace(/[-:]|\.\d+/g, "")}.${format}`).type(type);
  if (res.req.method === "HEAD") {
    res.end();
    return;
  }
  async function* text() {
    yield header();
    if (!first.done) yield lines(first.value);
    for await (const chunk of chunks) yield lines(chunk);
  }
  try {
    // Not in object mode, so that the stream's buffer is limited by bytes.
    await pipeline(Readable.from(text(), { objectMode: false }), res);
  } catch (error) {
    // A client that disconnects is no failure.
    if ((error as NodeJS.ErrnoException).code !== "ERR_STREAM_PREMATURE_CLOSE") throw error;
  }
}

async function* chunksOf(store: DecisionStore, search: Search, permitted: SqlCondition) {
  let after: Cursor | undefined;
  do {
    const page = await store.list(search, permitted, MAX_DECISIONS_PER_CHUNK, after);
    yield page.decisions;
    after = page.next ?? undefined;
  } while (after);
}
