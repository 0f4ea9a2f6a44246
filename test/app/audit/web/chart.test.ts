import assert from "node:assert/strict";
import { decisionStore } from "../../../../app/audit/search/store.js";
import { chartOf } from "../../../../app/audit/web/chart/chart.js";
import { searchAllPages } from "../../../support/audit/log-search.js";
import { seedLog } from "../../../support/audit/seeded-log.js";
import { condition } from "../../../support/database/condition.js";
import { useFixture } from "../../../support/fixture.js";
import { pageIn, textOf } from "../../../support/http/page.js";
import { useInProcess } from "../../../support/stack/in-process.js";
import { useOneDay, useOtherZone } from "../../../support/time-zone.js";

const DAY_MS = 24 * 60 * 60 * 1000;

describe("the chart of the decision log", function () {
  this.timeout(60_000);
  useOtherZone();
  useOneDay("UTC");
  const app = useInProcess();
  const auditor = useFixture(() => app.as("00uauditor", "auditor", ""));

  before(() => seedLog(app.database.db, 5_000));

  /** What the page of a search shows: the rows of the chart's table, the labels of its axes, and its words. */
  async function chartFor(query: Record<string, string>) {
    const page = pageIn(await auditor.get(`/audit?${new URLSearchParams(query)}`, { Accept: "text/html" }));
    const figure = /<figure[\s\S]*<\/figure>/.exec(page)?.[0] ?? "";
    const labels = (name: string) =>
      [...figure.matchAll(new RegExp(`<li class="${name}( minor)?"><span>(.*?)</span>`, "g"))].map(
        ([, minor, text = ""]) => ({ text, isMinor: minor !== undefined }),
      );
    const rows = [...figure.matchAll(/<time datetime="(.+?)">.*?<td>([\d,]+)<\/td><td>([\d,]+)<\/td>/g)].map(
      ([, start = "", ...counts]) => ({ start, counts: counts.map((count) => Number(count.replaceAll(",", ""))) }),
    );
    return {
      rows,
      counted: rows.flatMap(({ counts }) => counts).reduce((sum, count) => sum + count, 0),
      words: textOf(figure),
      countLabels: labels("plot-count").map(({ text }) => text),
      /** Of the bars that have a label. */
      timeLabels: labels("plot-time").flatMap((label, n) => (label.text ? [{ ...label, start: rows[n]?.start }] : [])),
    };
  }

  /** The first moment of the day that is some days from today. */
  const day = (fromToday: number) => {
    const today = new Date().setUTCHours(0, 0, 0, 0);
    return new Date(today + fromToday * DAY_MS);
  };
  const field = (time: Date) => time.toISOString().slice(0, 16);
  const startsOf = (first: number, count: number) =>
    Array.from({ length: count }, (_, n) => day(first + n).toISOString());

  it("is of the last seven days, of which today is one, and counts what a search from the first on finds", async () => {
    const { rows, counted, words } = await chartFor({ action: "update" });
    assert.deepEqual(
      rows.map(({ start }) => start),
      startsOf(-6, 7),
    );
    assert.match(words, /, in UTC\. The last 7 days, including today\./);
    const found = await searchAllPages(auditor, { action: "update", asked: "tried", from: field(day(-6)) });
    assert.ok(found.length > 10);
    assert.equal(counted, found.length);
    assert.match(words, new RegExp(`\\b${found.filter(({ effect }) => effect === "deny").length} denied`));
  });

  it("is of seven days also when these have begun a moment ago", async () => {
    const store = decisionStore(app.database.db);
    const isEverything = condition`TRUE`;
    const { periods } = await chartOf(store, {}, isEverything, true, "UTC", new Date("2024-03-01T00:00:00.001Z"));
    assert.deepEqual(
      periods.map(({ start }) => start.toISOString().slice(5, 10)),
      ["02-24", "02-25", "02-26", "02-27", "02-28", "02-29", "03-01"],
    );
  });

  it("is of the last seven days before the end of a search that has no beginning", async () => {
    const to = new Date(day(-10).getTime() + DAY_MS / 2);
    const search = { action: "update", to: field(to) };
    const { rows, counted, words } = await chartFor(search);
    assert.deepEqual(
      rows.map(({ start }) => start),
      startsOf(-16, 7),
    );
    assert.match(words, /The last 7 days of the search, counted by whole hours\./);
    const found = await searchAllPages(auditor, { ...search, asked: "tried", from: field(day(-16)) });
    assert.ok(found.length > 10);
    assert.equal(counted, found.length);
  });

  it("ends today when a search ends later", async () => {
    const { rows, words } = await chartFor({ to: "2999-12-31T23:59" });
    assert.deepEqual(
      rows.map(({ start }) => start),
      startsOf(-6, 7),
    );
    assert.match(words, /The last 7 days, including today\./);
  });

  for (const [days, unit] of [
    [1, "hour"],
    [6, "day"],
    [30, "day"],
  ] as const) {
    it(`counts by ${unit} what a search of ${days} days finds`, async () => {
      const search = { action: "share", from: field(day(-days)), to: field(day(0)) };
      const { rows, counted, words } = await chartFor(search);
      assert.match(words, new RegExp(`Decisions by ${unit}`));
      assert.equal(rows.length, unit === "hour" ? 24 * days : days);
      assert.equal(counted, (await searchAllPages(auditor, { ...search, asked: "tried" })).length);
    });
  }

  it("has labels at round times: hours of the day, Mondays, quarters", async () => {
    const labelsFrom = async (from: Date) => {
      const { timeLabels } = await chartFor({ from: field(from), to: field(day(0)) });
      const onSmallScreens = timeLabels.filter(({ isMinor }) => !isMinor);
      assert.ok(onSmallScreens.length > 1 && onSmallScreens.length <= 4, `${onSmallScreens.length} labels`);
      return timeLabels;
    };
    assert.deepEqual(
      (await labelsFrom(new Date(day(-2).getTime() + DAY_MS / 12))).map(({ text }) => text),
      ["06:00", "12:00", "18:00", "00:00", "06:00", "12:00", "18:00"],
    );
    const days = await labelsFrom(day(-29));
    assert.deepEqual(new Set(days.map(({ start = "" }) => new Date(start).getUTCDay())), new Set([1]));
    for (const { text } of await labelsFrom(day(-2 * 365))) assert.match(text, /^(Jan|Apr|Jul|Oct) \d\d$/);
  });

  it("has an axis of whole numbers at equal distances, up to its highest bar or above", async () => {
    const fewAnHour = { effect: "deny", from: field(day(-2)), to: field(day(0)) };
    for (const query of [{}, { action: "share" }, { action: "share", effect: "deny" }, fewAnHour]) {
      const { rows, countLabels } = await chartFor(query);
      const highest = Math.max(0, ...rows.map(({ counts: [allow = 0, deny = 0] }) => allow + deny));
      const numbers = countLabels.map(Number);
      const step = (numbers[1] ?? 0) - (numbers[0] ?? 0);
      assert.deepEqual(
        numbers,
        numbers.map((_, n) => n * step),
      );
      assert.ok(numbers.every(Number.isInteger) && numbers.length <= 7, String(numbers));
      assert.ok(highest > 0 && highest <= (numbers.at(-1) ?? 0), `${highest} of ${numbers}`);
    }
  });
});
