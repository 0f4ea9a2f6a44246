import { request } from "node:http";
import { text } from "node:stream/consumers";

const TIMEOUT_MS = 5_000;

/** @returns status and body of the answer to a GET over a unix socket. @param auth - `name:password`, for Basic */
export function getOverSocket(
  socketPath: string,
  path: string,
  { auth, timeoutMs = TIMEOUT_MS }: { readonly auth?: string; readonly timeoutMs?: number } = {},
): Promise<{ readonly status: number; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(timeoutMs);
    request({ socketPath, path, auth, signal, agent: false }, (response) => {
      text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject);
    })
      .on("error", reject)
      .end();
  });
}
