import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Response } from "express";
import type { SqlCondition } from "../../../middleware/sql/index.js";
import { mapAhead } from "../../map-ahead.js";
import { jsonLineOf } from "../record/parse.js";
import type { StoredDecision } from "../record/row.js";
import type { Cursor } from "../search/query.js";
import type { Search } from "../search/search.js";
import type { DecisionStore } from "../search/store.js";
import { csvHeader, csvLines } from "./csv.js";
import type { RowChecks } from "./row-checks.js";

/** Decisions in memory at a time: few enough that the garbage collector frees them while they are young. */
const MAX_DECISIONS_PER_CHUNK = 200;
/** Chunks that are checked at once: the PDP works on the next ones while one is sent. */
const MAX_CHUNKS_UNDER_WAY = 3;

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
 * Sends everything that a search finds, the newest first, no faster than the client reads. Every decision is checked
 * before it is sent. How many were checked is on record before the end is sent, also when the client disconnects or the
 * export fails. When it fails halfway the connection is cut, so that the client does not take a part of the log for the
 * whole.
 *
 * @throws what the database or the PDP throws. When nothing has been sent yet, the client gets a status
 */
export async function sendExport(
  res: Response,
  store: DecisionStore,
  search: Search,
  permitted: SqlCondition,
  checks: RowChecks,
  format: Format,
  now = new Date(),
): Promise<void> {
  const chunks = checkedChunks(chunksOf(store, search, permitted), checks);
  try {
    await send(res, chunks, format, now);
  } finally {
    // When the client has disconnected, or has asked for the headers only, not all of them have been taken.
    await chunks.return();
  }
}

async function send(
  res: Response,
  chunks: AsyncGenerator<readonly StoredDecision[]>,
  format: Format,
  now: Date,
): Promise<void> {
  const { type, header, lines } = formats[format];
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

/** The decisions of each chunk that may be sent. The checks are on record before this says that there are no more. */
async function* checkedChunks(
  chunks: AsyncIterable<readonly StoredDecision[]>,
  checks: RowChecks,
): AsyncGenerator<readonly StoredDecision[], void, undefined> {
  try {
    yield* mapAhead(chunks, (decisions) => checks.permitted(decisions), MAX_CHUNKS_UNDER_WAY);
  } finally {
    await checks.end();
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
