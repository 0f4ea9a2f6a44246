type CleanUp = () => Promise<void>;

const cleanUps: CleanUp[] = [];

/**
 * Registers work for the end of the run: stopping what tests of several files share. A script that mocha does not run calls
 * {@link cleanUpAfterAllTests} at its end.
 */
export function afterAllTests(cleanUp: CleanUp): void {
  cleanUps.push(cleanUp);
}

/** Runs everything that is registered, at the same time. */
export async function cleanUpAfterAllTests(): Promise<void> {
  await Promise.all(cleanUps.splice(0).map((cleanUp) => cleanUp()));
}
