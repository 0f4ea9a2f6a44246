import assert from "node:assert/strict";
import {
  type IdentityProvider,
  type IdentityProviderOptions,
  startIdentityProvider,
} from "../../../app/demo/identity-provider/index.js";
import { afterAllTests } from "../cleanup.js";
import { app } from "./web-client.js";

/** A demo user, as tokens and userinfo have to describe her. */
export const uma = {
  id: "00u8t3wq9pUmaRb1z5d7",
  login: "uma@example.com",
  groups: ["Everyone", "user"],
  department: "Sales",
};

let shared: Promise<IdentityProvider> | undefined;

/**
 * Gives the suite that calls this the demo's identity provider.
 *
 * @returns `idp`, which all suites share and which is running from the first hook of the suite on; and `start`, which
 *   starts another one with other options, until the end of the test
 */
export function useIdentityProvider() {
  const others: IdentityProvider[] = [];
  let issuer: string | undefined;

  before(async () => {
    ({ issuer } = await sharedIdentityProvider());
  });
  afterEach(async () => {
    await Promise.all(others.splice(0).map((other) => other.stop()));
  });

  return {
    idp: {
      get issuer(): string {
        assert(issuer, "the identity provider is used before the suite's hooks");
        return issuer;
      },
    },
    async start(options: Partial<IdentityProviderOptions> = {}): Promise<IdentityProvider> {
      const other = await startIdentityProvider({ ...app, onError: fail, ...options });
      others.push(other);
      return other;
    },
  };
}

function sharedIdentityProvider(): Promise<IdentityProvider> {
  if (!shared) {
    const starting = startIdentityProvider({ ...app, onError: fail });
    shared = starting;
    afterAllTests(async () => (await starting).stop());
  }
  return shared;
}

function fail(error: Error): never {
  throw error;
}
