import type { Server, ServerOptions } from "node:http";

/** How long requests in flight may take at shutdown. */
const MAX_IN_FLIGHT_MS = 10_000;
const IDLE_SWEEP_INTERVAL_MS = 100;

/** Node's default. */
const HEADERS_TIMEOUT_MS = 60_000;

/**
 * How long connections live. A load balancer that reuses a connection must be the one that closes it: if the app did, a
 * request could be on its way at that moment, and would get no answer.
 *
 * @param keepAliveSeconds - how long an idle connection is kept, in seconds
 */
export function connectionTimeouts(keepAliveSeconds: number): ServerOptions {
  const keepAliveTimeout = keepAliveSeconds * 1_000;
  // Less than the other, it would end idle connections in some versions of Node.js.
  return { keepAliveTimeout, headersTimeout: Math.max(HEADERS_TIMEOUT_MS, keepAliveTimeout + 1_000) };
}

/**
 * Starts to listen.
 *
 * @param host - the address to listen on; default: all addresses
 * @throws Error in one clear line when the port is in use
 */
export function listen(server: Server, port: number, host?: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const inUse = `Port ${port} is already in use. Stop the program that uses it, or set PORT to another.`;
      reject(error.code === "EADDRINUSE" ? new Error(inUse) : error);
    });
    server.listen({ port, host }, resolve);
  });
}

/** Accepts no more connections, and waits for the requests in flight. After 10,000 ms it closes their connections. */
export function stopServing(server: Server): Promise<void> {
  return new Promise((resolve) => {
    // A client that sends one request after the other would keep its connection, and so the server, open.
    server.prependListener("request", (_req, res) => res.setHeader("Connection", "close"));
    // So would a connection that becomes idle when its request is done.
    const sweep = setInterval(() => server.closeIdleConnections(), IDLE_SWEEP_INTERVAL_MS);
    const deadline = setTimeout(() => server.closeAllConnections(), MAX_IN_FLIGHT_MS);
    server.close(() => {
      clearInterval(sweep);
      clearTimeout(deadline);
      resolve();
    });
  });
}
