/** The name of the constraint or unique index that a statement has violated; empty for any other error. */
export function violatedConstraint(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && "constraint" in cause ? String(cause.constraint) : "";
}
