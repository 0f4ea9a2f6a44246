import { type CharSet, charsOf } from "./char-set.js";

/*
 * Classes by name, which are of ASCII in RE2; PostgreSQL's of the same names depend on the locale
 * (https://github.com/google/re2/wiki/Syntax, "Perl character classes" and "ASCII character classes").
 */

/** `\d`, `\s` and `\w`. Their capitals are all other characters. */
export const perlClasses: Readonly<Record<string, CharSet>> = {
  d: charsOf("09"),
  s: charsOf("\t\n\f\r  "),
  w: charsOf("09AZaz__"),
};

/** `[[:alpha:]]` and its kin. */
export const asciiClasses: Readonly<Record<string, CharSet>> = {
  alnum: charsOf("09AZaz"),
  alpha: charsOf("AZaz"),
  ascii: charsOf("\0\x7f"),
  blank: charsOf("\t\t  "),
  cntrl: charsOf("\0\x1f\x7f\x7f"),
  digit: charsOf("09"),
  graph: charsOf("!~"),
  lower: charsOf("az"),
  print: charsOf(" ~"),
  punct: charsOf("!/:@[`{~"),
  space: charsOf("\t\r  "),
  upper: charsOf("AZ"),
  word: charsOf("09AZaz__"),
  xdigit: charsOf("09AFaf"),
};
