import { NotExpressible } from "../not-expressible.js";
import type { Statement } from "../statement.js";
import { has } from "../value/facts.js";
import { asString } from "../value/narrowing.js";
import { isScalar, type Scalar, type Value } from "../value/types.js";
import { certain, failing, fallible, strict } from "../value/value.js";

/*
 * Timestamps and durations, to the nanosecond (CEL specification, "Date/Time Functions"; texts as Go reads them). As
 * whole numbers: PostgreSQL's own types stop at microseconds.
 */

const NS_PER_SECOND = "1000000000";
/** The first and last moment that CEL knows: the years 1 to 9999. */
const FIRST_MOMENT = "-62135596800000000000";
const LAST_MOMENT = "253402300799999999999";
const MAX_DURATION_NS = "9223372036854775807";

function within(statement: Statement, kind: "timestamp" | "duration", sql: string): Scalar {
  const [least, most] =
    kind === "timestamp" ? [FIRST_MOMENT, LAST_MOMENT] : [`-${MAX_DURATION_NS} - 1`, MAX_DURATION_NS];
  return fallible(
    kind,
    statement.bind([sql], (n) => `CASE WHEN ${n} BETWEEN ${least} AND ${most} THEN ${n} END`),
  );
}

// Only what every PDP reads: those before 0.55 also read hours of one digit, a comma, and offsets of 24 hours.
const RFC3339 =
  "'^([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})([.][0-9]+)?(Z|([+-])([0-9]{2}):([0-9]{2}))$'";

/** `timestamp(value)`: of text (RFC 3339), of seconds since 1970, or as it is. */
export function timestamp(statement: Statement, value: Value): Scalar {
  if (value.kind === "timestamp") return value as Scalar;
  if (value.kind === "int") return within(statement, "timestamp", `(${(value as Scalar).sql} * ${NS_PER_SECOND})`);
  if (has(value, "ambiguous") || has(value, "integers")) {
    throw new NotExpressible("whether this is an integer, of which timestamps can be made, is not known.");
  }
  const text = asString(value);
  if (text.instant !== undefined) return fallible("timestamp", text.instant);
  const table = statement.alias();
  const m = (n: number) => `${table}.m[${n}]`;
  const firstOfMonth = `make_date(${m(1)}::int, ${m(2)}::int, 1)`;
  const lastDay = `extract(day FROM ${firstOfMonth} + interval '1 month' - interval '1 day')`;
  const days = `(${firstOfMonth} - date '1970-01-01' + ${m(3)}::int - 1)`;
  const offset = `CASE WHEN ${m(9)} = '-' THEN -1 ELSE 1 END * coalesce(${m(10)}::int * 3600 + ${m(11)}::int * 60, 0)`;
  const seconds = `(${days}::numeric * 86400 + ${m(4)}::int * 3600 + ${m(5)}::int * 60 + ${m(6)}::int - ${offset})`;
  const nanoseconds = `rpad(substr(coalesce(${m(7)}, ''), 2, 9), 9, '0')::numeric`;
  const inRange = [
    `${m(4)}::int < 24`,
    `${m(5)}::int < 60`,
    `${m(6)}::int < 60`,
    `coalesce(${m(10)}::int < 24 AND ${m(11)}::int < 60, TRUE)`,
    `${m(3)}::int BETWEEN 1 AND ${lastDay}`,
  ].join(" AND ");
  const parsed =
    `(SELECT CASE WHEN ${m(1)}::int < 1 OR ${m(2)}::int NOT BETWEEN 1 AND 12 THEN NULL ` +
    `WHEN ${inRange} THEN ${seconds} * ${NS_PER_SECOND} + ${nanoseconds} END ` +
    `FROM (SELECT regexp_match(${text.sql}, ${RFC3339}) AS m OFFSET 0) AS ${table})`;
  return within(statement, "timestamp", parsed);
}

const UNITS = "(ns|us|µs|μs|ms|s|m|h)";
const NANOSECONDS =
  "CASE ? WHEN 'h' THEN 3600000000000 WHEN 'm' THEN 60000000000 WHEN 's' THEN 1000000000 WHEN 'ms' THEN 1000000 WHEN 'ns' THEN 1 ELSE 1000 END";

