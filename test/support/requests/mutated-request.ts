import fc from "fast-check";
import { encoded, headerText, text, value } from "../properties/arbitraries.js";

/** A route of the app, as `routesOf` lists it. */
export interface RoutePlace {
  readonly method: string;
  readonly path: string;
}

/** A request that was made of one that the app expects, by changes that it may not. */
export interface MutatedRequest {
  readonly method: string;
  /** With `{contact}`, `{decision}` and `{person}` for ids that the trial knows. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | undefined;
  /** Which of the identities sends it. */
  readonly identity: number;
  /** Whether it brings the session's CSRF token. */
  readonly hasCsrfToken: boolean;
  /** Which of the ids. */
  readonly pick: number;
}

/** Occurs in requests, and so must not occur in the log. */
export const SENT_WORD = "sentword5d1c";

/** One time in ten. */
function seldom<T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> {
  return fc.oneof({ weight: 9, arbitrary: fc.constant(null) }, { weight: 1, arbitrary });
}

const JSON_TYPE = "application/json";
const FORM_TYPE = "application/x-www-form-urlencoded";
const people = ["alice", "uma", "omar", "audrey", "nina", "nobody"].map((name) => `${name}@example.com`);
const names = [
  ...["firstName", "lastName", "email", "phone", "company", "title", "notes", "visibility", "as", "userId", "version"],
  ...["key", "id", "ownerId", "department", "sharedWith", "editors", "createdAt", "_csrf", "_method", "since"],
  ...["tags", "name", "query"],
  ...["__proto__", "constructor", "constructor[prototype][isAdmin]", "a[b]", "a.b", "toString", ""],
];
const someText = fc.oneof(text, fc.constant(SENT_WORD), fc.constantFrom(...people));
const id = fc.oneof(
  { weight: 8, arbitrary: fc.constant("{contact}") },
  { weight: 2, arbitrary: fc.constant("{decision}") },
  { weight: 2, arbitrary: fc.constant("{person}") },
  { weight: 1, arbitrary: fc.constantFrom("00000000-0000-4000-8000-000000000000", "new", "*", "%", "%00", "%c0%ae") },
  { weight: 1, arbitrary: text.map((part) => encoded(part).slice(0, 300)) },
);
const segment = fc.constantFrom("", "..", ".", "%2e%2e", "%2f", "%5c", ";x=y", "{contact}", "edit", "//", "%E0%A4");
const query = fc.oneof(
  { weight: 3, arbitrary: fc.constant("") },
  {
    weight: 3,
    arbitrary: fc
      .array(
        fc.tuple(
          fc.constantFrom(
            ...["q", "sort", "show", "limit", "after", "person", "contact", "action", "effect", "asked", "from", "to"],
            ...[
              "format",
              "code",
              "state",
              "error",
              "returnTo",
              "login_hint",
              "lastEventId",
              "q[]",
              "__proto__",
              "retry",
              "view",
              "owner",
              "company",
              "tag",
              "changedSince",
              "before",
            ],
          ),
          fc.oneof(someText, fc.constantFrom("name", "-created", "1", "100", "csv", "ndjson", "allow", "deny", "all")),
        ),
        { maxLength: 4 },
      )
      .map((pairs) => pairs.map(([name, of]) => `${name}=${encoded(of)}`).join("&")),
  },
  fc.string({ unit: fc.constantFrom(..."&=?%+;[]abz0019/\\~"), maxLength: 30 }),
);

/** What each route can take. */
const valid = {
  ...{ firstName: "Changed", lastName: "Person", email: "omar@example.com", as: "editor", visibility: "private" },
  ...{ userId: "00u2n7xv6rOmarLk5d75", version: "1", since: "2026-11-28T09:30:00.000Z" },
  ...{ tags: "customer, vip", name: "A view", query: "view=mine&tag=vip" },
};
const validBodies: readonly (readonly [string, string])[] = [
  [FORM_TYPE, new URLSearchParams(valid).toString()],
  [FORM_TYPE, new URLSearchParams({ ...valid, email: "uma@example.com", as: "viewer" }).toString()],
  [JSON_TYPE, JSON.stringify(valid)],
  [JSON_TYPE, JSON.stringify({ ...valid, email: "uma@example.com", visibility: "everyone" })],
];
const pairs = fc.array(fc.tuple(fc.constantFrom(...names), someText), { maxLength: 12 });
const typedBody = fc.oneof(
  { weight: 25, arbitrary: fc.constantFrom(...validBodies).map(([type, of]) => [type, Buffer.from(of)] as const) },
  {
    weight: 3,
    arbitrary: pairs.map((all) => [FORM_TYPE, all.map(([name, of]) => `${encoded(name)}=${encoded(of)}`).join("&")]),
  },
  {
    weight: 3,
    // As text, so that names may occur twice, and `__proto__` is a name like others.
    arbitrary: fc
      .array(fc.tuple(fc.constantFrom(...names), value), { maxLength: 12 })
      .map((all) => [
        JSON_TYPE,
        `{${all.map(([name, of]) => `${JSON.stringify(name)}:${JSON.stringify(of)}`).join(",")}}`,
      ]),
  },
  value.map((of) => [JSON_TYPE, JSON.stringify(of)]),
  fc.tuple(fc.constantFrom(JSON_TYPE, FORM_TYPE, "application/merge-patch+json"), fc.string({ maxLength: 60 })),
  fc.tuple(headerText, fc.string({ maxLength: 60 })),
  pairs.map((all) => [
    "multipart/form-data; boundary=x",
    `${all.map(([name, of]) => `--x\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${of}\r\n`).join("")}--x--`,
  ]),
  // Not UTF-8.
  fc
    .tuple(fc.constantFrom(JSON_TYPE, FORM_TYPE, `${JSON_TYPE}; charset=utf-16`), fc.uint8Array({ maxLength: 60 }))
    .map(([type, bytes]) => [type, Buffer.concat([Buffer.from('{"firstName":"'), bytes, Buffer.from('"}')])] as const),
  fc.constantFrom(JSON_TYPE, FORM_TYPE).map((type) => [type, Buffer.alloc(150_000, "a")] as const),
  fc.constant([JSON_TYPE, "[".repeat(20_000)]),
  fc.constant([FORM_TYPE, "a=1&".repeat(5_000)]),
);

