import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { dirname, resolve } from "node:path";

/** Longer ones are cut off by some systems, without a word. */
const MAX_PATH_BYTES = 100;

/** What a process answers that has claimed a folder, and does not hold it yet. */
export const CLAIMING = "claiming";

/**
 * Listens on a unix socket and tells each client whether this process holds the folder.
 *
 * @throws Error in one line when the folder cannot have sockets
 */
export async function listenAt(path: string, isHolder: () => boolean): Promise<Server> {
  const cannotBeLocked = (reason: string, cause?: unknown) =>
    new Error(`${resolve(dirname(path))} cannot be locked (${reason}). Set DATA_DIR to a short path on a local disk.`, {
      cause,
    });
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) throw cannotBeLocked("its path is too long");
  const server = createServer((client) => {
    client.on("error", () => {});
    client.end(isHolder() ? "holder" : CLAIMING);
  });
  server.unref().listen(path);
  try {
    await once(server, "listening");
  } catch (cause) {
    throw cannotBeLocked(cause instanceof Error ? cause.message : String(cause), cause);
  }
  return server;
}
