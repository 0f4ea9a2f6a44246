import { MAX_TIMER_MS } from "../assertions.js";
import { argumentError, settingsFrom } from "./options.js";

/** Settings of {@link httpSink}. */
export interface HttpSinkOptions {
  /** Headers of every request, such as `authorization`. A `content-type` replaces the one of the format. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /**
   * `"ndjson"`: one event per line, as `application/x-ndjson`; `"json"`: an array of events, as `application/json`.
   * Default `"ndjson"`.
   */
  readonly format?: "ndjson" | "json" | undefined;
  /** Whether bodies are compressed, with `content-encoding: gzip`. Default `true`. */
  readonly gzip?: boolean | undefined;
  /** Most events in a request. Default 500. */
  readonly maxEvents?: number | undefined;
  /** Most bytes in a body before it is compressed; a larger event is sent alone. Default 1 MiB. */
  readonly maxBytes?: number | undefined;
  /** How long an event waits for others to be sent with, in ms. Default 1000. */
  readonly maxAge?: number | undefined;
  /** Most bytes of events in memory. Default 16 MiB. */
  readonly capacity?: number | undefined;
  /** How long one delivery may take until it is answered, in ms. Default 10 000. */
  readonly timeout?: number | undefined;
  /**
   * What happens while the memory is full because the receiver does not keep up. `"wait"`: the app's requests wait for
   * up to `patience`, and are then refused with 503. `"drop"`: they go on, and their events are counted but not
   * delivered. Default `"wait"`.
   */
  readonly whenFull?: "wait" | "drop" | undefined;
  /** How long a request of the app waits for room, in ms. Default 1000. */
  readonly patience?: number | undefined;
}

/** {@link HttpSinkOptions} with all defaults filled in. */
export interface HttpSinkSettings extends Required<{ [K in keyof HttpSinkOptions]: NonNullable<HttpSinkOptions[K]> }> {}

const DEFAULTS: HttpSinkSettings = {
  headers: {},
  format: "ndjson",
  gzip: true,
  maxEvents: 500,
  maxBytes: 1024 ** 2,
  maxAge: 1000,
  capacity: 16 * 1024 ** 2,
  timeout: 10_000,
  whenFull: "wait",
  patience: 1000,
};

const RANGES = {
  maxEvents: { min: 1, max: Number.MAX_SAFE_INTEGER },
  maxBytes: { min: 1, max: Number.MAX_SAFE_INTEGER },
  maxAge: { min: 0, max: MAX_TIMER_MS },
  capacity: { min: 1, max: Number.MAX_SAFE_INTEGER },
  timeout: { min: 1, max: MAX_TIMER_MS },
  patience: { min: 0, max: MAX_TIMER_MS },
} as const;

const CHOICES = { format: ["ndjson", "json"], whenFull: ["wait", "drop"], gzip: [true, false] } as const;

const CALLER = "httpSink";

/**
 * The settings of a sink.
 *
 * @throws TypeError when an option is not known or not valid
 */
export function httpSettingsOf(options: HttpSinkOptions): HttpSinkSettings {
  const settings = settingsFrom(CALLER, options, DEFAULTS, RANGES);
  for (const [name, choices] of Object.entries(CHOICES)) {
    if (!choices.some((choice) => choice === settings[name as keyof typeof CHOICES])) {
      throw argumentError(CALLER, `${name} must be ${choices.map((choice) => JSON.stringify(choice)).join(" or ")}`);
    }
  }
  return settings;
}

/**
 * The URL of the receiver.
 *
 * @throws TypeError when it is not one of http or https, or has credentials in it
 */
export function addressOf(url: string): URL {
  const address = URL.canParse(url) ? new URL(url) : undefined;
  // Neither message contains the URL, which may have secrets in it.
  if (!address || !["http:", "https:"].includes(address.protocol)) {
    throw argumentError(CALLER, "the url must be one of http or https, such as https://collector.example/decisions");
  }
  if (address.username || address.password) {
    throw argumentError(CALLER, "the url must be without a user and password; put them in headers: { authorization }");
  }
  return address;
}

/**
 * All headers of a request: those of the settings, and those that describe the body.
 *
 * @throws TypeError when one of the settings' headers cannot be sent
 */
export function headersOf({ headers: own, format, gzip }: HttpSinkSettings): Headers {
  if (typeof own !== "object" || own === null) throw argumentError(CALLER, "headers must be an object");
  const headers = new Headers({ "content-type": CONTENT_TYPES[format] });
  for (const [name, value] of Object.entries(own)) {
    if (typeof value !== "string" || RESERVED_HEADERS.includes(name.toLowerCase()) || !canSet(headers, name, value)) {
      // The message leaves out the value, which often is a secret.
      throw argumentError(CALLER, `the header ${JSON.stringify(name)} cannot be sent`);
    }
  }
  if (gzip) headers.set("content-encoding", "gzip");
  return headers;
}

const CONTENT_TYPES = { ndjson: "application/x-ndjson", json: "application/json" };
/** Headers that the sink sets itself, and those that belong to the connection (RFC 9110, section 7.6.1). */
const RESERVED_HEADERS = [
  "content-encoding",
  "content-length",
  "transfer-encoding",
  "connection",
  "keep-alive",
  "upgrade",
];

function canSet(headers: Headers, name: string, value: string): boolean {
  try {
    headers.set(name, value);
    return true;
  } catch {
    return false;
  }
}
