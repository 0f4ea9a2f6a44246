import { hkdfSync } from "node:crypto";
import { CompactEncrypt, compactDecrypt } from "jose";

/** Encrypts texts that leave the app and come back. Nobody else can read them, make them or change them. */
export interface Encryption {
  encrypt(text: string): Promise<string>;
  /** @returns `undefined` for what was not encrypted with the same secret for the same purpose */
  decrypt(encrypted: string): Promise<string | undefined>;
}

/**
 * Encryption with a key that is derived from the app's secret (RFC 5869). What comes out is a JSON Web Encryption in its
 * compact form (RFC 7516), of URL-safe characters.
 *
 * @param secret - the same for all processes
 * @param purpose - what the texts are; each has a key of its own, so that one cannot be used as another
 */
export function encryption(secret: string, purpose: string): Encryption {
  const key = new Uint8Array(hkdfSync("sha256", secret, "", purpose, 32));
  return {
    encrypt: (text) =>
      new CompactEncrypt(new TextEncoder().encode(text))
        .setProtectedHeader({ alg: "dir", enc: "A256GCM" })
        .encrypt(key),
    async decrypt(encrypted) {
      try {
        const options = { keyManagementAlgorithms: ["dir"], contentEncryptionAlgorithms: ["A256GCM"] };
        const { plaintext } = await compactDecrypt(encrypted, key, options);
        return new TextDecoder().decode(plaintext);
      } catch {
        return undefined;
      }
    },
  };
}
