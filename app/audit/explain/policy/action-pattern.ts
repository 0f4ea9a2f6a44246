const TOKENS = /\*\*|\*|\?|\\.|\[(!?)([^\]]*)\]|[{},]|./gsu;

/**
 * Makes the test whether an action is one that a rule names. As at the PDP, a name without `*` matches itself alone. In
 * a name with `*`, `*` matches anything without a colon, `**` matches anything, and `?`, `[ab]`, `[!ab]` and `{a,b}`
 * mean what they mean in file names. `*` alone matches every action.
 */
export function actionPattern(pattern: string): (action: string) => boolean {
  if (pattern === "*") return () => true;
  if (!pattern.includes("*")) return (action) => action === pattern;
  let depth = 0;
  const source = pattern.replace(TOKENS, (token, negated: string | undefined, set: string | undefined) => {
    if (token === "**") return ".*";
    if (token === "*") return "[^:]*";
    if (token === "?") return "[^:]";
    if (set !== undefined) return `[${negated ? "^" : ""}${set.replace(/[\\^[]/g, "\\$&")}]`;
    if (token === "{") {
      depth += 1;
      return "(?:";
    }
    if (token === "}" && depth > 0) {
      depth -= 1;
      return ")";
    }
    if (token === "," && depth > 0) return "|";
    return escapeRegExp(token.length > 1 && token.startsWith("\\") ? token.slice(1) : token);
  });
  try {
    const expression = new RegExp(`^${source}$`, "su");
    return (action) => action === pattern || expression.test(action);
  } catch {
    return () => false; // the PDP refuses such a pattern
  }
}

function escapeRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}
