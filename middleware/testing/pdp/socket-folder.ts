import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Room for the path in a unix socket's address on macOS, with its final NUL. Linux has four bytes more. */
const MAX_SOCKET_PATH_BYTES = 104;

/**
 * Makes a folder for the PDP's sockets that only this user can enter (`mkdtemp` makes it with mode 0700). It is in
 * `/tmp` when the path of the system's temporary folder is too long for a socket.
 */
export async function makeSocketFolder(): Promise<string> {
  const name = "gatehouse-pdp-";
  const pathBytes = Buffer.byteLength(join(tmpdir(), `${name}XXXXXX`, "grpc.sock")) + 1;
  // The addresses are passed in --set, where commas and brackets have a meaning.
  const isUsable = pathBytes <= MAX_SOCKET_PATH_BYTES && /^[\w/.+-]+$/.test(tmpdir());
  return mkdtemp(join(isUsable ? tmpdir() : "/tmp", name));
}
