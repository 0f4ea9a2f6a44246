import { createPrivateKey, type KeyObject } from "node:crypto";

/** A private key that signs JWTs. */
export interface SigningKey {
  readonly key: KeyObject;
  /** The algorithm of its signatures (RFC 7518, section 3.1). */
  readonly algorithm: string;
  /** Its `kid`, where it has one: by that, Okta finds the public key. */
  readonly keyId: string | undefined;
}

const MIN_RSA_BITS = 2048;
/** The algorithm of each curve, by its name in OpenSSL. */
const CURVES: Readonly<Record<string, string>> = { prime256v1: "ES256", secp384r1: "ES384", secp521r1: "ES512" };
const RSA_ALGORITHMS = ["RS256", "RS384", "RS512"];

/**
 * Reads a private key: a JWK as JSON (RFC 7517), or PEM. In PEM, `\n` may stand for the end of a line, as in the value of a
 * variable.
 *
 * @throws Error that says what the key must be, to be read after its name. It holds nothing of the key
 */
export function readSigningKey(text: string): SigningKey {
  const jwk = text.startsWith("{") ? parseJwk(text) : undefined;
  const key = jwk ? privateKey({ key: jwk, format: "jwk" }) : privateKey(text.replaceAll("\\n", "\n"));
  const algorithm = algorithmOf(key);
  const { alg, kid } = jwk ?? {};
  const isRsa = algorithm === "RS256";
  if (alg !== undefined && !(isRsa ? RSA_ALGORITHMS : [algorithm]).includes(String(alg))) {
    throw new Error("must have an alg that fits the key, such as RS256");
  }
  return {
    key,
    algorithm: typeof alg === "string" ? alg : algorithm,
    keyId: typeof kid === "string" && kid !== "" ? kid : undefined,
  };
}

function parseJwk(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error("must be a JWK as JSON, or PEM");
  }
}

function privateKey(input: string | { key: object; format: "jwk" }): KeyObject {
  try {
    return createPrivateKey(input as Parameters<typeof createPrivateKey>[0]);
  } catch {
    throw new Error("must be a private key without a password: a JWK as JSON, or PEM");
  }
}

function algorithmOf(key: KeyObject): string {
  const { modulusLength = 0, namedCurve = "" } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === "rsa" && modulusLength >= MIN_RSA_BITS) return "RS256";
  const algorithm = key.asymmetricKeyType === "ec" ? CURVES[namedCurve] : undefined;
  if (!algorithm)
    throw new Error(`must be an RSA key of ${MIN_RSA_BITS} bits or more, or one of P-256, P-384 or P-521`);
  return algorithm;
}
