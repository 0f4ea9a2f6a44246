import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Response } from "express";
import type { SqlCondition } from "../../../middleware/sql/index.js";
import { lineOf } from "../record/parse.js";
import type { Cursor } from "../search/query.js";
import type { DecisionStore, Search, StoredDecision } from "../search/store.js";
import { csvHeader, csvLines } from "./csv.js";

/** Decisions in memory at a time: few enough to be gone before the garbage collector takes them for something that stays. */
const CHUNK = 200;

/** How copies of the log are written. */
export const formats = {
  /** Each record as it is stored. */
  ndjson: {
    type: "application/x-ndjson; charset=utf-8",
    header: () => "",
    lines: (decisions: readonly StoredDecision[]) => decisions.map((decision) => `${lineOf(decision)}\n`).join(""),
  },
  csv: {
    type: "text/csv; charset=utf-8; header=present",
    header: csvHeader,
    lines: csvLines,
  },
} as const;
export type Format = keyof typeof formats;

/**
 * Sends everything that a search finds, the newest first, no faster than it is taken. When it cannot be finished the
 * connection is cut, so that nobody takes a part of the log for the whole.
 *
 * @throws what the database throws, when not even the first decisions can be read
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
  // In this order: the name would decide about the type.
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
    // In bytes, not as objects: what waits to be taken is counted by its length.
    await pipeline(Readable.from(text(), { objectMode: false }), res);
  } catch (error) {
    // Whoever goes away has seen enough.
    if ((error as NodeJS.ErrnoException).code !== "ERR_STREAM_PREMATURE_CLOSE") throw error;
  }
}

async function* chunksOf(store: DecisionStore, search: Search, permitted: SqlCondition) {
  let after: Cursor | undefined;
  do {
    const page = await store.list(search, permitted, CHUNK, after);
    yield page.decisions;
    after = page.next ?? undefined;
  } while (after);
}