const headers = fc.record(
  {
    accept: fc.oneof(
      { weight: 8, arbitrary: fc.constantFrom("text/html", "application/json", "*/*", "text/event-stream") },
      headerText,
    ),
    "if-match": fc.oneof({ weight: 8, arbitrary: fc.constantFrom('"1"', '"1"', "*", 'W/"1"', '"2"') }, headerText),
  },
  { requiredKeys: ["accept", "if-match"] },
);
const otherHeaders = fc.oneof(
  { weight: 2, arbitrary: fc.constant({}) },
  fc.dictionary(
    fc.constantFrom(
      ...["x-request-id", "x-http-method-override", "range", "if-none-match", "if-modified-since", "x-forwarded-for"],
      ...["x-forwarded-proto", "x-forwarded-host", "host", "origin", "referer", "sec-fetch-site", "content-encoding"],
      ...["traceparent", "last-event-id", "accept-language", "x-original-url", "content-language", "te"],
    ),
    fc.oneof(headerText, fc.constantFrom("same-origin", "cross-site", "gzip", "bytes=0-1", "*", "https", "127.0.0.1")),
    { maxKeys: 3 },
  ),
);

/**
 * What the app expects, at each route and from each identity, for some of the contacts: a guard that is missing, or asks for
 * something else, is seen here for certain.
 *
 * @param identities - how many there are
 * @param picks - how many of the contacts
 */
export function expectedRequests(
  routes: readonly RoutePlace[],
  identities: number,
  picks: number,
): readonly MutatedRequest[] {
  const of = (length: number) => Array.from({ length }, (_, n) => n);
  return routes.flatMap(({ method, path }, n) =>
    of(identities).flatMap((identity) =>
      of(/:\w+/.test(path) ? picks : 1).map((pick) => {
        const [type, body] = method === "GET" ? [] : (validBodies[(n + pick) % validBodies.length] ?? []);
        return {
          method,
          path: path.replace(/:\w+|\*\w+/g, idIn(path)),
          headers: {
            accept: type === FORM_TYPE ? "text/html" : JSON_TYPE,
            "if-match": '"1"',
            ...(type !== undefined && { "content-type": type }),
          },
          body: body === undefined ? undefined : Buffer.from(body),
          identity,
          pick,
          hasCsrfToken: true,
        };
      }),
    ),
  );
}

/** What ids a route's path has. */
function idIn(path: string): string {
  if (path.startsWith("/directory")) return "{person}";
  return path.startsWith("/audit") ? "{decision}" : "{contact}";
}

/**
 * Any request to any of some routes, mostly near to one that the app expects.
 *
 * @param identities - how many there are
 */
export function mutatedRequest(routes: readonly RoutePlace[], identities: number): fc.Arbitrary<MutatedRequest> {
  return fc
    .record({
      route: fc.constantFrom(...routes),
      id,
      otherMethod: seldom(fc.constantFrom("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")),
      extra: seldom(segment),
      prefix: seldom(fc.constantFrom("/", "/.", "/contacts/..", "//", "http://elsewhere.example")),
      isUpperCase: fc.nat(20).map((n) => n === 0),
      query,
      headers,
      otherHeaders,
      typedBody: fc.option(typedBody, { freq: 6 }),
      identity: fc.nat(identities - 1),
      pick: fc.nat(),
      hasCsrfToken: fc.nat(4).map((n) => n > 0),
    })
    .map(({ route, otherMethod, extra, prefix, isUpperCase, typedBody, ...rest }) => {
      const method = otherMethod ?? route.method;
      const known = route.path.replace(/:\w+|\*\w+/g, rest.id);
      const path = `${prefix ?? ""}${isUpperCase ? upperCase(known) : known}${extra === null ? "" : `/${extra}`}`;
      const [type, body] = ["GET", "HEAD"].includes(method) ? [] : (typedBody ?? []);
      return {
        method,
        path: rest.query ? `${path}?${rest.query}` : path,
        headers: { ...rest.otherHeaders, ...rest.headers, ...(type !== undefined && { "content-type": String(type) }) },
        body: body === undefined ? undefined : Buffer.from(body as string | Buffer),
        identity: rest.identity,
        pick: rest.pick,
        hasCsrfToken: rest.hasCsrfToken,
      };
    });
}

/** Without the placeholders, which stay as they are. */
function upperCase(path: string): string {
  return path.replace(/\{\w+\}|[^{}]+/g, (part) => (part.startsWith("{") ? part : part.toUpperCase()));
}
