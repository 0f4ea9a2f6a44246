import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import { closeServer, listen } from "../../app/demo/identity-provider/listen.js";
import { headingOf, loading, pressLogOut, useBrowsing, visit } from "../support/browser/browsing.js";
import { standInFor } from "../support/fixture.js";
import { useIssuerStack } from "../support/okta/issuer-stacks.js";

/** Okta may redirect to other sites: to a custom domain, or to another identity provider. */
describe("in a browser: a form that ends at Okta, which redirects to a third site", function () {
  this.timeout(120_000);
  const { stack, issuer } = useIssuerStack();
  const browsing = useBrowsing({
    stack: standInFor(() => ({
      ...stack,
      url: stack.url,
      token: () => issuer.accessToken({ uid: "alice", sub: "alice@test.example", groups: ["admin"] }),
    })),
  });
  let thirdSite: Server;
  let visits = 0;

  before(async () => {
    issuer.accounts.set("fay", { idToken: { sub: "fay", email: "fay@test.example", groups: ["user"] } });
    // Whom it knows already, it lets in without a hint.
    issuer.accounts.set("", { idToken: { sub: "fay", email: "fay@test.example", groups: ["user"] } });
    thirdSite = createServer((req, res) => {
      visits++;
      const to = new URL(req.url ?? "", "http://third.example").searchParams.get("to") ?? "";
      res.writeHead(302, { Location: to }).end();
    });
    issuer.detour = `http://127.0.0.1:${await listen(thirdSite)}/`;
  });
  after(async () => {
    issuer.detour = undefined;
    issuer.accounts.delete("");
    if (thirdSite) await closeServer(thirdSite);
  });
  beforeEach(() => {
    visits = 0;
  });

  it("logs out here and there, and shows the start page", async () => {
    const page = await browsing.stranger();
    await visit(page, "/login?login_hint=fay");
    visits = 0;
    assert.equal(await pressLogOut(page), 200);
    assert.equal(page.url(), `${stack.url}/`);
    assert.equal(await headingOf(page), "Contacts, kept behind the gate");
    assert.equal(visits, 1);
  });

  it("logs out without JavaScript, and the way there is a link too", async () => {
    const page = await browsing.stranger({ javaScriptEnabled: false });
    await visit(page, "/login?login_hint=fay");
    assert.equal(await pressLogOut(page), 200);
    assert.equal(page.url(), `${stack.url}/`);
  });

  it("logs in from a search when the session is over, and shows what was searched for", async () => {
    const page = await browsing.stranger();
    await visit(page, "/login?login_hint=fay&returnTo=/contacts");
    await page.context().clearCookies();
    visits = 0;
    await page.getByRole("searchbox").fill("nobody at all");
    assert.equal(await loading(page, () => page.getByRole("searchbox").press("Enter")), 200);
    assert.equal(new URL(page.url()).pathname, "/contacts");
    assert.equal(new URL(page.url()).searchParams.get("q"), "nobody at all");
    assert.equal(visits, 1);
  });
});
