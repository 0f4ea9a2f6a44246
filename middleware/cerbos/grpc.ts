/**
 * Cerbos' client for gRPC: its types, and how it is loaded. It is an ES module, also for what is built as CommonJS.
 *
 * It takes far more time and memory than all else in this middleware. So it is loaded by who connects to a PDP, and an app's
 * tests with another PDP do without it.
 */
type CerbosGrpc = typeof import("@cerbos/grpc", { with: { "resolution-mode": "import" }});

/** What makes a client. */
export type GrpcConstructor = CerbosGrpc["GRPC"];
/** A client. */
export type GrpcClient = InstanceType<GrpcConstructor>;
/** Its options. */
export type GrpcOptions = ConstructorParameters<GrpcConstructor>[1];

/** @throws what Node throws for a package that is not installed, or cannot be loaded */
export async function loadGrpc(): Promise<GrpcConstructor> {
  return (await import("@cerbos/grpc")).GRPC;
}
