import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { ConfigError, readConfig, settingNames } from "../../app/config.js";

const production = {
  NODE_ENV: "production",
  APP_BASE_URL: "https://crm.example.com",
  OKTA_ISSUER: "https://example.okta.com/oauth2/default",
  OKTA_CLIENT_ID: "client",
  OKTA_CLIENT_SECRET: "secret",
  CERBOS_HOSTNAME: "pdp.internal:3593",
  DATABASE_URL: "postgres://crm@db.internal/crm",
  SESSION_SECRET: "b1f7c2e09a4d83566e0d7f41c98ab352",
  OKTA_API_SCOPE: "contacts",
};

function problemsOf(env: NodeJS.ProcessEnv): readonly string[] {
  try {
    readConfig(env);
  } catch (error) {
    assert(error instanceof ConfigError, String(error));
    for (const problem of error.problems) assert(error.message.includes(problem));
    return error.problems;
  }
  return [];
}

describe("settings", () => {
  it("take no environment whose name is nearly right, or all would be accepted", () => {
    const nearly = [
      "prod",
      "Production",
      "PRODUCTION",
      "prd",
      "production ",
      " production",
      "production\n",
      "live",
      " ",
    ];
    for (const name of nearly) {
      assert.deepEqual(problemsOf({ NODE_ENV: name }), ["NODE_ENV: must be development, test or production"], name);
    }
    for (const name of ["development", "test", ""]) assert.equal(readConfig({ NODE_ENV: name }).production, false);
  });

  it("may all be absent, and then leave Okta, the PDP and the database to the demo", () => {
    const config = readConfig({});
    assert.equal(config.port, 8080);
    assert.equal(config.baseUrl, "http://localhost:8080");
    assert.deepEqual([config.okta, config.cerbos, config.databaseUrl], [undefined, undefined, undefined]);
  });

  it("count as absent when they are empty", () => {
    assert.equal(readConfig({ PORT: "", OKTA_ISSUER: " " }).port, 8080);
  });

  it("fall back each on its own", () => {
    const config = readConfig({ CERBOS_HOSTNAME: "localhost:3593" });
    assert.equal(config.cerbos?.target, "localhost:3593");
    assert.equal(config.cerbos?.tls, false);
    assert.equal(config.okta, undefined);
  });

  it("turn groups into roles by ROLE_MAP, with anything but a comma in a group's name", () => {
    const { roleMap } = readConfig({ ROLE_MAP: "CRM Admins = admin, a=b=user" }).claimRules;
    assert.deepEqual(
      [...(roleMap ?? [])],
      [
        ["CRM Admins", "admin"],
        ["a=b", "user"],
      ],
    );
  });

  for (const [name, value] of Object.entries({
    PORT: "eighty",
    APP_BASE_URL: "localhost:8080",
    OKTA_ISSUER: "https://example-admin.okta.com",
    ROLE_MAP: "admin",
    CERBOS_HOSTNAME: "https://pdp:3592",
    CERBOS_TLS: "yes",
    DATABASE_URL: "mysql://db/crm",
    DATABASE_TLS: "require",
    LOG_LEVEL: "loud",
    RATE_LIMIT_LOGIN: "0",
    AUDIT_RETENTION_DAYS: "36501",
  })) {
    it(`name ${name} when it is ${value}`, () => {
      const problems = problemsOf({ [name]: value });
      assert(
        problems.some((problem) => problem.startsWith(`${name}: `)),
        problems.join("\n"),
      );
    });
  }

  const port = {
    "8080.5": "must be a whole number",
    "0": "must be from 1 to 65535",
    "65536": "must be from 1 to 65535",
  };
  const perMinute = { "0.5": "must be a whole number", "0": "must be at least 1", "-1": "must be at least 1" };
  const numeric: Readonly<Record<string, Readonly<Record<string, string>>>> = {
    PORT: port,
    METRICS_PORT: port,
    CERBOS_DEADLINE_MS: { "0": "must be from 1 to 60000", "60001": "must be from 1 to 60000" },
    DATABASE_POOL_SIZE: {
      "2.5": "must be a whole number",
      "0": "must be from 1 to 1000",
      "1001": "must be from 1 to 1000",
    },
    SHUTDOWN_DRAIN_SECONDS: { "-1": "must be from 0 to 300", "300.5": "must be from 0 to 300" },
    KEEP_ALIVE_SECONDS: { "1.5": "must be a whole number", "0": "must be from 1 to 3600", "3601": "must be from 1 to" },
    RATE_LIMIT_LOGIN: perMinute,
    RATE_LIMIT_ANONYMOUS: perMinute,
    RATE_LIMIT_REQUESTS: perMinute,
    AUDIT_RETENTION_DAYS: { "0": "must be more than 0", "36501": "must be at most 36500" },
  };
  for (const [name, wrong] of Object.entries(numeric)) {
    it(`say what is wrong with the number of ${name}`, () => {
      for (const nonsense of ["many", "1,000", "Infinity", "NaN"]) {
        assert.match(
          problemsOf({ [name]: nonsense }).join("\n"),
          new RegExp(`^${name}: must be a number( of \\w+)?(, or forever)?$`),
        );
      }
      for (const [value, words] of Object.entries(wrong)) {
        assert(
          problemsOf({ [name]: value }).some((problem) => problem.startsWith(`${name}: ${words}`)),
          value,
        );
      }
    });
  }

  it("never answer in the words of a library, whatever the value is", () => {
    const values = [
      "",
      "x",
      "0",
      "-1",
      "0.5",
      "1e99",
      "NaN",
      "true",
      "a b",
      "http://[",
      "https://a/b",
      "stdout",
      "ü\0",
      "=",
    ];
    const found = settingNames.flatMap((name) => values.flatMap((value) => problemsOf({ [name]: value })));
    assert(found.length > settingNames.length, "hardly any problems were found");
    const ours = /^[A-Z_]+(, [A-Z_]+)*: (must |missing|the playground )/;
    assert.deepEqual(
      found.filter((problem) => !ours.test(problem)),
      [],
    );
  });

  it("take a stream's address and header only if it can be sent there", () => {
    const stream = "https://logs.example.com/decisions";
    assert.deepEqual(
      readConfig({ DECISION_STREAM: stream, DECISION_STREAM_AUTHORIZATION: "Bearer x" }).decisionStream,
      {
        to: stream,
        authorization: "Bearer x",
      },
    );
    for (const to of ["https://[", "https://logs:99999", "HTTPS://logs", "stderr"]) {
      assert.deepEqual(problemsOf({ DECISION_STREAM: to }), ["DECISION_STREAM: must be stdout or an http(s) URL"]);
    }
    const secret = "https://crm:secret-7@logs.example.com";
    const [withUser] = problemsOf({ DECISION_STREAM: secret });
    assert.match(withUser ?? "", /^DECISION_STREAM: must be without user and password/);
    assert(!withUser?.includes("secret-7"));
    assert.deepEqual(problemsOf({ DECISION_STREAM: stream, DECISION_STREAM_AUTHORIZATION: "Bearer\nx" }), [
      "DECISION_STREAM_AUTHORIZATION: must be a value that an HTTP header can have",
    ]);
  });

  it("keep decisions for 400 days, or as long as they say: a hundred years at most, or for ever", () => {
    assert.equal(readConfig({ AUDIT_RETENTION_DAYS: "36500" }).retentionDays, 36_500);
    assert.equal(readConfig({}).retentionDays, 400);
    assert.equal(readConfig({ AUDIT_RETENTION_DAYS: "" }).retentionDays, 400);
    assert.equal(readConfig({ AUDIT_RETENTION_DAYS: "forever" }).retentionDays, undefined);
    assert.match(problemsOf({ AUDIT_RETENTION_DAYS: "never" })[0] ?? "", /must be a number of days, or forever/);
    assert.match(problemsOf({ AUDIT_RETENTION_DAYS: "800000" })[0] ?? "", /must be at most 36500/);
  });

  it("let strangers do no more than a person, and 300 requests a minute at most unless they say so", () => {
    const anonymous = (env: NodeJS.ProcessEnv) => readConfig(env).rateLimits.anonymous;
    assert.equal(anonymous({}), 300);
    assert.equal(anonymous({ RATE_LIMIT_REQUESTS: "20" }), 20);
    assert.equal(anonymous({ RATE_LIMIT_REQUESTS: "20", RATE_LIMIT_ANONYMOUS: "50" }), 50);
  });

  it("do not take half of Okta", () => {
    const problems = problemsOf({ OKTA_ISSUER: production.OKTA_ISSUER });
    assert.equal(problems.length, 1);
    assert.match(problems[0] ?? "", /OKTA_CLIENT_ID, OKTA_CLIENT_SECRET: missing/);
  });

  it("take one scope that is the API's own, and a list of clients", () => {
    assert.deepEqual(readConfig({}).apiAccess, { scope: undefined, clients: undefined });
    const { apiAccess } = readConfig({ OKTA_API_SCOPE: "crm:contacts", OKTA_API_CLIENTS: " 0oa1 ,0oa2" });
    assert.deepEqual(apiAccess, { scope: "crm:contacts", clients: new Set(["0oa1", "0oa2"]) });
    for (const scope of ["a b", 'a,"b"', "ü", "openid", "profile", "email", "groups", "offline_access"]) {
      assert.match(problemsOf({ OKTA_API_SCOPE: scope }).join(), /^OKTA_API_SCOPE: must be (one|a) scope/, scope);
    }
    for (const clients of [",", "0oa1,", "0oa1,,0oa2", "0oa1 0oa2", "ü"]) {
      assert.match(problemsOf({ OKTA_API_CLIENTS: clients }).join(), /^OKTA_API_CLIENTS: must be client ids/, clients);
    }
  });

  describe("in production", () => {
    it("need a scope or a list of clients for access tokens", () => {
      const { OKTA_API_SCOPE: _, ...without } = production;
      const problems = problemsOf(without);
      assert.equal(problems.length, 1, problems.join("\n"));
      assert.match(problems[0] ?? "", /^OKTA_API_SCOPE, OKTA_API_CLIENTS: missing/);
      assert.deepEqual(problemsOf({ ...without, OKTA_API_CLIENTS: "0oa1" }), []);
    });

    it("list everything that is missing, in one message", () => {
      const problems = problemsOf({ NODE_ENV: "production" });
      const { NODE_ENV: _, ...required } = production;
      assert.deepEqual(
        problems.map((problem) => problem.split(/[:,]/)[0]),
        Object.keys(required),
      );
    });

    it("list what is missing along with what is wrong", () => {
      const problems = problemsOf({ NODE_ENV: "production", PORT: "eighty" });
      assert(problems.some((problem) => problem.startsWith("PORT: ")));
      assert(problems.some((problem) => problem.startsWith("SESSION_SECRET: missing")));
    });

    for (const [name, value] of Object.entries({
      APP_BASE_URL: "http://crm.example.com",
      OKTA_ISSUER: "http://example.okta.com/oauth2/default",
      SESSION_SECRET: "short",
      CERBOS_PLAYGROUND: "gE623b0180QlsG5a4QIN6UOZ6f3iSFW2",
    })) {
      it(`refuse ${name}=${value}`, () => {
        const problems = problemsOf({ ...production, [name]: value });
        assert.equal(problems.length, 1, problems.join("\n"));
        assert.match(problems[0] ?? "", new RegExp(`^${name}: `));
      });
    }

    it("refuse a secret that could be guessed, in words", () => {
      const guessable = {
        "": "missing",
        b1f7c2e09a4d83566e0d7f41c98ab35: "have at least 32 characters",
        ["a".repeat(32)]: "not repeat itself",
        ["ab".repeat(40)]: "not repeat itself",
        ["kT7#pQ2x".repeat(5)]: "not repeat itself",
        ["b1f7c2e09a4d8356".repeat(4)]: "not repeat itself",
        abababbaabbababbabaabbabababbabaab: "not repeat itself",
        abcdefghijklmnopqrstuvwxyz0123456789: "not be a sequence",
        zyxwvutsrqponmlkjihgfedcba987654: "not be a sequence",
        "a secret for tests, long enough for it": "not be made of words",
        "change-me-to-at-least-32-characters": "not be made of words",
        "keyboard cat keyboard mouse, and dog": "not be made of words",
      };
      for (const [secret, words] of Object.entries(guessable)) {
        const [problem = "", ...more] = problemsOf({ ...production, SESSION_SECRET: secret });
        assert(problem.startsWith("SESSION_SECRET: ") && problem.includes(words), `${secret}: ${problem}`);
        assert.deepEqual(more, []);
        assert.equal(secret !== "" && problem.includes(secret), false);
        assert.deepEqual(problemsOf({ SESSION_SECRET: secret }), [], "outside production");
      }
      for (let i = 0; i < 2_000; i++) {
        for (const encoding of ["hex", "base64", "base64url"] as const) {
          const secret = randomBytes(32).toString(encoding);
          assert.deepEqual(problemsOf({ ...production, SESSION_SECRET: secret }), [], secret);
        }
      }
    });

    it("encrypt the way to a database on another machine, and verify it, unless that is waived", () => {
      const urlFor = (DATABASE_URL: string, more = {}) =>
        readConfig({ ...production, DATABASE_URL, ...more }).databaseUrl;
      const remote = ["postgres://crm@db.internal/crm", "postgres://crm@db.internal/crm?application_name=x"];
      for (const url of [...remote, "postgres://crm@10.0.0.1:6432/crm", "postgres://crm@127.evil.example/crm"]) {
        assert.match(urlFor(url) ?? "", /[?&]sslmode=verify-full$/);
        assert.equal(urlFor(url, { DATABASE_TLS: "false" }), url);
        assert.equal(urlFor(url, { NODE_ENV: "development" }), url);
        assert.match(urlFor(url, { NODE_ENV: "development", DATABASE_TLS: "true" }) ?? "", /sslmode=verify-full$/);
        for (const mode of ["verify-full", "verify-ca", "require"]) {
          const given = `${url}${url.includes("?") ? "&" : "?"}sslmode=${mode}`;
          assert.equal(urlFor(given), given);
        }
      }
      for (const url of [
        "postgres://crm@localhost/crm",
        "postgres://crm@127.0.0.1:6432/crm",
        "postgres://crm@[::1]/crm",
        "postgres://crm@%2Frun%2Fpostgresql/crm",
        "postgres://crm@/crm?host=/run/postgresql",
      ]) {
        assert.equal(urlFor(url), url);
      }
      for (const query of [
        "sslmode=disable",
        "sslmode=no-verify",
        "ssl=0",
        "ssl=false",
        "ssl=no-verify",
        "uselibpqcompat=true&sslmode=require",
        "uselibpqcompat=true&sslmode=prefer",
        "host=db.internal&sslmode=disable",
      ]) {
        const DATABASE_URL = `postgres://crm@db.internal/crm?${query}`;
        const problems = problemsOf({ ...production, DATABASE_URL });
        assert.match(problems.join("\n"), /^DATABASE_URL: must use TLS and verify .* DATABASE_TLS=false/, query);
        assert.equal(urlFor(DATABASE_URL, { DATABASE_TLS: "false" }), DATABASE_URL);
      }
      for (const url of [
        "postgres://crm:pa#ss@db/crm",
        "postgres://crm:a/b@db/crm",
        "postgres://db/x?sslrootcert=/none",
      ]) {
        assert.match(problemsOf({ ...production, DATABASE_URL: url }).join("\n"), /^DATABASE_URL: must [^\n]+$/, url);
      }
    });

    it("take no name for this machine that only begins like one", () => {
      for (const host of ["127.evil.example:3593", "localhost.evil.example:3593", "127.0.0.1.evil.example"]) {
        assert.equal(readConfig({ ...production, CERBOS_HOSTNAME: host }).cerbos?.tls, true, host);
      }
      for (const host of ["127.0.0.1:3593", "[::1]:3593", "localhost", "unix:/run/pdp.sock"]) {
        assert.equal(readConfig({ ...production, CERBOS_HOSTNAME: host }).cerbos?.tls, false, host);
      }
    });

    it("are accepted when all are there, and encrypt the way to a PDP on another machine", () => {
      const config = readConfig(production);
      assert.equal(config.production, true);
      assert.equal(config.cerbos?.tls, true);
      assert.equal(readConfig({ ...production, CERBOS_HOSTNAME: "localhost:3593" }).cerbos?.tls, false);
      assert.equal(readConfig({ ...production, CERBOS_HOSTNAME: "unix:/run/pdp.sock" }).cerbos?.tls, false);
      assert.equal(readConfig({ ...production, CERBOS_TLS: "false" }).cerbos?.tls, false);
    });
  });
});
