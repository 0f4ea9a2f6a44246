import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";

/**
 * Starts to listen.
 *
 * @param address - `port`: default 0, which takes a free one; `host`: default "127.0.0.1"
 * @returns the port
 * @throws Error in one clear line when the port is in use or not allowed
 */
export async function listen(server: Server, address: { port?: number; host?: string } = {}): Promise<number> {
  const { port = 0, host = "127.0.0.1" } = address;
  server.listen(port, host);
  try {
    await once(server, "listening");
  } catch (cause) {
    throw new Error(explain(cause as NodeJS.ErrnoException, host, port), { cause });
  }
  return (server.address() as AddressInfo).port;
}

function explain({ code, message }: NodeJS.ErrnoException, host: string, port: number): string {
  const what = `The stand-in identity provider cannot listen on ${host}:${port}`;
  if (code === "EADDRINUSE") return `${what}: the port is in use. Stop what uses it, or choose another port.`;
  if (code === "EACCES") return `${what}: not allowed. Choose a port above 1023.`;
  return `${what}: ${message}`;
}

/** Stops listening and closes all connections at once. Resolves when the server has closed. */
export async function closeServer(server: Server): Promise<void> {
  const closed = once(server, "close");
  server.close();
  // Browsers and HTTP clients keep idle connections open, and the server does not close while one is open.
  server.closeAllConnections();
  await closed;
}
