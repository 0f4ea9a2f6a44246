import assert from "node:assert/strict";
import type { Context, Suite } from "mocha";

const SET_UP_TIMEOUT_MS = 180_000;
const TEAR_DOWN_TIMEOUT_MS = 120_000;

/** By suite, how to end what its fixtures have set up so far. */
const tearDowns = new WeakMap<Suite, (() => unknown)[]>();

/**
 * Gives the suite that calls this a fixture: something that is set up before its first test. Fixtures of a suite are torn
 * down after its last test, the last one first.
 *
 * @param setUp - makes the fixture; gets mocha's context, by which it can skip the suite
 * @param tearDown - ends it; left out, there is nothing to end
 * @returns stands for the fixture: its properties and methods can be used from the suite's first hook on
 */
export function useFixture<T extends object>(
  setUp: (suite: Context) => Promise<T>,
  tearDown?: (fixture: T) => unknown,
): T {
  let fixture: T | undefined;

  before(async function () {
    this.timeout(SET_UP_TIMEOUT_MS);
    const made = await setUp(this);
    fixture = made;
    tearDownsOf(this).push(() => tearDown?.(made));
  });

  after(async function () {
    this.timeout(TEAR_DOWN_TIMEOUT_MS);
    await tearDownsOf(this).pop()?.();
  });

  return standInFor(() => {
    assert(fixture, "a fixture is used before the suite's hooks");
    return fixture;
  });
}

function tearDownsOf({ test }: Context): (() => unknown)[] {
  const suite = test?.parent;
  assert(suite, "a hook without a suite");
  const known = tearDowns.get(suite) ?? [];
  tearDowns.set(suite, known);
  return known;
}

/**
 * An object that passes everything on to another one, which need not be there yet.
 *
 * @param target - is called whenever a property is read or set
 */
export function standInFor<T extends object>(target: () => T): T {
  return new Proxy({} as T, {
    get: (_empty, key) => {
      const actual = target();
      const value = Reflect.get(actual, key);
      return typeof value === "function" ? value.bind(actual) : value;
    },
    set: (_empty, key, value) => Reflect.set(target(), key, value),
  });
}
