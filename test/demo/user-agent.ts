interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly host: string;
  readonly path: string;
}

/** An answer and the address that gave it, after all redirects. */
export interface Visit {
  readonly status: number;
  readonly url: URL;
  readonly headers: Headers;
  readonly body: string;
  /** Every address on the way, the last one included. */
  readonly trail: readonly URL[];
}

/**
 * A browser as far as cookies and redirects go, and no further: it runs no JavaScript. Like a browser it keeps cookies
 * by host and path, and does not tell the ports of a host apart.
 */
export class UserAgent {
  #cookies: Cookie[] = [];

  /** Names of the cookies that would be sent to an address. */
  cookieNamesFor(url: string | URL): string[] {
    return this.#cookiesFor(new URL(url)).map((cookie) => cookie.name);
  }

  /** Forgets one cookie, as when it has expired. */
  forget(name: string): void {
    this.#cookies = this.#cookies.filter((cookie) => cookie.name !== name);
  }

  get(url: string | URL, until?: (url: URL) => boolean): Promise<Visit> {
    return this.#visit(new URL(url), undefined, until);
  }

  post(url: string | URL, form: Record<string, string>, until?: (url: URL) => boolean): Promise<Visit> {
    return this.#visit(new URL(url), new URLSearchParams(form), until);
  }

  /** Follows redirects up to an address for which `until` is true; that one is not asked for. */
  async #visit(start: URL, form: URLSearchParams | undefined, until: (url: URL) => boolean = () => false) {
    const trail = [start];
    let url = start;
    let body = form;
    for (let hops = 0; hops < 20; hops++) {
      const response = await fetch(url, {
        method: body ? "POST" : "GET",
        redirect: "manual",
        headers: { Accept: "text/html", Cookie: this.#cookiesFor(url).map(pair).join("; ") },
        ...(body ? { body } : {}),
      });
      this.#keep(response, url);
      const text = await response.text();
      const location = response.headers.get("location");
      const next = location === null ? undefined : new URL(location, url);
      if (next) trail.push(next);
      if (!next || until(next)) {
        return { status: response.status, url: next ?? url, headers: response.headers, body: text, trail };
      }
      url = next;
      body = undefined;
    }
    throw new Error(`too many redirects, the last one to ${url}`);
  }

  #cookiesFor(url: URL): Cookie[] {
    return this.#cookies.filter(
      ({ host, path }) =>
        host === url.hostname &&
        (url.pathname === path || url.pathname.startsWith(path.endsWith("/") ? path : `${path}/`)),
    );
  }

  #keep(response: Response, { hostname }: URL): void {
    for (const line of response.headers.getSetCookie()) {
      const [first = "", ...attributes] = line.split("; ");
      const [name = "", value = ""] = split(first);
      const attribute = new Map(
        attributes.map((text) => split(text)).map(([key = "", val]) => [key.toLowerCase(), val]),
      );
      const path = attribute.get("path") ?? "/";
      this.#cookies = this.#cookies.filter((cookie) => cookie.name !== name || cookie.path !== path);
      const expires = attribute.get("expires");
      if (expires !== undefined && Date.parse(expires) <= Date.now()) continue;
      this.#cookies.push({ name, value, host: hostname, path });
    }
  }
}

function pair({ name, value }: Cookie): string {
  return `${name}=${value}`;
}

function split(text: string): string[] {
  const at = text.indexOf("=");
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}
