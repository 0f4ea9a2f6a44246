/** A truth value of Kleene's three-valued logic; `undefined` stands for unknown. */
export type TruthValue = boolean | undefined;

export function not(value: TruthValue): TruthValue {
  return value === undefined ? undefined : !value;
}

/** One false value decides, even if others are unknown. */
export function every(values: readonly TruthValue[]): TruthValue {
  if (values.includes(false)) return false;
  return values.includes(undefined) ? undefined : true;
}

/** One true value decides, even if others are unknown. */
export function some(values: readonly TruthValue[]): TruthValue {
  if (values.includes(true)) return true;
  return values.includes(undefined) ? undefined : false;
}
