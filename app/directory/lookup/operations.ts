import { metrics } from "@opentelemetry/api";
import type { DirectoryLookup } from "./lookup.js";

/**
 * Publishes how long ago the directory followed Okta to the end of its log, its version, and how many people are in it. What
 * is not known, because the database does not answer or the log was never read, is left out.
 */
export function publishDirectory(directory: Pick<DirectoryLookup, "health" | "countPeople">): void {
  const meter = metrics.getMeter("gatehouse");
  const gauge = (name: string, options: { description: string; unit?: string }, read: () => Promise<number | null>) =>
    meter.createObservableGauge(name, options).addCallback(async (result) => {
      const value = await read().catch(() => null);
      if (value !== null) result.observe(value);
    });
  gauge("directory.age", { description: "How long ago the directory followed Okta", unit: "s" }, async () => {
    const { ageSeconds } = await directory.health();
    return ageSeconds;
  });
  gauge("directory.version", { description: "The version of the directory" }, async () => {
    const { version } = await directory.health();
    return version;
  });
  gauge("directory.people", { description: "People in the directory" }, () => directory.countPeople());
}

/** How `/readyz` checks the directory. What it knows ages while Okta does not answer, and the app says so to its users. */
export function directoryCheck(directory: Pick<DirectoryLookup, "health">) {
  return {
    check: async () => {
      const { isUpToDate } = await directory.health();
      if (!isUpToDate) throw new Error("the directory is out of date");
    },
    age: async () => {
      const { ageSeconds } = await directory.health();
      return ageSeconds;
    },
  };
}
