import assert from "node:assert/strict";
import { OktaApi } from "../../../../app/directory/okta-api/client.js";
import { OktaApiError } from "../../../../app/directory/okta-api/errors.js";
import { useFixture } from "../../../support/fixture.js";
import { ApiServer, json, oktaUser } from "../../../support/okta/api-server.js";
import { silentLogger } from "../../../support/telemetry/silent-logger.js";

describe("what Okta's API says", () => {
  const server = useFixture(
    () => ApiServer.start(),
    (started) => started.stop(),
  );
  const api = (attributes: string[] = []) =>
    new OktaApi({
      org: server.origin,
      credentials: { token: "00T" },
      attributes,
      managerAttribute: "managerId",
      logger: silentLogger,
    });
  const answering = (body: unknown) => {
    server.answer = (res) => json(res, 200, body);
    return api(["costCenter", "badge", "missing", "toString", "title"]);
  };

  it("becomes a user with the attributes that were asked for", async () => {
    const profile = {
      department: "Sales",
      title: null,
      timezone: "Europe/Zurich",
      costCenter: "c1",
      badge: null,
      mobilePhone: "555",
    };
    assert.deepEqual(await answering(oktaUser("00u1", profile)).user("00u1"), {
      ...{ id: "00u1", status: "ACTIVE", lastUpdated: "2026-11-01T08:00:00.000Z" },
      ...{ login: "00u1@example.com", email: "00u1@example.com", name: "Ada King", department: "Sales", title: "" },
      ...{ timeZone: "Europe/Zurich", manager: "" },
      attributes: { costCenter: "c1", badge: null, missing: null, toString: null, title: null },
    });
  });

  it("names a manager by a text, without spaces around; anything else names nobody", async () => {
    const named = async (managerId: unknown) =>
      (await answering(oktaUser("00u1", { managerId })).user("00u1"))?.manager;
    assert.equal(await named(" 00uBoss\t"), "00uBoss");
    assert.equal(await named("boss@example.com"), "boss@example.com");
    for (const none of [null, "", " ", 7, true, ["00uBoss"], { id: "00uBoss" }, "a\0b", "\ud800"]) {
      assert.equal(await named(none), "", JSON.stringify(none));
    }
    assert.equal((await answering(oktaUser("00u1", { manager: "00uBoss" })).user("00u1"))?.manager, "");
  });

  it("has values of attributes that reach policies as Okta has them, or else a word for what is wrong", async () => {
    const kept = async (profile: string) => {
      const text = JSON.stringify(oktaUser("00u1", { costCenter: "VALUE" })).replace('"VALUE"', profile);
      server.answer = (res) => res.writeHead(200, { "Content-Type": "application/json" }).end(text);
      const user = await api(["costCenter"]).user("00u1");
      return user?.attributes.costCenter;
    };
    for (const usable of [
      '"K-1"',
      '""',
      "0",
      "-2.5",
      "9007199254740991",
      "true",
      "[]",
      '["a","b"]',
      "[1,2.5]",
      "null",
    ]) {
      assert.deepEqual(await kept(usable), JSON.parse(usable), usable);
    }
    const odd: [string, RegExp][] = [
      ['"a\\u0000b"', /character that cannot be stored/],
      ['"\\ud800"', /character that cannot be stored/],
      ['["a","\\udc00"]', /character that cannot be stored/],
      ["9007199254740993", /too large to be exact/],
      ["1e400", /too large to be exact/],
      ["[1,-1e400]", /too large to be exact/],
      ['{"id":"00u2"}', /^an object$/],
      ['["a",1]', /a list of other things/],
      ["[null]", /a list of other things/],
      ["[true]", /a list of other things/],
      ['[["a"]]', /a list of other things/],
    ];
    for (const [value, because] of odd) {
      const { unusable = "", ...rest } = (await kept(value)) as { unusable?: string };
      assert.match(unusable, because, value);
      assert.deepEqual(rest, {}, "the value itself is not kept");
    }
  });

  it("has a department without blanks around, and none where policies cannot rely on it, which is said", async () => {
    const of = async (department: string | null) => {
      const user = await answering(oktaUser("00u1", { department })).user("00u1");
      return [user?.department, user?.attributes.department];
    };
    assert.deepEqual(await of(" Sales "), ["Sales", undefined]);
    assert.deepEqual(await of(null), ["", undefined]);
    for (const odd of ["Sales\0", "Sales\ud800"]) {
      assert.deepEqual(await of(odd), ["", { unusable: "a text with a character that cannot be stored" }]);
    }
  });

  it("has the display name before first and last name, and may have no name or e-mail", async () => {
    const named = oktaUser("00u1", { displayName: "Countess of Lovelace" });
    assert.equal((await answering(named).user("00u1"))?.name, "Countess of Lovelace");
    const bare = oktaUser("00u1", { firstName: null, lastName: undefined, email: null });
    const user = await answering(bare).user("00u1");
    assert.deepEqual([user?.name, user?.email], ["", ""]);
  });

  it("may have a status or a type of group that is not known here", async () => {
    const user = await answering(oktaUser("00u1", {}, { status: "HIBERNATING" })).user("00u1");
    assert.equal(user?.status, "HIBERNATING");
    const group = {
      id: "00g1",
      type: "SWARM",
      lastUpdated: "x",
      lastMembershipUpdated: "y",
      profile: { name: "bees" },
    };
    assert.deepEqual(await answering(group).group("00g1"), {
      ...{ id: "00g1", type: "SWARM", lastUpdated: "x", lastMembershipUpdated: "y", name: "bees" },
    });
  });

  it("is refused with the name of the field that is wrong, and without its value", async () => {
    const secret = "secret-value-7";
    const wrong: [() => Promise<unknown>, string][] = [
      [() => answering(oktaUser("00u2", { login: { secret } })).user("00u1"), "user.profile.login"],
      [() => answering({ users: secret }).users(), "users"],
      [() => answering(Array.from({ length: 11 }, () => ({ id: secret, profile: secret }))).users(), "users.0.status"],
      [() => answering("<h1>Welcome</h1>").groupsOf("00u1"), "groups"],
      [() => answering([{ uuid: "u", target: [] }]).log(api().logFrom(new Date())), "logs.0.eventType"],
    ];
    for (const [call, field] of wrong) {
      await assert.rejects(call, (error: unknown) => {
        assert(error instanceof OktaApiError);
        assert.equal(error.kind, "unavailable");
        assert(error.message.includes(`: ${field} (`), error.message);
        assert(!JSON.stringify([error.message, error.stack, error.cause]).includes(secret));
        return true;
      });
    }
  });

  it("does not hide the other entries of a list when one is wrong, and tells of that without its value", async () => {
    const secret = "secret-value-7";
    const odd = { id: "00g2", type: "OKTA_GROUP", profile: { name: { secret } } };
    const group = { id: "00g1", type: "OKTA_GROUP", profile: { name: "bees" } };
    const users = await answering([oktaUser("00u1"), oktaUser("00u2", { login: { secret } }), secret]).users();
    assert.deepEqual(
      [users.items.map(({ id }) => id), users.unreadable],
      [
        ["00u1"],
        [
          { id: "00u2", why: "users.1.profile.login (invalid_type)" },
          { id: undefined, why: "users.2 (invalid_type)" },
        ],
      ],
    );
    const groups = await answering([odd, group]).groups();
    assert.deepEqual(
      [groups.items.map(({ id }) => id), groups.unreadable],
      [["00g1"], [{ id: "00g2", why: "groups.0.profile.name (invalid_type)" }]],
    );
    assert.deepEqual(
      (await answering([odd, group]).groupsOf("00u1"))?.map(({ id }) => id),
      ["00g1"],
    );
    const members = await answering([{ id: "00u1" }, { ID: secret }, { id: "../x" }]).membersOf("00g1");
    assert.deepEqual([members?.items, members?.unreadable.map(({ id }) => id)], [["00u1"], [undefined, undefined]]);
  });

  it("is told apart where it is about the one user or group that was asked for", async () => {
    const malformed = { kind: "malformed", message: /: (user.profile.department|group.profile.name) \(/ };
    await assert.rejects(answering(oktaUser("00u1", { department: ["x"] })).user("00u1"), malformed);
    await assert.rejects(answering({ id: "00g1", type: "OKTA_GROUP", profile: {} }).group("00g1"), malformed);
  });

  it("may be a long list with a few wrong entries, as long as they are exceptions", async () => {
    const list = (wrong: number) =>
      Array.from({ length: 200 }, (_, n) => (n < wrong ? { id: `00u${n}` } : oktaUser(`00u${n}`)));
    assert.equal((await answering(list(20)).users()).unreadable.length, 20);
    const message = "Okta's answer does not have the expected shape: users.0.status (invalid_type), and 20 more";
    await assert.rejects(answering(list(21)).users(), { kind: "unavailable", message });
  });

  it("has events with who made them happen, whose targets without an id are left out", async () => {
    const actor = { id: "00u2", type: "User", displayName: "Bea" };
    const target = [
      { id: null, type: "Rule" },
      { id: "00u1", type: "User", displayName: "Ada" },
    ];
    server.answer = (res) =>
      json(
        res,
        200,
        [
          { uuid: "a", published: "p", eventType: "user.lifecycle.create", actor, target },
          { uuid: "b", published: "p", eventType: "policy.change", target: null },
        ],
        { Link: `<${server.origin}/api/v1/logs?after=1>; rel="next"` },
      );
    assert.deepEqual((await api().log(api().logFrom(new Date()))).items, [
      {
        ...{ uuid: "a", published: "p", eventType: "user.lifecycle.create" },
        ...{ actor: { id: "00u2", type: "User" }, targets: [{ id: "00u1", type: "User" }] },
      },
      { uuid: "b", published: "p", eventType: "policy.change", actor: undefined, targets: [] },
    ]);
  });
});
