import assert from "node:assert/strict";
import type { Principal } from "../../../middleware/index.js";
import { csrfTokenOf } from "../http/page.js";
import { demoUser } from "../stack/demo-users.js";
import type { Stack } from "../stack/stack.js";

/** Somebody who sends requests, or seems to. */
export interface Identity {
  readonly name: string;
  /** Who it is, for the PDP; `null` for nobody, and for whoever forges. */
  readonly principal: Principal | null;
  /** The headers of a request. */
  headers(hasCsrfToken: boolean): Readonly<Record<string, string>>;
  /** Whether changes need the CSRF token. */
  readonly isSession: boolean;
  /** Logs in again, after a logout. */
  renew(): Promise<void>;
}

const people = ["alice", "uma", "omar", "audrey", "nina"] as const;
const roles = ["admin", "user", "auditor"];
const nothing = async () => {};

/** Nobody, each demo user by token and by session, and some who forge these. */
export async function allIdentities(stack: Stack): Promise<Identity[]> {
  const of = await Promise.all(people.map((name) => Promise.all([withToken(stack, name), withSession(stack, name)])));
  const token = await stack.token("alice@example.com");
  const [header = "", claims = "", signature = ""] = token.split(".");
  const unsigned = Buffer.from('{"alg":"none"}').toString("base64url");
  const admin = JSON.parse(Buffer.from(claims, "base64url").toString());
  const uma = JSON.parse(
    Buffer.from((await stack.token("uma@example.com")).split(".")[1] ?? "", "base64url").toString(),
  );
  const forgedClaims = Buffer.from(JSON.stringify({ ...uma, groups: admin.groups })).toString("base64url");
  const cookie = (await stack.login("alice@example.com")).cookieHeaderFor(stack.url);
  const forged: [string, Record<string, string>][] = [
    ["a token without a signature", { authorization: `Bearer ${unsigned}.${claims}.` }],
    ["a token of other claims", { authorization: `Bearer ${header}.${forgedClaims}.${signature}` }],
    ["a token that was cut", { authorization: `Bearer ${token.slice(0, -20)}` }],
    ["no token at all", { authorization: "Bearer x" }],
    // In the middle of its signature.
    [
      "a cookie that was changed",
      { cookie: cookie.slice(0, -20) + (cookie.at(-20) === "A" ? "B" : "A") + cookie.slice(-19) },
    ],
  ];
  return [pretender("nobody", {}), ...of.flat(), ...forged.map(([name, headers]) => pretender(name, headers))];
}

function pretender(name: string, headers: Record<string, string>): Identity {
  return { name, principal: null, headers: () => headers, isSession: false, renew: nothing };
}

async function withToken(stack: Stack, name: string): Promise<Identity> {
  let authorization = "";
  const renew = async () => {
    authorization = `Bearer ${await stack.token(`${name}@example.com`)}`;
  };
  await renew();
  return {
    ...{ name: `${name}'s token`, isSession: false, renew },
    principal: principalOf(name),
    headers: () => ({ authorization }),
  };
}

async function withSession(stack: Stack, name: string): Promise<Identity> {
  let [cookie, csrfToken] = ["", ""];
  const renew = async () => {
    const browser = await stack.login(`${name}@example.com`);
    const { status, body } = await browser.get(`${stack.url}/`);
    assert.equal(status, 200);
    [cookie, csrfToken] = [browser.cookieHeaderFor(stack.url), csrfTokenOf(body)];
  };
  await renew();
  const headers = (hasCsrfToken: boolean): Record<string, string> =>
    hasCsrfToken ? { cookie, "x-csrf-token": csrfToken } : { cookie };
  return { name: `${name}'s session`, principal: principalOf(name), headers, isSession: true, renew };
}

function principalOf(name: string): Principal {
  const { id, groups, department } = demoUser(name);
  return { id, roles: groups.filter((group) => roles.includes(group)), attr: { department } };
}