/** `duration(value)`: of text such as `1h30m` or `-1.5s`, or as it is. */
export function duration(statement: Statement, value: Value): Scalar {
  if (value.kind === "duration") return value as Scalar;
  const text = asString(value);
  const m = statement.alias();
  const unit = NANOSECONDS.replace("?", `${m}.m[4]`);
  const whole = `coalesce(nullif(${m}.m[1], ''), '0')::numeric * ${unit}`;
  // In floating point, as Go does it, of as many digits as fit into 63 bits.
  const zeros = `coalesce(${m}.m[2], '')`;
  const others = `coalesce(${m}.m[3], '')`;
  const fitting = `CASE WHEN ('0' || left(${others}, 19))::numeric <= 9223372036854775808 THEN 19 ELSE 18 END`;
  const digits = `left(${others}, ${fitting})`;
  const scale = `10::float8 ^ (length(${zeros}) + length(${digits}))`;
  const fraction = `trunc(('0' || ${digits})::float8 * (${unit} / ${scale}))::bigint`;
  const parsed = statement.bind([text.sql], (s) => {
    const parts = `regexp_matches(${s}, '([0-9]*)(?:[.](0*)([0-9]*))?${UNITS}', 'g') AS ${m}(m)`;
    const sum = `(SELECT coalesce(sum(${whole} + ${fraction}), 0) FROM ${parts})`;
    const syntax = `'^[+-]?(0|(([0-9]+([.][0-9]*)?|[.][0-9]+)${UNITS})+)$'`;
    return `CASE WHEN ${s} ~ ${syntax} AND char_length(${s}) < 1000 THEN CASE WHEN ${s} LIKE '-%' THEN -1 ELSE 1 END * ${sum} END`;
  });
  return within(statement, "duration", parsed);
}

/** `a + b` where one is a duration; `undefined` where neither is a time. */
export function addDuration(statement: Statement, a: Value, b: Value): Scalar | undefined {
  if (!isTime(a) && !isTime(b)) return undefined;
  if (!isTime(a) || !isTime(b) || (a.kind === "timestamp" && b.kind === "timestamp")) return failing("timestamp");
  const kind = a.kind === "timestamp" || b.kind === "timestamp" ? "timestamp" : "duration";
  return within(statement, kind, `(${a.sql} + ${b.sql})`);
}

/**
 * `a - b` of times; `undefined` where neither is one. Where cel-go's way to the result overflows, it fails, even where
 * the result would not.
 */
export function subtractTimes(statement: Statement, a: Value, b: Value): Scalar | undefined {
  if (!isTime(a) && !isTime(b)) return undefined;
  if (!isTime(a) || !isTime(b) || (a.kind === "duration" && b.kind === "timestamp")) return failing("timestamp");
  if (a.kind === "duration") return within(statement, "duration", `(${a.sql} - ${b.sql})`);
  const isTimestamp = b.kind === "timestamp";
  const difference = statement.bind([a.sql, b.sql], (x, y) => {
    const passes = isTimestamp
      ? // It multiplies the difference of the whole seconds before it adds the rest.
        `${wholeSeconds(x)} - ${wholeSeconds(y)} BETWEEN -${MAX_DURATION_NS} - 1 AND ${MAX_DURATION_NS}`
      : // It adds the opposite of the duration.
        `${y} >= -${MAX_DURATION_NS}`;
    return `CASE WHEN ${passes} THEN ${x} - ${y} END`;
  });
  return within(statement, isTimestamp ? "duration" : "timestamp", difference);
}

/** The last whole second before a moment, in nanoseconds. Without a division, which would round. */
function wholeSeconds(n: string): string {
  return `(${n} - mod(mod(${n}, ${NS_PER_SECOND}) + ${NS_PER_SECOND}, ${NS_PER_SECOND}))`;
}

function isTime(value: Value): value is Scalar & { kind: "timestamp" | "duration" } {
  return isScalar(value) && (value.kind === "timestamp" || value.kind === "duration");
}

