import { invalid, MAX_TIMER_MS, settingsFrom } from "./options.js";

/** Settings of {@link httpSink}. */
export interface HttpSinkOptions {
  /** Headers of every request, such as `authorization`. A `content-type` takes the place of the format's own. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /**
   * `"ndjson"`: one event a line, as `application/x-ndjson`; `"json"`: an array of events, as `application/json`.
   * Default `"ndjson"`.
   */
  readonly format?: "ndjson" | "json" | undefined;
  /** Whether bodies are compressed, with `content-encoding: gzip`. Default `true`. */
  readonly gzip?: boolean | undefined;
  /** Events in a request, at most. Default 500. */
  readonly maxEvents?: number | undefined;
  /** Bytes in a body before it is compressed, at most; a larger event is sent alone. Default 1 MiB. */
  readonly maxBytes?: number | undefined;
  /** How long an event waits for others that are sent with it, in ms. Default 1000. */
  readonly maxAge?: number | undefined;
  /** Bytes of events in memory, at most. Default 16 MiB. */
  readonly capacity?: number | undefined;
  /** How long one delivery may take until it is answered, in ms. Default 10 000. */
  readonly timeout?: number | undefined;
  /**
   * What happens while the capacity is used up, because the receiver has not kept up. `"wait"`: the app's requests wait
   * for up to `patience`, and are refused with 503 then. `"drop"`: they go on; their events are counted, and not
   * delivered. Default `"wait"`.
   */
  readonly whenFull?: "wait" | "drop" | undefined;
  /** How long a request of the app waits for room, in ms. Default 1000. */
  readonly patience?: number | undefined;
}

/** Settings with nothing left open. */
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

const WHOLE_NUMBERS = {
  maxEvents: { least: 1, most: Number.MAX_SAFE_INTEGER },
  maxBytes: { least: 1, most: Number.MAX_SAFE_INTEGER },
  maxAge: { least: 0, most: MAX_TIMER_MS },
  capacity: { least: 1, most: Number.MAX_SAFE_INTEGER },
  timeout: { least: 1, most: MAX_TIMER_MS },
  patience: { least: 0, most: MAX_TIMER_MS },
} as const;

const CHOICES = { format: ["ndjson", "json"], whenFull: ["wait", "drop"], gzip: [true, false] } as const;

const CALLER = "httpSink";

/** @throws TypeError when an option is not known or not valid */
export function httpSettingsOf(options: HttpSinkOptions): HttpSinkSettings {
  const settings = settingsFrom(CALLER, options, DEFAULTS, WHOLE_NUMBERS);
  for (const [name, choices] of Object.entries(CHOICES)) {
    if (!choices.some((choice) => choice === settings[name as keyof typeof CHOICES])) {
      throw invalid(CALLER, `${name} must be ${choices.map((choice) => JSON.stringify(choice)).join(" or ")}`);
    }
  }
  return settings;
}

/** @throws TypeError when it is not an address that can be posted to */
export function addressOf(url: string): URL {
  const address = URL.canParse(url) ? new URL(url) : undefined;
  // Neither message tells the address: there may be secrets in it.
  if (!address || !["http:", "https:"].includes(address.protocol)) {
    throw invalid(CALLER, "the url must be one of http or https, such as https://collector.example/decisions");
  }
  if (address.username || address.password) {
    throw invalid(CALLER, "the url must be without a user and password; put them in headers: { authorization }");
  }
  return address;
}

/**
 * All headers of a request.
 *
 * @throws TypeError when one of the settings' cannot be sent
 */
export function headersOf({ headers: own, format, gzip }: HttpSinkSettings): Headers {
  if (typeof own !== "object" || own === null) throw invalid(CALLER, "headers must be an object");
  const headers = new Headers({ "content-type": CONTENT_TYPES[format] });
  for (const [name, value] of Object.entries(own)) {
    if (typeof value !== "string" || RESERVED_HEADERS.includes(name.toLowerCase()) || !canSet(headers, name, value)) {
      // Not the value, which is a secret more often than not.
      throw invalid(CALLER, `the header ${JSON.stringify(name)} cannot be sent`);
    }
  }
  if (gzip) headers.set("content-encoding", "gzip");
  return headers;
}

const CONTENT_TYPES = { ndjson: "application/x-ndjson", json: "application/json" };
/** Headers that tell of a body's form, and those that are the connection's. */
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
