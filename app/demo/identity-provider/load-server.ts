let server: Promise<typeof import("./server.js")> | undefined;

/**
 * Loads the part of the stand-in that needs oidc-provider, without that package's warning about Node 20.
 *
 * The package prints "Unsupported runtime" on versions older than Node 22 when it is imported. This project supports
 * Node 20.19, its tests run the provider there, and only the demo uses it: the warning would be the first line that a
 * newcomer reads, and there is nothing to do about it. Every other warning is still printed.
 */
export function loadServer(): Promise<typeof import("./server.js")> {
  // Once for all callers: a second call at the same time would keep the filter as the console's original method.
  server ??= withoutRuntimeWarning(() => import("./server.js"));
  return server;
}

async function withoutRuntimeWarning<T>(load: () => Promise<T>): Promise<T> {
  const { warn } = console;
  console.warn = (...message: unknown[]) => {
    if (!String(message[0]).includes("oidc-provider WARNING: Unsupported runtime")) warn.apply(console, message);
  };
  try {
    return await load();
  } finally {
    console.warn = warn;
  }
}
