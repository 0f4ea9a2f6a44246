/** A refusal that the app itself makes, rendered as a page or as problem details (RFC 9457). */
export class ProblemError extends Error {
  readonly status: number;
  /** Short, the same for every occurrence. */
  readonly title: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Messages for single fields of the input, by field. */
  readonly fields: Readonly<Record<string, string>> | undefined;

  constructor(
    status: number,
    title: string,
    detail: string,
    more: { headers?: Record<string, string>; fields?: Readonly<Record<string, string>> } = {},
  ) {
    super(detail);
    this.name = "ProblemError";
    this.status = status;
    this.title = title;
    this.headers = more.headers ?? {};
    this.fields = more.fields;
  }
}

/** A service that the app needs does not answer: 503, to be tried again in some seconds. */
export function unavailable(title: string, detail: string): ProblemError {
  return new ProblemError(503, title, detail, { headers: { "Retry-After": "2" } });
}
