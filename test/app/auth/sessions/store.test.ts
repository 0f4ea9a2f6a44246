import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import express, { type RequestHandler } from "express";
import session from "express-session";
import { SessionEndedError, SessionStore } from "../../../../app/auth/sessions/store.js";
import { sessions } from "../../../../app/db/schema.js";
import { describeOnEachEngine } from "../../../support/database/suites.js";
import { UserAgent } from "../../../support/http/user-agent.js";

describeOnEachEngine("the store of sessions", (db) => {
  let server: Server;
  let url: string;
  /** What a request does once it has read its session. */
  let act: RequestHandler;

  before(async () => {
    const app = express();
    const store = new SessionStore(db, {
      ...{ lifetimeMs: () => 60_000, idleMs: 60_000 },
      ...{ addressOf: () => null, onExpired: () => {} },
    });
    app.use(session({ store, secret: "secret", resave: false, saveUninitialized: false }));
    app.get("/begin", (req, res) => {
      req.session.notice = { path: "/", text: "begun" };
      res.end();
    });
    app.get("/act", (req, res, next) => act(req, res, next));
    app.get("/end", (req, res, next) => req.session.destroy((error) => (error ? next(error) : res.end())));
    app.get("/", (req, res) => res.json(req.session.notice?.text ?? null));
    app.use(((error: Error, _req, res, _next) => res.status(500).end(error.name)) as express.ErrorRequestHandler);
    server = createServer(app).listen(0, "127.0.0.1");
    await once(server, "listening");
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => server?.close());

  const noticeOf = async (browser: UserAgent) => JSON.parse((await browser.request(`${url}/`)).body);
  async function begun() {
    const browser = new UserAgent();
    await browser.request(`${url}/begin`);
    assert.equal(await noticeOf(browser), "begun");
    return browser;
  }
  /** A request that acts in its session after another request has ended it. */
  async function actLate(browser: UserAgent, what: RequestHandler) {
    act = async (req, res, next) => {
      await browser.request(`${url}/end`);
      what(req, res, next);
    };
    return browser.request(`${url}/act`);
  }

  it("keeps nothing by which anybody could use a session", async () => {
    const id = /s%3A([\w-]+)\./.exec((await begun()).cookieHeaderFor(url))?.[1] ?? assert.fail();
    const rows = await db.select().from(sessions);
    assert(rows.length > 0);
    assert(!JSON.stringify(rows).includes(id));
  });

  it("writes nothing to a session that another request has ended, and says nothing of it", async () => {
    const browser = await begun();
    const answer = await actLate(browser, (req, res, next) => {
      req.session.notice = { path: "/", text: "brought back" };
      req.session.save((error) => (error ? next(error) : res.end("done")));
    });
    assert.deepEqual([answer.status, answer.body], [200, "done"]);
    assert.deepEqual(answer.headers.getSetCookie(), []);
    assert.equal(await noticeOf(browser), null);
  });

  it("puts no new session in the place of one that another request has ended", async () => {
    const browser = await begun();
    const answer = await actLate(browser, (req, res, next) => {
      req.session.regenerate((error) => (error ? next(error) : res.end()));
    });
    assert.deepEqual([answer.status, answer.body], [500, new SessionEndedError(false).name]);
    assert.deepEqual(answer.headers.getSetCookie(), []);
  });

  it("puts a new session in the place of the one that a request has", async () => {
    const browser = await begun();
    const old = browser.cookieHeaderFor(url);
    act = (req, res, next) => {
      req.session.regenerate((error) => {
        req.session.notice = { path: "/", text: "another" };
        error ? next(error) : res.end();
      });
    };
    await browser.request(`${url}/act`);
    assert.notEqual(browser.cookieHeaderFor(url), old);
    assert.equal(await noticeOf(browser), "another");
    const kept = new UserAgent();
    kept.plant(url, "connect.sid", old.replace("connect.sid=", ""));
    assert.equal(await noticeOf(kept), null);
  });
});
