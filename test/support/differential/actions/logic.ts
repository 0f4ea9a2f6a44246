import { type Action, unless, when } from "../policy.js";

const strict = { options: { negations: "expressions" } } as const;
const fits = { options: { literalsFit: true } } as const;
const rules = { options: { negations: "rules" } } as const;

/** True, false, or a failure where the attribute is missing. */
const nick = 'R.attr.nick == "a"';
const score = "R.attr.score > 0";
const active = "R.attr.active";

export const logic: readonly (string | Action)[] = [
  `${nick} && ${score}`,
  `${nick} || ${score}`,
  `${nick} || ${score} || ${active}`,
  `${nick} && (${score} || ${active})`,
  `(${nick} && ${score}) || (${active} && R.attr.open)`,
  `${nick} && ${score} && ${active} && R.attr.on`,
  // Failures that && and || absorb.
  when(`${active} || R.attr.score / 0.0 > 1.0 || R.attr.on`, fits),
  `(R.attr.nick > 1.0 || R.attr.on) && R.attr.title != ""`,
  when(`!(R.attr.nick > 1.0 && R.attr.on)`, strict),
  when(`!(${nick} && R.attr.on)`, strict),
  when(`!(R.attr.on && ${nick})`, strict),
  when(`!(${nick} || R.attr.on)`, strict),
  when(`!(${nick})`, strict),
  when(`!!(${nick})`, strict),
  when(`!(!(${nick}) && !(${score}))`, strict),
  when(`!(!(${nick}) || ${active})`, strict),
  when(`!R.attr.active`, strict),
  when(`!R.attr.open`, strict),
  when("!R.attr.on"),
  when(`[1].exists(x, !(${nick}))`, strict),
  when('!(R.attr.title == "a")'),
  when('!(R.attr.title == "a" || R.attr.on)'),
  when(`R.attr.on && !(${nick})`, strict),
  when(`R.attr.on || !(${nick} && ${score})`, strict),
  when(`!(${nick}) && !(${score})`, strict),
  when(`!(R.attr.title < 1.0) || R.attr.on`, strict),
  // Where a negation cannot be but of an expression.
  `(!(${nick})) == R.attr.on`,
  `(!(${nick}) ? "x" : "y") == "x"`,
  `(R.attr.on ? !(${nick}) : !(${score}))`,
  `[!(${nick})] == [true]`,
  // Conditions as values.
  `(${nick}) == (${score})`,
  `(${nick} || R.attr.on) == (${score})`,
  `(${nick}) != R.attr.on`,
  `(R.attr.score > 0.0) == true`,
  // Blocks.
  when({ all: [nick, score] }),
  when({ any: [nick, score] }),
  when({ none: [nick, score] }, rules),
  when({ none: [nick] }, rules),
  when({ none: ["R.attr.on"] }),
  when({ all: ["R.attr.on", { none: [nick, { any: [score, active] }] }] }, rules),
  when({ any: [{ none: [nick] }, { all: [active, score] }] }, rules),
  when({ none: [{ none: [nick] }] }, rules),
  when({ none: [{ all: [nick, active] }, { none: [score] }] }, rules),
  when({ none: [{ none: [{ none: [nick] }] }] }, rules),
  when({ any: [{ all: [nick, { any: [score, active] }] }, "R.attr.on && R.attr.open"] }),
  when({ none: ["R.attr.nick > 1.0", "R.attr.on"] }, rules),
  // Both sorts at once: neither translation of `not` is right.
  when({ all: [{ none: [nick] }, `!(${score})`] }, { unsupported: "blocks and expressions negate in one plan" }),
  when({ none: [`!(${nick})`] }, { unsupported: "blocks and expressions negate in one plan" }),
  // Rules.
  unless(nick, rules),
  unless("R.attr.active", rules),
  unless("R.attr.on"),
  unless(`${nick} || ${score}`, rules),
  unless(`${nick} && ${score}`, rules),
  unless({ any: [nick, { all: [score, active] }] }, rules),
  unless({ none: [nick] }, rules),
  unless("R.attr.nick > 1.0 || R.attr.on", rules),
  {
    rules: [
      { effect: "allow", when: nick },
      { effect: "allow", when: active },
    ],
  },
  {
    rules: [
      { effect: "allow", when: nick },
      { effect: "allow", when: active },
      { effect: "deny", when: score },
    ],
    ...rules,
  },
  {
    rules: [
      { effect: "allow", when: active },
      { effect: "deny", when: score },
      { effect: "deny", when: nick },
    ],
    ...rules,
  },
  { rules: [{ effect: "allow", when: nick, derived: true }] },
  {
    rules: [
      { effect: "allow", when: nick, derived: true },
      { effect: "allow", when: score, derived: true },
      { effect: "deny", when: active, derived: true },
    ],
    ...rules,
  },
  {
    rules: [
      { effect: "allow", when: active, derived: true },
      { effect: "allow", when: `${nick} && ${score}` },
    ],
  },
  when("true", { trivial: "allowed always" }),
  when("false", { trivial: "allowed never" }),
  when("R.attr.on || true", { trivial: "allowed always" }),
  { rules: [{ effect: "deny" }, { effect: "allow", when: nick }], trivial: "denied always" },
  // Ternaries.
  `${active} ? ${nick} : ${score}`,
  `R.attr.on ? ${nick} : ${score}`,
  `(R.attr.on ? R.attr.nick : R.attr.title) == "a"`,
  `(R.attr.on ? R.attr.score : R.attr.weight) > 0.0`,
  `(R.attr.on ? R.attr.score : R.attr.title) == 1.0`,
  `(R.attr.on ? R.attr.tags : R.attr.labels) == ["a", "b"]`,
  `"a" in (R.attr.on ? R.attr.tags : R.attr.labels)`,
  `(R.attr.on ? R.attr.open : R.attr.note) == null`,
  `(R.attr.on ? 1.0 : 2.0) > 1.5`,
  `(R.attr.on ? "a" : R.attr.title) == "a"`,
  `(R.attr.active ? "x" : "y") == "x"`,
  `R.attr.on ? R.attr.active : true`,
  when(`R.attr.on || (R.attr.active ? R.attr.score / 0.0 > 1.0 : R.attr.weight > 1.0)`, fits),
  `R.attr.on ? true : R.attr.nick > 1.0`,
  `(R.attr.nick == "a" ? R.attr.note : R.attr.title) != "b"`,
  `R.attr.on ? (R.attr.active ? ${nick} : ${score}) : (R.attr.open ? R.attr.weight > 1.0 : ${nick})`,
  `(R.attr.mixed == null ? R.attr.note : R.attr.mixed) == "a"`,
  `R.attr.mixed ? true : R.attr.on`,
  when("R.attr.title ? true : R.attr.on", { trivial: "text is no condition" }),
  `R.attr.nick || R.attr.on`,
  `R.attr.score && R.attr.on || R.attr.active`,
];
