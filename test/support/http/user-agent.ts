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

/** What a request says besides where it goes. */
export interface RequestOptions {
  /** Default: GET. */
  readonly method?: string;
  /** Besides `Accept: text/html`, as browsers ask for pages, and the cookies. */
  readonly headers?: Readonly<Record<string, string>>;
  /** A form when it is a `URLSearchParams`. */
  readonly body?: string | Uint8Array<ArrayBuffer> | URLSearchParams;
  /** Whether redirects are followed. Default: no. */
  readonly follow?: boolean;
  /** Where following ends: at an address for which this is true, and that one is not asked for. */
  readonly until?: (url: URL) => boolean;
}

/**
 * A browser as far as cookies and redirects go, those of pages included, and no further: it runs no JavaScript. Like a browser it keeps cookies
 * by host and path, and does not tell the ports of a host apart.
 */
export class UserAgent {
  #cookies: Cookie[] = [];

  /** Names of the cookies that would be sent to an address. */
  cookieNamesFor(url: string | URL): string[] {
    return this.#cookiesFor(new URL(url)).map((cookie) => cookie.name);
  }

  /** The `Cookie` header that would be sent to an address. */
  cookieHeaderFor(url: string | URL): string {
    return this.#cookiesFor(new URL(url)).map(pair).join("; ");
  }

  /** Forgets one cookie, as when it has expired. */
  forget(name: string): void {
    this.#cookies = this.#cookies.filter((cookie) => cookie.name !== name);
  }

  /** Takes a cookie from elsewhere, in place of one of the same name. */
  plant(url: string | URL, name: string, value: string): void {
    this.forget(name);
    this.#cookies.push({ name, value, host: new URL(url).hostname, path: "/" });
  }

  /** Follows a link. */
  get(url: string | URL, until?: (url: URL) => boolean): Promise<Visit> {
    return this.request(url, { follow: true, ...(until && { until }) });
  }

  /** Submits a form. */
  post(url: string | URL, form: Record<string, string>, until?: (url: URL) => boolean): Promise<Visit> {
    return this.request(url, {
      method: "POST",
      body: new URLSearchParams(form),
      follow: true,
      ...(until && { until }),
    });
  }

  /**
   * Sends any request with the cookies that belong to its address, and keeps those that come back.
   *
   * @throws Error after 20 redirects
   */
  async request(start: string | URL, options: RequestOptions = {}): Promise<Visit> {
    const { follow = false, until = () => false } = options;
    let { method = "GET", body } = options;
    let url = new URL(start);
    const trail = [url];
    for (let hops = 0; hops < 20; hops++) {
      const cookies = this.cookieHeaderFor(url);
      const response = await fetch(url, {
        method,
        redirect: "manual",
        headers: { Accept: "text/html", ...(cookies && { Cookie: cookies }), ...options.headers },
        ...(body === undefined ? {} : { body }),
      });
      this.#keep(response, url);
      const text = await response.text();
      const location = response.headers.get("location");
      // A 201 has a Location too, and it is no redirect.
      const onward = location === null || response.status < 300 ? onwardIn(text) : location;
      const next = onward === undefined ? undefined : new URL(onward, url);
      if (next) trail.push(next);
      if (!next || !follow || until(next)) {
        return { status: response.status, url: next ?? url, headers: response.headers, body: text, trail };
      }
      url = next;
      method = "GET";
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

/** Where a page sends the browser by itself. */
function onwardIn(html: string): string | undefined {
  return /<meta http-equiv="refresh" content="0; url=([^"]+)">/.exec(html)?.[1]?.replaceAll(/&(amp|#38);/g, "&");
}

function pair({ name, value }: Cookie): string {
  return `${name}=${value}`;
}

function split(text: string): string[] {
  const at = text.indexOf("=");
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}
