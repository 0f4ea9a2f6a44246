import { promisify } from "node:util";
import { gzip } from "node:zlib";

/** Settings of a {@link Receiver}. */
export interface ReceiverOptions {
  readonly headers: Headers;
  readonly format: "ndjson" | "json";
  readonly gzip: boolean;
  /** ms until a request must have been answered */
  readonly timeout: number;
}

/** An HTTP server that takes events. Each event is a line of JSON. */
export class Receiver {
  readonly #url: URL;
  readonly #options: ReceiverOptions;
  #batch: readonly string[] | undefined;
  /** What the server does not have yet of the batch, in pieces that are small enough as far as is known. */
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
   * @throws Error when not all of it arrived, or it is not known whether it did
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

  /** Aborts the request that is under way, and sends no other. */
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
/** How much is read of a response. A connection can be used again only after its response has been read to the end. */
const MAX_RESPONSE_BYTES = 64 * 1024;

const compress = promisify<string, Buffer>(gzip);

/** Reads the body of a response and drops it. An error does not matter, since the status has been received. */
async function drain({ body }: Response): Promise<void> {
  // With a reader: not all types of streams can be iterated.
  const reader = body?.getReader();
  try {
    for (let length = 0; reader && length <= MAX_RESPONSE_BYTES; ) {
      const { done, value } = await reader.read();
      if (done) return;
      length += value.length;
    }
    // Ends the connection.
    await reader?.cancel();
  } catch {}
}

function closed(): Error {
  return new Error("closed");
}

/** Why a delivery failed, in a few words without secrets. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return "unknown";
  // The message of fetch() is only "fetch failed"; its cause has the reason.
  const cause = error.cause as { readonly code?: unknown; readonly message?: unknown } | undefined;
  return String(cause?.code ?? (cause?.message || error.message));
}
