import type { GRPC } from "@cerbos/grpc";
import { filterOf } from "../../../middleware/cerbos/plan.js";
import type { Filter } from "../../../middleware/index.js";

/* Query plans by hand, as the Cerbos client returns them. */

export const value = (of: unknown) => ({ value: of });
export const name = (of: string) => ({ name: of });
export const call = (operator: string, ...operands: readonly object[]) => ({ operator, operands });
export const attribute = (path: string) => name(`request.resource.attr.${path}`);
export const lambda = (...operands: readonly object[]) => call("lambda", ...operands);

export type PlanResponse = Awaited<ReturnType<GRPC["planResources"]>>;

/** The plan of a PDP that says that this is the condition. */
export function planned(condition: object, kind = "KIND_CONDITIONAL"): PlanResponse {
  return { kind, condition } as unknown as PlanResponse;
}

/** The same as a filter. */
export function filterWhen(condition: object): Filter {
  return filterOf(planned(condition)) as Filter;
}
