import type { Server, ServerOptions } from "node:http";
import type { Socket } from "node:net";

/** How long requests in flight may take at shutdown. */
const MAX_IN_FLIGHT_MS = 10_000;
const IDLE_SWEEP_INTERVAL_MS = 100;
/** How long the first request of a connection may be on its way at shutdown. */
const MAX_UNUSED_MS = 1_000;

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
 * @returns a function that stops: it accepts no more connections, and waits for the requests in flight. After 10,000 ms
 *   it closes their connections
 * @throws Error in one clear line when the port is in use
 */
export async function listen(server: Server, port: number, host?: string): Promise<() => Promise<void>> {
  const unused = unusedConnections(server);
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const inUse = `Port ${port} is already in use. Stop the program that uses it, or set PORT to another.`;
      reject(error.code === "EADDRINUSE" ? new Error(inUse) : error);
    });
    server.listen({ port, host }, resolve);
  });
  return () => stopServing(server, unused);
}

/**
 * The connections on which no request has come yet, and when each was opened. Browsers and load balancers open some ahead
 * of need, which Node.js does not count as idle.
 */
function unusedConnections(server: Server): ReadonlyMap<Socket, number> {
  const unused = new Map<Socket, number>();
  server.on("connection", (socket) => {
    unused.set(socket, performance.now());
    socket.once("close", () => unused.delete(socket));
  });
  server.prependListener("request", ({ socket }) => unused.delete(socket));
  return unused;
}

function stopServing(server: Server, unused: ReadonlyMap<Socket, number>): Promise<void> {
  return new Promise((resolve) => {
    // A client that sends one request after the other would keep its connection, and so the server, open.
    server.prependListener("request", (_req, res) => res.setHeader("Connection", "close"));
    // So would a connection that becomes idle when its request is done, or that is never used.
    const sweep = setInterval(() => {
      server.closeIdleConnections();
      const limit = performance.now() - MAX_UNUSED_MS;
      for (const [socket, openedAt] of unused) if (openedAt < limit) socket.destroy();
    }, IDLE_SWEEP_INTERVAL_MS);
    const deadline = setTimeout(() => server.closeAllConnections(), MAX_IN_FLIGHT_MS);
    server.close(() => {
      clearInterval(sweep);
      clearTimeout(deadline);
      resolve();
    });
  });
}
