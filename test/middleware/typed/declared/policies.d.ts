// policies.d.ts
declare namespace Authz {
  interface Policies {
    invoice: Record<"read" | "pay", { ownerId: string; total?: number }> & Record<"list", object>;
    document: Record<`view:${string}`, object> & Record<"read", { public?: boolean }>;
  }
  interface Principals {
    attributes: { department: string };
  }
}
