import assert from "node:assert/strict";
import fc from "fast-check";
import { type Filter, type Resource, UnsupportedPlanError } from "../../../middleware/index.js";
import { toSql } from "../../../middleware/sql/index.js";
import { resourcesOf } from "../../support/differential/attributes.js";
import { type Database, databases } from "../../support/differential/databases.js";
import { type Oracle, startOracle } from "../../support/differential/oracle.js";
import { type Actions, describeRules, when } from "../../support/differential/policy.js";
import { rows } from "../../support/differential/rows.js";
import { columns, id, table } from "../../support/differential/tables.js";
import { conditionOf, differenceIn, trialsOf } from "../../support/differential/trial.js";
import { attribute, call, literal } from "../../support/middleware/expressions.js";

const SEED = Number(process.env.SEED ?? (process.env.CI ? 1 : Date.now() % 1_000_000));
const RANDOM_PATTERNS = Number(process.env.CASES ?? 300);

/** What patterns are tried on. */
const texts = [
  ...[
    "",
    "a",
    "A",
    "b",
    "ab",
    "ba",
    "abc",
    "aab",
    "aaa",
    "a.b",
    "a-b",
    "a_b",
    "a b",
    "[a]",
    "a{2}",
    "a|b",
    "(a)",
    "^a$",
  ],
  ...["\n", "a\n", "\na", "a\nb", "a\r\nb", "\r", "\t", "\v", "\f", "\u0085", "\u00a0", "\u2028", "\u3000", " "],
  ...["0", "7", "10", "a1", "1a", "\u0661", "\u00b2", "\u{1d7d8}", "007", "2024-01-31"],
  ...["k", "K", "\u212a", "s", "S", "\u017f", "\u00e9", "\u00c9", "e\u0301", "\u00df", "\u0130", "\u0131", "i", "I"],
  ...["\u{1f600}", "a\u{1f600}b", "\ufffd", "\u{10ffff}", "\u00ff", "\u0100", "\u4e2d", "\u0001", "\u007f"],
  ...[
    "\\",
    "\\d",
    "/",
    "*",
    "+",
    "?",
    "$1",
    "'",
    '"',
    "%",
    "_",
    "***:a",
    "(?i)a",
    "uma@example.com",
    "uma@Example.org",
  ],
  ...["foo", "a foo b", "foobar", "afoo", "foo\nbar", "FOO", "x".repeat(300), "a".repeat(255), "a".repeat(256)],
  "stra\u00dfe",
];

