/**
 * A request that the app refuses or cannot answer. The error handler renders it as a page or as problem details
 * (RFC 9457).
 */
export class ProblemError extends Error {
  readonly status: number;
  /** Short, and the same for every occurrence of the problem. */
  readonly title: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Messages for single fields of the input, by field. */
  readonly fields: Readonly<Record<string, string>> | undefined;

  /**
   * @param status - of the HTTP answer
   * @param detail - what went wrong this time, and what the client can do
   * @param more - headers of the answer, and messages for fields of the input
   */
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

/** The error for a service that does not answer: 503. The client may try again after two seconds. */
export function unavailable(title: string, detail: string): ProblemError {
  return new ProblemError(503, title, detail, { headers: { "Retry-After": "2" } });
}
