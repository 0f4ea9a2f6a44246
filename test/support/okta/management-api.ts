import type { IdentityProvider } from "../../../app/demo/identity-provider/index.js";

/** An answer of the Management API. */
export interface ApiAnswer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: each test knows the shape of what it asks for
  readonly body: any;
}

/**
 * A client of a stand-in's Management API, for one request at a time.
 *
 * @param authorization - default: the organization's API token
 */
export function managementApi({ issuer, org }: IdentityProvider, authorization = `SSWS ${org.apiToken}`) {
  const { origin } = new URL(issuer);
  return async (method: string, path: string, body?: unknown): Promise<ApiAnswer> => {
    const response = await fetch(new URL(path, origin), {
      method,
      headers: { Authorization: authorization, ...(body === undefined ? {} : { "Content-Type": "application/json" }) },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = response.headers.get("content-type")?.startsWith("application/json");
    return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
  };
}

export type ManagementApi = ReturnType<typeof managementApi>;

/** The address in an answer's link, or undefined. */
export function linkOf({ headers }: ApiAnswer, rel: "self" | "next"): string | undefined {
  return new RegExp(`<([^>]*)>; rel="${rel}"`).exec(headers.get("link") ?? "")?.[1];
}

/** All entries of a list, page by page. */
export async function allPages(
  api: ManagementApi,
  path: string,
): Promise<{ entries: ApiAnswer["body"][]; pages: number }> {
  const entries: ApiAnswer["body"][] = [];
  let pages = 0;
  for (let next: string | undefined = path; next !== undefined; pages++) {
    const answer: ApiAnswer = await api("GET", next);
    if (answer.status !== 200) throw new Error(`${next} answered ${answer.status}`);
    entries.push(...answer.body);
    next = linkOf(answer, "next");
  }
  return { entries, pages };
}
