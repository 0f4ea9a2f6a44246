import type { GrpcOptions } from "./grpc.js";

/**
 * Deadline, retries and reconnection of the gRPC channel to the PDP.
 *
 * A call is repeated at most twice, and only on UNAVAILABLE, the one status that says that the PDP did not process it.
 * The backoff between connections is short: gRPC's default grows to two minutes, in which a PDP that is up again would
 * not be noticed.
 *
 * @param deadlineMs - for one call, retries included
 * @see https://github.com/grpc/proposal/blob/master/A6-client-retries.md
 */
export function channelOptions(deadlineMs: number): NonNullable<GrpcOptions["channelOptions"]> {
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
    // Without this, gRPC gives a new client the connection of the client that it replaces.
    "grpc.use_local_subchannel_pool": 1,
    "grpc.initial_reconnect_backoff_ms": 100,
    "grpc.max_reconnect_backoff_ms": 300,
    "grpc.keepalive_time_ms": 10_000,
    "grpc.keepalive_timeout_ms": 2_000,
  };
}
