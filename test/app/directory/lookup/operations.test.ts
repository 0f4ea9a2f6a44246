import assert from "node:assert/strict";
import { directoryCheck, publishDirectory } from "../../../../app/directory/lookup/operations.js";
import { collectMetrics } from "../../../support/telemetry/metrics.js";

describe("the metrics of the directory", () => {
  const collect = collectMetrics();
  const valuesOf = async (name: string) => (await collect())[name]?.map(({ value }) => value);
  const health = { ageSeconds: 7, isUpToDate: true, isLoaded: true, version: 12 };

  it("are its age, its version and how many people it has", async () => {
    publishDirectory({ health: async () => health, countPeople: async () => 3 });
    assert.deepEqual(await valuesOf("directory.age"), [7]);
    assert.deepEqual(await valuesOf("directory.version"), [12]);
    assert.deepEqual(await valuesOf("directory.people"), [3]);
  });

  it("leave out what is not known, and tell the rest", async () => {
    const countPeople = () => Promise.reject(new Error("the database does not answer"));
    publishDirectory({ health: async () => ({ ...health, ageSeconds: null }), countPeople });
    assert.deepEqual((await valuesOf("directory.age")) ?? [], []);
    assert.deepEqual(await valuesOf("directory.version"), [12]);
    assert.deepEqual((await valuesOf("directory.people")) ?? [], []);
  });

  it("and its check fails while it is too old", async () => {
    const { check, age } = directoryCheck({ health: async () => ({ ...health, isUpToDate: false }) });
    await assert.rejects(check());
    assert.equal(await age(), 7);
  });
});
