import assert from "node:assert/strict";
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { text } from "node:stream/consumers";
import { useProxiedStack } from "../../support/okta/issuer-stacks.js";

const MAX_REQUESTS_TO_LIMIT = 200;

describe("the links of an error page", () => {
  const { stack } = useProxiedStack();

  /** A page for a request whose target is sent as it is given, which may be no path. */
  async function pageFor(target: string): Promise<{ status: number; page: string }> {
    const { hostname, port } = new URL(stack.url);
    const headers = { Accept: "text/html", "X-Forwarded-For": "192.0.2.90", "X-Forwarded-Proto": "https" };
    const [response] = (await once(request({ hostname, port, path: target, headers }).end(), "response")) as [
      IncomingMessage,
    ];
    return { status: response.statusCode ?? 0, page: await text(response) };
  }

  before(async () => {
    for (let sent = 0; sent < MAX_REQUESTS_TO_LIMIT; sent++) if ((await pageFor("/")).status === 429) return;
    assert.fail("nothing was refused");
  });

  for (const target of [
    "//elsewhere.example/",
    "//elsewhere.example/%2e%2e/contacts?q=1",
    "/\\elsewhere.example/",
    "/.//elsewhere.example/",
    "///elsewhere.example/",
    "http://elsewhere.example/contacts",
    "/contacts?q=//elsewhere.example",
  ]) {
    it(`stay within the app, whatever was asked for: ${target}`, async () => {
      const { status, page } = await pageFor(target);
      assert.equal(status, 429);
      const links = [...page.matchAll(/href="([^"]*)"/g)].map(([, href = ""]) => href.replaceAll("&amp;", "&"));
      assert(links.length > 2);
      for (const link of links) {
        assert.match(link, /^[/#]/);
        assert.equal(new URL(link, "https://app.example").origin, "https://app.example", link);
      }
    });
  }

  it("lead to what was asked for, when that is in the app", async () => {
    const { page } = await pageFor("/contacts?q=a&sort=-name");
    assert(page.includes('href="/contacts?q=a&amp;sort=-name">Try again'), page);
  });
});
