import { when } from "../policy.js";

const fits = { options: { literalsFit: true } } as const;
const number = { unsupported: "1 or 1.0?" };
const large = { unsupported: "plans do not carry such integers" };
const zero = { unsupported: "the sign of a zero" };
const fromJson = { unsupported: "whether it is an integer is not known in JSON" };

const many = "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]";

/** Where a plan says less than the policy, or SQL would say something else than CEL, in roundabout ways. */
export const doubts = [
  // A whole number that hides behind something.
  when("R.attr.score + R.attr.weight + 1 > 0 || R.attr.on", number),
  when("2 * (R.attr.score + R.attr.count) > 1 || R.attr.on", number),
  when("R.attr.score + R.attr.weight + 1.0 > 0.0", fits),
  when("-(R.attr.score + R.attr.weight) - 1 > 0 || R.attr.on", number),
  when("(R.attr.on ? R.attr.score : 1) + 1 == 2 || R.attr.active", number),
  when('{"a": 1, "b": 2}[R.attr.nick] + R.attr.score > 1.0 || R.attr.on', number),
  when('{"a": 1, "b": R.attr.score}.a + R.attr.weight == 2.0 || R.attr.on', number),
  when("[R.attr.nick, 1][1] * R.attr.weight == 3.0 || R.attr.on", number),
  when("(R.attr.marks + [1]).exists(x, x * R.attr.weight == R.attr.weight) || R.attr.on", number),
  when(`${many}.exists(x, x + R.attr.mixed > 2.0) || R.attr.on`, number),
  when(
    `[[1, 2], [3], [4], [5], [6], [7], [8], [9], [10], [11], [12]].exists(l, l.exists(x, x * R.attr.weight > 0.0)) || R.attr.on`,
    number,
  ),
  when('{"a": [1]}[R.attr.nick][0] * R.attr.weight > 0.0 || R.attr.on', number),
  // Constants among themselves may as well be integers, whatever is promised of those beside attributes.
  when(`${many}.exists(x, x / 2 == size(R.attr.tags))`, { ...fits, ...number }),
  when(`${many}.exists(x, x * 2 == size(R.attr.tags)) || R.attr.on`, { ...fits, ...number }),
  when(`${many}.exists(x, x + x == size(R.attr.tags)) || R.attr.on`, { ...fits, ...number }),
  when(`${many}.exists(x, x % 2 == size(R.attr.tags)) && R.attr.on`, { ...fits, ...number }),
  when('{"a": 1, "b": 2}[R.attr.nick] / 2 == 0 || R.attr.on', { ...fits, ...number }),
  when('{"a": 1, "b": R.attr.score}.a / 2 == 0 || R.attr.on', { ...fits, ...number }),
  when("(R.attr.on ? 1 : 3) / 2 == 1 || R.attr.active", { ...fits, ...number }),
  when("dyn(R.attr.on ? 1 : 3) / 2 == 1 || R.attr.active", { ...fits, ...number }),
  when("(R.attr.on ? 1.0 : 3.0) / (R.attr.on ? 0.0 : 2.0) > 2.0", { ...fits, ...number }),
  when("(R.attr.on ? R.attr.score : 1.0) / 2.0 == 0.5", fits),
  when("R.attr.marks.exists(m, m == 1.0 / 2.0 || m < 0.0)"),
  when("R.attr.marks.exists(m, m > double(7 / 2)) || R.attr.on"),
  when("R.attr.marks.exists(m, m * 1e21 > 1e21)"),
  when("R.attr.score * 1e21 > 1e21"),
  when("R.attr.marks.exists(m, m > -1.0 / 0.0 && m < 3.0)", {
    plannerDefect: "constants that are no numbers do not travel",
  }),
  when(`[9007199254740993, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12].exists(x, x == int(R.attr.big))`, large),
  when(
    `[9007199254740993, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12].exists(x, int(x) == int(R.attr.big)) || R.attr.on`,
    large,
  ),
  when(`[-9223372036854775808, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12].exists(x, -x > R.attr.score) || R.attr.on`, large),
  when("[int(R.attr.big)] == [9007199254740993] || R.attr.on", large),
  when("int(R.attr.big) in [1, 3] || [int(R.attr.big)] == [-1]"),
  when(`${many}.exists(x, x == int(R.attr.big))`),
  when("R.attr.mixed.exists(i, x, i + x == 1.0) || R.attr.on", fromJson),
  when("R.attr.mixed.exists(i, x, R.attr.score + i == 1.0) || R.attr.on", { ...fits, ...fromJson }),
  when("R.attr.mixed.exists(i, x, i == 0 && x == 1.0)"),
  when('string({"a": 1, "b": 7000000}[R.attr.nick]) == "7e+06" || R.attr.on', number),
  when("timestamp(R.attr.on ? 1000 : 5) > timestamp(10) || R.attr.active", number),
  when("(R.attr.on ? 3 : 5) * 3074457345618258603 > 0 || R.attr.active", number),
  when("int(R.attr.digits) != 9007199254740993 && R.attr.on", large),
  when("int(R.attr.digits) in [9223372036854775807, 5] || R.attr.on", large),
  when("int(R.attr.digits) - 1700000000000001 < 0"),
  when("hasIntersection(R.attr.tags.map(t, size(t)), R.attr.marks) || R.attr.on", {
    unsupported: "integers are not always found among other numbers",
  }),
  // Numbers that are none, or infinite.
  when("[R.attr.score / R.attr.weight].exists(x, x > 1.0)"),
  when("[R.attr.score / R.attr.weight][0] > 5.0"),
  "R.attr.score * R.attr.weight - R.attr.weight * R.attr.score > 1.0 || R.attr.on",
  '[R.attr.score * R.attr.weight] == ["Infinity"] || R.attr.on',
  "R.attr.score * R.attr.weight in R.attr.marks",
  'R.attr.mixed + R.attr.mixed == "aa"',
  when("[R.attr.score * 1e308 * 10.0, 1.5][0] > 5.0", fits),
  // The sign of a zero.
  when("1.0 / R.attr.marks[0] > 1.0 || R.attr.on", { ...fits, ...zero }),
  when("1.0 / (R.attr.marks[0] * 2.0) > 1.0 || R.attr.on", { ...fits, ...zero }),
  when("1.0 / [R.attr.nick, R.attr.weight][1] > 1.0 || R.attr.on", { ...fits, ...zero }),
  when('string(R.attr.marks[0]) == "-0" || R.attr.on', zero),
  when("R.attr.marks.exists(m, 1.0 / m < 0.0)", fits),
  when("1.0 / R.attr.mixed > 0.1", fits),
  "R.attr.marks[0] == 0.0",
  // What is not there.
  'R.attr.shares[9] != {"user": "x"} || R.attr.on',
  "R.attr.shares[1] != {} || R.attr.on",
  when('!("level" in R.attr.shares[9]) || R.attr.on', { options: { negations: "expressions" } }),
  '"level" in R.attr.shares[0]',
  'R.attr.shares[0]["level"] == 1.0',
  when('R.attr.shares[0]["absent"] == 1.0 || R.attr.on', { unsupported: "the mapping does not know it" }),
  "timestamp(R.attr.shares[0].until) > timestamp(R.attr.created)",
  'R.attr.tags.map(t, "Infinity")[0] == R.attr.mixed || R.attr.on',
  'R.attr.title in R.attr.ints || "1" in R.attr.ints || R.attr.on',
  'hierarchy(R.attr.tags.map(t, R.attr.nick)) == hierarchy("a")',
  "R.attr.tags.map(t, R.attr.nick) == [R.attr.nick]",
  // Columns whose collations differ.
  "R.attr.title == R.attr.note",
  'hierarchy(R.attr.title) == hierarchy("" + R.attr.title) && R.attr.on',
  "R.attr.title.contains(R.attr.note) || R.attr.nick.startsWith(R.attr.title)",
  '(R.attr.on ? R.attr.title : R.attr.nick) + R.attr.note == "aa"',
  "R.attr.title in [R.attr.nick, R.attr.note]",
  // Time zones that are not the same for everybody.
  when('timestamp(R.attr.created).getHours("CET") == 1 || R.attr.on', { unsupported: "PostgreSQL has another CET" }),
  when('timestamp(R.attr.created).getHours("America/new_york") == 1 || R.attr.on', {
    unsupported: "Go does not know it",
  }),
];
