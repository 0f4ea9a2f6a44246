import assert from "node:assert/strict";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { ConfigError, readConfig } from "../../app/config.js";

const okta = {
  OKTA_ISSUER: "https://example.okta.com/oauth2/default",
  OKTA_CLIENT_ID: "client",
  OKTA_CLIENT_SECRET: "secret",
};
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const pem = rsa.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
const jwk = (more: object = {}) => JSON.stringify({ ...rsa.privateKey.export({ format: "jwk" }), ...more });

function problemsOf(env: NodeJS.ProcessEnv): string {
  try {
    readConfig(env);
    return "";
  } catch (error) {
    assert(error instanceof ConfigError, String(error));
    return error.problems.join("\n");
  }
}

const keyOf = (text: string) => {
  const { oktaApi } = readConfig({ ...okta, OKTA_API_CLIENT_ID: "0oa3", OKTA_API_PRIVATE_KEY: text });
  assert(oktaApi && "clientId" in oktaApi.credentials);
  return oktaApi.credentials.privateKey;
};

describe("settings of the directory", () => {
  it("are none where the settings of Okta's API are none", () => {
    assert.equal(readConfig({}).oktaApi, undefined);
    assert.equal(readConfig(okta).oktaApi, undefined);
  });

  it("ask the organization of the issuer, by an API token", () => {
    const { oktaApi, directory } = readConfig({ ...okta, OKTA_API_TOKEN: "00Tabc" });
    assert.deepEqual(oktaApi, {
      org: "https://example.okta.com",
      credentials: { token: "00Tabc" },
      hookSecret: undefined,
    });
    assert.deepEqual(directory, {
      syncSeconds: 60,
      maxAgeSeconds: 900,
      brakePercent: 10,
      attributes: [],
      managerAttribute: "managerId",
    });
  });

  it("take what is set", () => {
    const { oktaApi, directory } = readConfig({
      ...okta,
      OKTA_API_TOKEN: "00Tabc",
      OKTA_HOOK_SECRET: "b1f7c2e09a4d83566e0d7f41c98ab352",
      DIRECTORY_SYNC_SECONDS: "5",
      DIRECTORY_MAX_AGE_SECONDS: "30",
      DIRECTORY_BRAKE_PERCENT: "50",
      DIRECTORY_ATTRIBUTES: "costCenter, employeeNumber,costCenter,department",
    });
    assert.deepEqual(
      [oktaApi?.hookSecret, directory.syncSeconds, directory.maxAgeSeconds, directory.brakePercent],
      ["b1f7c2e09a4d83566e0d7f41c98ab352", 5, 30, 50],
    );
    assert.deepEqual(directory.attributes, ["costCenter", "employeeNumber"]);
  });

  it("name the attribute of managers by its variable name", () => {
    const { directory } = readConfig({ ...okta, OKTA_API_TOKEN: "00T", OKTA_MANAGER_ATTRIBUTE: " reportsTo " });
    assert.equal(directory.managerAttribute, "reportsTo");
    for (const name of ["reports to", "a,b", "1st", "__proto__", "profile.manager"]) {
      const problems = problemsOf({ ...okta, OKTA_API_TOKEN: "00T", OKTA_MANAGER_ATTRIBUTE: name });
      assert.match(problems, /^OKTA_MANAGER_ATTRIBUTE: must be a variable name/, name);
    }
  });

  it("take a private key as a JWK, and as PEM in one line or in several", () => {
    const { key, algorithm, keyId } = keyOf(jwk({ kid: "key-1" }));
    assert.deepEqual([algorithm, keyId], ["RS256", "key-1"]);
    for (const text of [pem, pem.replaceAll("\n", "\\n")]) {
      const read = keyOf(text);
      assert.deepEqual([read.algorithm, read.keyId], ["RS256", undefined]);
      assert(read.key.equals(key));
    }
    assert.equal(keyOf(jwk({ alg: "RS512" })).algorithm, "RS512");
    const ec = generateKeyPairSync("ec", { namedCurve: "P-384" }).privateKey;
    assert.equal(keyOf(JSON.stringify(ec.export({ format: "jwk" }))).algorithm, "ES384");
  });

  it("refuse what is no private key that Okta takes, and do not repeat it", () => {
    const small = generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey;
    const wrong = {
      words: "my private key",
      "half a JWK": jwk().slice(0, -20),
      "a public JWK": JSON.stringify(rsa.publicKey.export({ format: "jwk" })),
      "a public key": rsa.publicKey.export({ type: "spki", format: "pem" }).toString(),
      "a key with a password": rsa.privateKey
        .export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "x" })
        .toString(),
      "a small key": small.export({ type: "pkcs8", format: "pem" }).toString(),
      "a key of another kind": generateKeyPairSync("ed25519")
        .privateKey.export({ type: "pkcs8", format: "pem" })
        .toString(),
      "an algorithm of another key": jwk({ alg: "ES256" }),
    };
    for (const [what, text] of Object.entries(wrong)) {
      const problems = problemsOf({ ...okta, OKTA_API_CLIENT_ID: "0oa3", OKTA_API_PRIVATE_KEY: text });
      assert.match(problems, /^OKTA_API_PRIVATE_KEY: must [^\n]+$/, what);
      assert(!problems.includes(text.slice(0, 12)), what);
    }
  });

  it("refuse what contradicts itself or is half of something", () => {
    const key = { OKTA_API_PRIVATE_KEY: jwk() };
    const cases: [NodeJS.ProcessEnv, RegExp][] = [
      [{ ...okta, ...key, OKTA_API_CLIENT_ID: "0oa3", OKTA_API_TOKEN: "00T" }, /^OKTA_API_TOKEN: must not be there/],
      [{ ...okta, OKTA_API_CLIENT_ID: "0oa3", OKTA_API_TOKEN: "00T" }, /^OKTA_API_TOKEN: must not be there/],
      [{ ...okta, ...key }, /^OKTA_API_CLIENT_ID: missing/],
      [{ ...okta, OKTA_API_CLIENT_ID: "0oa3" }, /^OKTA_API_PRIVATE_KEY: missing/],
      [{ OKTA_API_TOKEN: "00T" }, /^OKTA_ISSUER: missing/],
      [{ ...okta, OKTA_HOOK_SECRET: "b1f7c2e09a4d83566e0d7f41c98ab352" }, /though OKTA_HOOK_SECRET is there/],
      [{ ...okta, OKTA_API_TOKEN: "SSWS 00T" }, /^OKTA_API_TOKEN: must be the token alone/],
      [{ ...okta, DIRECTORY_SYNC_SECONDS: "60", DIRECTORY_MAX_AGE_SECONDS: "60" }, /^DIRECTORY_MAX_AGE_SECONDS: must/],
      [{ ...okta, DIRECTORY_ATTRIBUTES: "cost center" }, /^DIRECTORY_ATTRIBUTES: must be variable names/],
      [{ ...okta, DIRECTORY_ATTRIBUTES: "__proto__" }, /^DIRECTORY_ATTRIBUTES: must be variable names/],
      [{ ...okta, DIRECTORY_BRAKE_PERCENT: "101" }, /^DIRECTORY_BRAKE_PERCENT: must be from 1 to 100/],
    ];
    for (const [env, problem] of cases) assert.match(problemsOf(env), problem);
  });

  it("want a hook's secret in production that nobody guesses", () => {
    const production = {
      ...okta,
      NODE_ENV: "production",
      APP_BASE_URL: "https://crm.example.com",
      CERBOS_HOSTNAME: "pdp.internal:3593",
      DATABASE_URL: "postgres://crm@db.internal/crm",
      SESSION_SECRET: randomBytes(32).toString("hex"),
      OKTA_API_SCOPE: "contacts",
      OKTA_API_TOKEN: "00Tabc",
    };
    assert.equal(problemsOf({ ...production, OKTA_HOOK_SECRET: randomBytes(32).toString("hex") }), "");
    for (const weak of ["short", "a".repeat(40), "change-me-change-me-change-me-change-me-1"]) {
      assert.match(problemsOf({ ...production, OKTA_HOOK_SECRET: weak }), /^OKTA_HOOK_SECRET: must .* in production/);
    }
    const issuer = { OKTA_ISSUER: "http://example.okta.com/oauth2/default" };
    assert.match(problemsOf({ ...production, ...issuer }), /^OKTA_ISSUER: must be https/);
  });
});
