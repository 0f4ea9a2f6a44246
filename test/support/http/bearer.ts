/** The header with which a request carries an access token (RFC 6750, section 2.1). */
export function bearer(token: string): { Authorization: string } {
  return { Authorization: `Bearer ${token}` };
}
