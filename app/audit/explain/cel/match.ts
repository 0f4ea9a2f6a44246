import { z } from "zod";

/** A condition as policies write it: an expression, or a combination of others. */
export type Match =
  | { readonly expr: string }
  | { readonly all: { readonly of: readonly Match[] } }
  | { readonly any: { readonly of: readonly Match[] } }
  | { readonly none: { readonly of: readonly Match[] } };

/** The shape of a {@link Match}. */
export const match: z.ZodType<Match> = z.lazy(() => {
  const several = z.object({ of: z.array(match) });
  return z.union([
    z.object({ expr: z.string() }),
    z.object({ all: several }),
    z.object({ any: several }),
    z.object({ none: several }),
  ]);
});
