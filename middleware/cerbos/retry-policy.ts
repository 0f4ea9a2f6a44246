import type { Options } from "@cerbos/grpc";

/**
 * Deadline, retries and reconnection of the gRPC channel to the PDP.
 *
 * A call is made again at most twice, for the one status code that says that the PDP did not process it (UNAVAILABLE).
 * The backoff between connections is kept short: gRPC's default grows to two minutes, for which a PDP that is back would
 * go unnoticed.
 *
 * @param deadlineMs - for one call, its retries included
 * @see https://github.com/grpc/proposal/blob/master/A6-client-retries.md
 */
export function channelOptions(deadlineMs: number): NonNullable<Options["channelOptions"]> {
  return {
    "grpc.service_config_disable_resolution": 1,
    "grpc.service_config": JSON.stringify({
      methodConfig: [
        {
          name: [{ service: "cerbos.svc.v1.CerbosService" }],
          timeout: `${(deadlineMs / 1000).toFixed(9)}s`,
          retryPolicy: {
            maxAttempts: 3,
            initialBackoff: "0.05s",
            maxBackoff: "0.2s",
            backoffMultiplier: 2,
            retryableStatusCodes: ["UNAVAILABLE"],
          },
        },
      ],
    }),
    // Otherwise gRPC gives a new client the connection of the client that it replaces.
    "grpc.use_local_subchannel_pool": 1,
    "grpc.initial_reconnect_backoff_ms": 100,
    "grpc.max_reconnect_backoff_ms": 300,
    "grpc.keepalive_time_ms": 10_000,
    "grpc.keepalive_timeout_ms": 2_000,
  };
}