/** Patterns that both sides know, and that do not mean the same when they are handed on as they are. */
const patterns = [
  // Anywhere in the text, unless it says otherwise.
  ...[
    "",
    "a",
    "^a",
    "a$",
    "^a$",
    "^$",
    "^",
    "$",
    "\\Aa\\z",
    "b|^a",
    "a|",
    "|a",
    "()",
    "(|b)",
    "(a|)b",
    "a||b",
    "^a|b$",
  ],
  // What a dot, a line and an end are.
  ...[".", "^.$", "a.b", "^a.b$", "(?s)a.b", "(?s)^.$", "(?s:a.)b", "(?-s:a.b)", "a\\nb", "^.*$", "(?s)^.*$", "[^a]"],
  ...[
    "(?m)^a$",
    "(?m)^b",
    "(?m)a$",
    "(?m)^$",
    "(?m)\\Ab",
    "(?m)a\\z",
    "(?m:^)b",
    "(?m-s)a$.^b",
    "(?ms)a$.^b",
    "a\r?\n",
  ],
  // Classes are of ASCII.
  ...[
    "\\d",
    "^\\d+$",
    "\\D",
    "^\\D$",
    "\\w",
    "^\\w$",
    "\\W",
    "^\\W$",
    "\\s",
    "^\\s$",
    "\\S",
    "[\\d]",
    "[^\\d]",
    "[\\D]",
  ],
  ...[
    "[\\s\\S]",
    "[^\\w]",
    "[\\w-]",
    "[a\\d]",
    "[[:alpha:]]",
    "^[[:alpha:]]+$",
    "[[:^alpha:]]",
    "[[:upper:]]",
    "[[:digit:]]",
  ],
  ...[
    "[[:space:]]",
    "^[[:space:]]$",
    "[[:blank:]]",
    "[[:punct:]]",
    "[[:print:]]",
    "^[[:print:]]$",
    "[[:graph:]]",
    "[[:cntrl:]]",
  ],
  ...[
    "[[:ascii:]]",
    "[[:^ascii:]]",
    "[[:word:]]",
    "[[:xdigit:]]",
    "[[:alnum:]_-]",
    "[[:lower:][:digit:]]",
    "[^[:space:]]",
  ],
  // Brackets.
  ...[
    "[abc]",
    "[a-c]",
    "[^a-c]",
    "[]]",
    "[^]]",
    "[]a]",
    "[a-]",
    "[-a]",
    "[a\\-c]",
    "[.]",
    "[*]",
    "[\\]]",
    "[\\^]",
    "[a^]",
  ],
  ...["[[]", "[[a]", "[a[.].]]", "[[=a=]]", "[\\n]", "[\\x41-\\x43]", "[\\x{1F600}]", "[^\\x00-\\x7f]", "[\\x00-a]"],
  ...["[\u00e0-\u00ff]", "[\u{1f600}-\u{1f610}]", "[+--]", "[a-b-c]", "[\\\\]", "[\\a-\\r]", "[$]", "[|]", "[{2}]"],
  // Words are of ASCII.
  ...[
    "\\bfoo\\b",
    "\\bfoo",
    "foo\\b",
    "\\Bfoo",
    "\\b",
    "\\B",
    "^\\B$",
    "a\\b",
    "\\b\u00e9",
    "e\\b",
    "\\Ba",
    "(\\b|x)foo",
  ],
  // Repetition.
  ...["a*", "^a*$", "a+", "^a+$", "a?", "^a?b", "a{2}", "^a{2}$", "a{2,}", "^a{1,2}$", "^a{0}$", "^a{0,1}$", "^a{0,}$"],
  ...[
    "a*?b",
    "^a+?$",
    "a??b",
    "^a{1,2}?$",
    "(?U)^a+$",
    "(?U)a+?b",
    "^(ab)*$",
    "^(a|b)+$",
    "^(a*)*$",
    "^(a*)+b$",
    "(a?){2}$",
  ],
  ...["a{", "a{2", "a{,2}", "a{a}", "a{2,1a}", "{", "}", "a}", "]", "^a{255}$", "^[ax]{250,255}$", "a{01}", "x{0,}y?"],
  ...["(^)*a", "(^a)*$", "(\\b)+foo", "(?:$)?b", "(^|b)+a", "(^|\\n)b", "(a|^)b", "(a|\\b)*foo", "((a|b)?c?)*$"],
  // Groups.
  ...[
    "(a)(b)",
    "(?:a)b",
    "(?P<x>a)b",
    "(?<x>a)b",
    "((a))",
    "(?P<x_1>a)|(?P<y>b)",
    "(a(b)c)?$",
    "(?:)",
    "(?i:)a",
    "()*a",
  ],
  // Case: of ASCII, and of what Unicode folds to it.
  ...[
    "(?i)a",
    "(?i)^k$",
    "(?i)^s$",
    "(?i)^[k]$",
    "(?i)^[^k]$",
    "(?i)^[a-z]$",
    "(?i)^[^a-z]$",
    "(?i)^\\w$",
    "(?i)^\\W$",
  ],
  ...[
    "(?i)^[[:lower:]]$",
    "(?i)^[[:^lower:]]$",
    "(?i)^i$",
    "(?i)foo",
    "(?i:f)oo",
    "f(?i)OO",
    "(f(?i)o)O",
    "(?i)a(?-i)B",
  ],
  ...[
    "(?i)f|O$",
    "(?i-i)A",
    "(?i)(?-i:a)B",
    "(?i)^[\\d_]$",
    "(?i)\\x41",
    "(?is)^a.B$",
    "(?im)^B$",
    "(?i)[[:^alpha:]]",
    "(?)a",
  ],
  // Escapes.
  ...[
    "\\.",
    "^a\\.b$",
    "\\\\",
    "\\\\d",
    "\\/",
    "\\*",
    "\\+",
    "\\?",
    "\\[a\\]",
    "\\(a\\)",
    "a\\{2\\}",
    "a\\|b",
    "\\^a\\$",
    "\\-",
  ],
  ...[
    "\\_",
    "\\%",
    "\\'",
    '\\"',
    "\\@",
    "\\n",
    "^\\r$",
    "^\\t$",
    "^\\v$",
    "^\\f$",
    "\\a",
    "\\x61",
    "\\x{61}",
    "\\x{1F600}",
  ],
  ...[
    "\\141",
    "\\07",
    "\\101",
    "\\x00",
    "a\\x00",
    "[\\x00]",
    "\\0",
    "^[^\\x00]$",
    "\\012",
    "\\x7f",
    "\\x{10FFFF}",
    "^\\x{FFFD}$",
  ],
  ...[
    "\\Qa.b\\E",
    "\\Q[a]\\E$",
    "\\Qa\\Eb",
    "\\Q***",
    "\\Qa\\",
    "\\Qab\\E*$",
    "\\Q\\E",
    "(?i)\\QA.B\\E",
    "\\Q(\\E",
    "a\\Q|\\Eb",
  ],
  // What PostgreSQL alone takes for something.
  ..."\\*\\*\\*:a;^\\*{3};\\(\\?i\\)a;(?:\\*){3};#a;a#b;a b;(?s)a\tb;$1;'".split(";"),
  // Beyond ASCII.
  ...[
    "\u00e9",
    "^\u00e9$",
    "e\u0301",
    "^.$",
    "^..$",
    "\u{1f600}",
    "^a\u{1f600}b$",
    "[\u{1f600}a]",
    "\u00df",
    "[^\u00e9]",
    "\ufffd",
  ],
  ...["^[\\w.+-]+@[\\w-]+\\.(com|org)$", "(?i)@example\\.(?:com|org)$", "^\\d{4}-\\d{2}-\\d{2}$", "^(?:foo|bar)+$"],
];

