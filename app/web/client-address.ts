import { isIPv4, isIPv6, SocketAddress } from "node:net";
import type { Request } from "express";
import ipaddr from "ipaddr.js";

/** An address with a port, as some proxies write it into `X-Forwarded-For`: `192.0.2.1:4711`, `[2001:db8::1]:4711`. */
const WITH_PORT = /^(?:\[([^\]]*)\]|([^:]*))(?::\d*)?$/;
/** How IPv6 writes addresses of IPv4 (RFC 4291, section 2.5.5.2). */
const MAPPED = /^::ffff:(?=[\d.]+$)/;

/**
 * The network address that a request comes from: without a port, in the shortest form, and as one of IPv4 where it is one.
 *
 * @returns `null` when there is none: the client has disconnected, or the proxy in front says something else
 */
export function clientAddress({ ip = "" }: Request): string | null {
  const [, inBrackets, plain] = WITH_PORT.exec(ip) ?? [];
  const address = inBrackets ?? plain ?? ip;
  if (isIPv6(address)) return new SocketAddress({ address, family: "ipv6" }).address.replace(MAPPED, "");
  return isIPv4(address) ? address : null;
}

/**
 * The network of an address, which one client may have as a whole: that of an IPv6 address is its first 56 bits, as providers
 * give a customer that much or more.
 */
export function networkOf(address: string): string {
  return isIPv4(address) ? address : `${ipaddr.IPv6.networkAddressFromCIDR(`${address}/56`)}/56`;
}

/** The network that a request comes from, for counting. All requests that come from no address count as one client's. */
export function clientNetwork(req: Request): string {
  return networkOf(clientAddress(req) ?? "::");
}
