import { promisify } from "node:util";
import { gzip } from "node:zlib";

/** How a {@link Receiver} is spoken to. */
export interface ReceiverOptions {
  readonly headers: Headers;
  readonly format: "ndjson" | "json";
  readonly gzip: boolean;
  /** ms for one request */
  readonly timeout: number;
}

/** An HTTP server that takes events, each a line of JSON. */
export class Receiver {
  readonly #url: URL;
  readonly #options: ReceiverOptions;
  /** The batch under delivery, and what it does not have of it yet, in pieces that it may be able to take. */
  #batch: readonly string[] | undefined;
  #pieces: (readonly string[])[] = [];
  #request: AbortController | undefined;
  #ended = false;

  constructor(url: URL, options: ReceiverOptions) {
    this.#url = url;
    this.#options = options;
  }

  /**
   * Delivers a batch. When the same array is delivered again, pieces that have arrived are not sent a second time.
   *
   * @throws Error when it did not arrive, or it is not known whether it did
   */
  async take(batch: readonly string[]): Promise<void> {
    if (batch !== this.#batch) this.#pieces = [batch];
    this.#batch = batch;
    for (let piece = this.#pieces[0]; piece; piece = this.#pieces[0]) {
      const status = await this.#post(piece);
      if (status >= 200 && status < 300) {
        this.#pieces.shift();
      } else if (status === CONTENT_TOO_LARGE && piece.length > 1) {
        const half = Math.ceil(piece.length / 2);
        this.#pieces.splice(0, 1, piece.slice(0, half), piece.slice(half));
      } else {
        throw new Error(`status ${status}`);
      }
    }
    this.#batch = undefined;
  }

  /** Sends nothing more, and gives up the request that is under way. */
  end(): void {
    this.#ended = true;
    this.#request?.abort(closed());
  }

  /** @returns the status of the answer */
  async #post(lines: readonly string[]): Promise<number> {
    if (this.#ended) throw closed();
    const { headers, format, gzip, timeout } = this.#options;
    const text = format === "json" ? `[${lines.join()}]` : `${lines.join("\n")}\n`;
    const request = new AbortController();
    const timer = setTimeout(() => request.abort(new Error(`no answer within ${timeout} ms`)), timeout);
    this.#request = request;
    try {
      const body = gzip ? new Uint8Array(await compress(text)) : text;
      const response = await fetch(this.#url, {
        method: "POST",
        headers,
        body,
        redirect: "error",
        signal: request.signal,
      });
      await drain(response);
      return response.status;
    } finally {
      clearTimeout(timer);
      this.#request = undefined;
    }
  }
}

const CONTENT_TOO_LARGE = 413;
/** What is read of an answer. A connection can be used again only when its answer has been read to the end. */
const MAX_ANSWER_BYTES = 64 * 1024;

const compress = promisify<string, Buffer>(gzip);

/** Reads the rest of an answer and drops it. Its status has been received, even if the connection fails now. */
async function drain({ body }: Response): Promise<void> {
  let length = 0;
  try {
    for await (const chunk of body ?? []) {
      length += chunk.length;
      // Leaving the loop ends the connection.
      if (length > MAX_ANSWER_BYTES) return;
    }
  } catch {}
}

function closed(): Error {
  return new Error("closed");
}

/** What went wrong with a delivery, in a few words that hold nothing secret. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return "unknown";
  // fetch() itself says only "fetch failed".
  const cause = error.cause as { readonly code?: unknown; readonly message?: unknown } | undefined;
  return String(cause?.code ?? (cause?.message || error.message));
}
