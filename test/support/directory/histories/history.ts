import fc from "fast-check";
import type { Faults } from "../../../../app/demo/okta-org/index.js";

/** What can happen in an organization, or to what follows it. The number is how often, compared with the others. */
const weights = {
  create: 5,
  recreate: 4,
  changeProfile: 6,
  takeAddress: 2,
  spoil: 2,
  join: 6,
  leave: 6,
  move: 8,
  suspend: 5,
  unsuspend: 4,
  lock: 1,
  unlock: 1,
  deactivate: 5,
  activate: 4,
  delete: 4,
  createGroup: 2,
  renameGroup: 4,
  deleteGroup: 2,
  expireCursors: 1,
  reconcile: 2,
  kill: 5,
  freeze: 1,
} as const;

type StepKind = keyof typeof weights;

/** A step of a history, and the pause after it. */
export interface Step {
  readonly kind: StepKind;
  /** Which user or process it is about, and which group: any number, see `pick`. For `kill`, `b` says at which call. */
  readonly a: number;
  readonly b: number;
  /** Whether neither hooks nor the log tell of it: only a reconciliation finds it. Steps about groups are never quiet. */
  readonly isQuiet: boolean;
  readonly pauseMs: number;
}

/** What happens to an organization, and to the processes that follow it. */
export interface History {
  readonly size: { readonly users: number; readonly groups: number; readonly memberships: number };
  /** Of the organization's chances. */
  readonly seed: number;
  readonly faults: Faults;
  readonly processes: 1 | 2;
  /** Whether the first step waits for the end of the first load. */
  readonly isLoadedBefore: boolean;
  readonly steps: readonly Step[];
}

const share = (most: number) =>
  fc.oneof(
    fc.constant(0),
    fc.nat(most * 100).map((percent) => percent / 100),
  );

/** Faults that what follows has to cope with, from none to many at once. */
const faults: fc.Arbitrary<Faults> = fc.record(
  {
    pageSize: fc.integer({ min: 2, max: 12 }),
    // Fewer would be used up by the first load for longer than a history lasts.
    callsPerWindow: fc.integer({ min: 25, max: 120 }),
    logCallsPerWindow: fc.integer({ min: 8, max: 40 }),
    concurrencyRefusals: share(0.06),
    serverErrors: share(0.06),
    logLagMs: fc.integer({ min: 0, max: 1_200 }),
    hooksDropped: fc.oneof(fc.constant(1), share(1)),
    hooksDoubled: share(1),
    hooksLate: share(1),
    hookDelayMs: fc.integer({ min: 50, max: 2_500 }),
  },
  { requiredKeys: [] },
);

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.oneof(
    ...Object.entries(weights).map(([kind, weight]) => ({ weight, arbitrary: fc.constant(kind as StepKind) })),
  ),
  a: fc.nat(999),
  b: fc.nat(999),
  isQuiet: fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  pauseMs: fc.oneof(fc.constant(0), fc.nat(40), fc.nat(300)),
});

/** @param maxSteps - how many steps a history has, at most */
export function historyOf(maxSteps: number): fc.Arbitrary<History> {
  return fc.record({
    size: fc.record({
      users: fc.integer({ min: 4, max: 40 }),
      groups: fc.integer({ min: 2, max: 8 }),
      memberships: fc.integer({ min: 5, max: 80 }),
    }),
    seed: fc.nat(),
    // Windows are as short as a history.
    faults: faults.map((told) => ({ windowSeconds: 2, ...told })),
    processes: fc.constantFrom(1, 2),
    isLoadedBefore: fc.boolean(),
    steps: fc.array(step, { minLength: Math.ceil(maxSteps / 3), maxLength: maxSteps, size: "max" }),
  });
}
