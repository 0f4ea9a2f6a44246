import type { DecisionEvent } from "../decisions/event.js";

const ESCAPES: Readonly<Record<string, string>> = { "\u0085": "\\u0085", "\u2028": "\\u2028", "\u2029": "\\u2029" };

/**
 * An event as JSON on one line, without a newline at its end. JSON allows U+0085, U+2028 and U+2029 inside of strings,
 * but some readers break lines at them (Node's readline, Python's splitlines), and any client can send them. So they
 * are escaped.
 */
export function jsonLine(event: DecisionEvent): string {
  return JSON.stringify(event).replace(/[\u0085\u2028\u2029]/g, (separator) => ESCAPES[separator] as string);
}