/** Patterns without an equal in PostgreSQL, and what the refusal must name. */
const refused: Readonly<Record<string, RegExp>> = {
  "\\pL": /Unicode class/,
  "\\PL": /Unicode class/,
  "\\p{Greek}": /Unicode class/,
  "[\\pL]": /Unicode class/,
  "[\\P{^Lu}a]": /Unicode class/,
  "(?i)\u00e9": /case of characters beyond ASCII/,
  "(?i)[a-\u00ff]": /case of characters beyond ASCII/,
  "(?i)\\x{e9}": /case of characters beyond ASCII/,
  "(?i)\\Q\u00e9": /case of characters beyond ASCII/,
  "(?P<x>a)(?P<x>b)": /two groups alike/,
  "a{256}": /more than 255 times/,
  "a{300,}": /more than 255 times/,
  "(a{100}){100}": /repeats too much/,
  "((a{10}){10}){11}": /repeats too much/,
  [`${"(".repeat(200)}${")".repeat(200)}`]: /nested too deeply/,
  [".".repeat(1_001)]: /too long/,
};

/** Patterns that are none to RE2, so that the PDP's check always fails. */
const invalid: Readonly<Record<string, RegExp>> = {
  "(?=a)": /look-around/,
  "(?!a)": /look-around/,
  "(?<=a)b": /look-around|look-behind/,
  "(?<!a)b": /look-around|look-behind/,
  "(?<=a>)b": /look-behind/,
  "(a)\\1": /back reference/,
  "\\9": /back reference/,
  "(?P<x>a)(?P=x)": /flag or group/,
  "(?P<>a)": /name of a group/,
  "(?P<a-b>a)": /name of a group/,
  "(?#a)": /flag or group/,
  "(?>a)": /flag or group/,
  "(?x)a": /flag or group/,
  "(?i": /flag or group/,
  "(?i-)a": /flag or group/,
  "(?--i)a": /flag or group/,
  "\\y": /escape \\y/,
  "\\m": /escape \\m/,
  "\\M": /escape \\M/,
  "\\Y": /escape \\Y/,
  "\\Z": /escape \\Z/,
  "\\C": /escape \\C/,
  "\\G": /escape \\G/,
  "\\E": /escape \\E/,
  "\\R": /escape \\R/,
  "\\h": /escape \\h/,
  "\\K": /escape \\K/,
  "\\e": /escape \\e/,
  "\\c": /escape \\c/,
  "\\u0061": /escape \\u/,
  "\\\u00e9": /escape/,
  "\\x": /escape \\x/,
  "\\x{}": /escape \\x/,
  "\\x{110000}": /beyond Unicode/,
  "[\\b]": /escape \\b/,
  "[a-\\d]": /escape \\d/,
  "[\\Q]": /escape \\Q/,
  "[c-a]": /range/,
  "[[:foo:]]": /class/,
  "[[:constructor:]]": /class/,
  "[a": /end too early/,
  "[": /end too early/,
  "[]": /end too early/,
  "[^]": /end too early/,
  "\\": /end too early/,
  "(a": /\( without \)/,
  "a)": /\) without \(/,
  "*a": /repetition of nothing/,
  "***:a": /repetition of nothing/,
  "a**": /repetition of nothing/,
  "a+*": /repetition of nothing/,
  "a{2}{3}": /repetition of nothing/,
  "(*a)": /repetition of nothing/,
  "a|*": /repetition of nothing/,
  "{2}": /repetition of nothing/,
  "a{1001}": /bounds/,
  "a{2,1}": /bounds/,
  "(?i)*": /repetition of nothing/,
};

