import type { Server } from "node:http";

/** How long requests in flight may take to finish at shutdown, in ms. */
const MAX_DRAIN_MS = 10_000;
const IDLE_SWEEP_INTERVAL_MS = 100;

/**
 * Starts to listen.
 *
 * @param host - address; left out, all of them
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

/** Takes no more connections, and waits for the requests in flight; after 10 s they are cut off. */
export function stopServing(server: Server): Promise<void> {
  return new Promise((resolve) => {
    // A connection that is kept alive becomes idle, and would keep the server open, only when its request is done.
    const sweep = setInterval(() => server.closeIdleConnections(), IDLE_SWEEP_INTERVAL_MS);
    const cutOff = setTimeout(() => server.closeAllConnections(), MAX_DRAIN_MS);
    server.close(() => {
      clearInterval(sweep);
      clearTimeout(cutOff);
      resolve();
    });
  });
}
