import { domainToASCII } from "node:url";

/** The longest domain and the longest part before the @, in bytes (RFC 5321, section 4.5.3.1). */
const MAX_LOCAL_BYTES = 64;
const MAX_DOMAIN_BYTES = 253;

// Atoms with dots between them (RFC 5322, section 3.2.3), with the letters of all scripts (RFC 6531, section 3.3).
const LOCAL = /^[\p{L}\p{M}\p{N}!#$%&'*+/=?^_`{|}~-]+(\.[\p{L}\p{M}\p{N}!#$%&'*+/=?^_`{|}~-]+)*$/u;
const DOMAIN = /^[\p{L}\p{M}\p{N}.-]+$/u;
/** Two labels or more, as DNS has them (RFC 1123, section 2.1). No top-level domain has digits alone. */
const ASCII_DOMAIN = /^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+(?!\d+$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * Whether a text is an e-mail address, international ones included: `mail@köln.example` (RFC 6531). What nobody uses is
 * left out: quoted texts, comments, and hosts without a dot or given by number.
 */
export function isEmailAddress(text: string): boolean {
  const at = text.lastIndexOf("@");
  const [local, domain] = [text.slice(0, at), text.slice(at + 1)];
  // The parser of hosts reads more than names, such as percent-encoding.
  if (at < 0 || !LOCAL.test(local) || !DOMAIN.test(domain)) return false;
  const asciiDomain = domainToASCII(domain);
  return (
    Buffer.byteLength(local) <= MAX_LOCAL_BYTES &&
    asciiDomain.length <= MAX_DOMAIN_BYTES &&
    ASCII_DOMAIN.test(asciiDomain)
  );
}

/** Whether a text is ASCII alone. */
const ASCII = /^\p{ASCII}*$/u;

/**
 * What addresses are compared by: two that reach the same mailbox have the same key. Case does not count, nor whether letters
 * are composed, nor whether an international domain is written in its letters or in ASCII.
 */
export function emailKey(address: string): string {
  // Without a domain that can be written in ASCII it is a text like others. The database makes these keys, too.
  if (ASCII.test(address)) return address.toLowerCase();
  const folded = address.normalize("NFKC").toLowerCase();
  const at = folded.lastIndexOf("@");
  return folded.slice(0, at + 1) + (domainToASCII(folded.slice(at + 1)) || folded.slice(at + 1));
}

/** The key of an address that is not ASCII alone, for the database, which makes the others itself. */
export function internationalEmailKey(address: string): string | null {
  return ASCII.test(address) ? null : emailKey(address);
}