/** Random patterns of the parts that both sides know. */
const randomPatterns = fc.letrec<{ atom: string; piece: string; sequence: string; choice: string }>((tie) => ({
  atom: fc.oneof(
    fc.constantFrom("a", "b", "A", "k", "s", ".", "\\d", "\\w", "\\W", "\\s", "\\n", "_", "0", "\\.", "-", " "),
    fc.constantFrom("[ab]", "[^a]", "[a-c_]", "[^\\w]", "[[:alpha:]]", "[\\d.]", "^", "$", "\\b", "\\B", "\\A", "\\z"),
    tie("choice").map((inner) => `(${inner})`),
    fc
      .tuple(fc.constantFrom("i", "s", "m", "im", "-i", "ms", "U"), tie("choice"))
      .map(([f, inner]) => `(?${f}:${inner})`),
  ),
  piece: fc
    .tuple(tie("atom"), fc.constantFrom("", "", "", "", "*", "+", "?", "{2}", "{0,1}", "{1,}", "*?", "+?", "{2,3}"))
    .map((parts) => parts.join("")),
  sequence: fc.array(tie("piece"), { minLength: 0, maxLength: 4 }).map((pieces) => pieces.join("")),
  choice: fc
    .array(tie("sequence"), { minLength: 1, maxLength: 2, depthIdentifier: "pattern" })
    .map((parts) => parts.join("|")),
})).choice;

const ofNick = (pattern: string) => when(`R.attr.nick.matches(${JSON.stringify(pattern)})`);

describe("matches", function () {
  this.timeout(300_000);

  let oracle: Oracle;
  let resources: readonly Resource[];
  const opened: Database[] = [];
  const kinds: Record<string, Actions> = {
    pattern: Object.fromEntries(patterns.map((pattern, n) => [`p${n}`, ofNick(pattern)])),
    // With constants like these, newer PDPs do not even start.
    invalid: Object.fromEntries(
      Object.keys(invalid).map((pattern, n) => [
        `p${n}`,
        when(`R.attr.nick.matches(P.attr.empty + ${JSON.stringify(pattern)})`),
      ]),
    ),
    random: Object.fromEntries(
      fc
        .sample(randomPatterns, { seed: SEED, numRuns: RANDOM_PATTERNS })
        .map((pattern, n) => [`p${n}`, ofNick(pattern)]),
    ),
  };

  async function filled(database: Database): Promise<Database> {
    const [first] = rows.things;
    const things = [...texts, null].map((text, n) => ({ ...first, id: `${n}`, n, nick: text }));
    await database.fill({ ...rows, things, shares: [], parts: [], bits: [], watchers: [], grades: [] });
    opened.push(database);
    return database;
  }

  before(async () => {
    oracle = await startOracle(kinds);
  });
  after(async () => {
    for (const database of opened) await database.close();
    await oracle?.stop();
  });

  for (const [name, open] of Object.entries(databases)) {
    it(`finds what the PDP finds, in ${name} (random patterns with SEED=${SEED})`, async function () {
      const database = await filled(await open(this));
      resources = resourcesOf(await database.contents());
      for (const kind of ["pattern", "random"]) {
        const failures: string[] = [];
        for (const trial of await trialsOf(oracle, kind, kinds[kind] as Actions, resources)) {
          const condition = conditionOf(trial.filter);
          if (kind === "random" && condition instanceof UnsupportedPlanError) continue;
          const failure = await differenceIn(database, trial, condition);
          if (failure) failures.push(failure);
        }
        assert.equal(failures.length, 0, `${failures.length} wrong\n\n${failures.join("\n\n")}`);
      }
    });
  }

  it("refuses patterns that RE2 refuses, with which the PDP allows nothing", async () => {
    for (const trial of await trialsOf(oracle, "invalid", kinds.invalid as Actions, resources)) {
      assert.deepEqual([...trial.expected], [], describeRules(trial.action.rules));
    }
    for (const [pattern, message] of Object.entries(invalid)) assertRefused(pattern, message);
  });

  it("refuses by name what PostgreSQL has no equal for", () => {
    for (const [pattern, message] of Object.entries(refused)) assertRefused(pattern, message);
  });

  it("refuses a pattern that is no constant", () => {
    const condition = call("matches", attribute("nick"), attribute("title"));
    assert.throws(() => translated(condition), /must be a constant/);
  });

  it("hands the pattern on as a value, in characters that mean nothing in SQL", () => {
    const { text, values } = translated(call("matches", attribute("nick"), literal("^'; --|\\$1$")));
    assert.match(text, /^\("[^']+"::text ~ \$1::text\)$/);
    assert.equal(values.length, 1);
    assert.match(String(values[0]), /^[^';$-]+$/);
  });

  function translated(condition: ReturnType<typeof call>) {
    const filter: Filter = { decision: "conditional", condition };
    return toSql(filter, { table, columns, id });
  }

  function assertRefused(pattern: string, message: RegExp): void {
    assert.throws(
      () => translated(call("matches", attribute("nick"), literal(pattern))),
      (error) => error instanceof UnsupportedPlanError && error.operator === "matches" && message.test(error.message),
      `${pattern} ${message}`,
    );
  }
});