/** `value.timeSince()`: how long ago it was when the statement began. */
export function timeSince(value: Value): Scalar {
  if (value.kind !== "timestamp") return failing("duration");
  const { sql, nulls } = value as Scalar;
  const elapsed = `(trunc(extract(epoch FROM statement_timestamp()) * ${NS_PER_SECOND}) - ${sql})`;
  // Go's own limits: what is longer counts as the longest.
  const limited = `greatest(least(${elapsed}, ${MAX_DURATION_NS}), -${MAX_DURATION_NS} - 1)`;
  if (nulls === "never") return certain("duration", limited);
  return fallible("duration", `CASE WHEN ${sql} IS NOT NULL THEN ${limited} END`);
}

/** Parts of a date, of a timestamp without zone. */
const dateParts: Readonly<Record<string, (local: string) => string>> = {
  getFullYear: (local) => `extract(year FROM ${local})`,
  getMonth: (local) => `extract(month FROM ${local}) - 1`,
  getDate: (local) => `extract(day FROM ${local})`,
  getDayOfMonth: (local) => `extract(day FROM ${local}) - 1`,
  getDayOfWeek: (local) => `extract(dow FROM ${local})`,
  getDayOfYear: (local) => `extract(doy FROM ${local}) - 1`,
  getHours: (local) => `extract(hour FROM ${local})`,
  getMinutes: (local) => `extract(minute FROM ${local})`,
  getSeconds: (local) => `extract(second FROM ${local})`,
};

/** How many nanoseconds each of a duration's units has. */
const units: Readonly<Record<string, string>> = {
  getHours: "3600000000000",
  getMinutes: "60000000000",
  getSeconds: "1000000000",
  getMilliseconds: "1000000",
};

/** `value.getHours()` and its kin: of a timestamp in UTC or in a zone, or of a duration in all. */
export function timePart(statement: Statement, name: string, value: Value, zone?: Value): Scalar {
  if (value.kind === "duration") return unitOf(name, value as Scalar, zone);
  if (value.kind !== "timestamp") return failing("int");
  const time = value as Scalar;
  const inZone = zone === undefined ? "" : zoneOf(zone);
  const part = dateParts[name];
  const result = statement.bind([time.sql], (n) => {
    if (!part) return `floor(mod(mod(${n}, ${NS_PER_SECOND}) + ${NS_PER_SECOND}, ${NS_PER_SECOND}) / 1000000)`;
    const day = `floor(${n} / 86400000000000)`;
    const second = `floor((${n} - ${day} * 86400000000000) / ${NS_PER_SECOND})`;
    const utc = `(timestamp '1970-01-01' + ${day}::int * interval '1 day' + ${second}::float8 * interval '1 second')`;
    return `(${part(inZone ? `(${utc} AT TIME ZONE 'UTC' AT TIME ZONE ${inZone})` : utc)})::numeric`;
  });
  return strict("int", [time], result);
}

function unitOf(name: string, duration: Scalar, zone: Value | undefined): Scalar {
  const unit = units[name];
  return unit && !zone ? strict("int", [duration], `trunc(${duration.sql} / ${unit})`) : failing("int");
}

/** A time zone, which the two sides must understand alike: an offset, or a name of the IANA's. */
function zoneOf(zone: Value): string {
  const name = isScalar(zone) ? zone.literal : undefined;
  if (typeof name !== "string") throw new NotExpressible("the time zone must be a constant.");
  if (/^[+-]?([01][0-9]|2[0-3]):[0-5][0-9]$/.test(name)) return `interval '${name}'`;
  if (name !== "UTC" && !isTimeZone(name)) throw new NotExpressible("the time zone is not one that is known.");
  return `'${name}'`;
}

/**
 * Whether a name is one of `Area/City`, in its proper spelling. PostgreSQL takes others as well, some of them for other
 * zones than Go does.
 */
function isTimeZone(name: string): boolean {
  if (!/^[A-Z][A-Za-z]+(\/[A-Z][A-Za-z]*([_-][A-Za-z]+)*([+-][0-9]+)?)+$/.test(name)) return false;
  try {
    const known = new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone;
    return known === name || known.toLowerCase() !== name.toLowerCase();
  } catch {
    return false;
  }
}
