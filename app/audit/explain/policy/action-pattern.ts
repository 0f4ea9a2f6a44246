const PARTS = /\*\*|\*|\?|\\.|\[(!?)([^\]]*)\]|[{},]|./gsu;

/**
 * Whether an action is one that a rule names. As at the PDP, a name without a `*` stands for itself, and in one with it
 * `*` is anything but a colon, `**` anything, and `?`, `[ab]`, `[!ab]` and `{a,b}` are what they are in file names. A
 * lone `*` stands for every action.
 */
export function actionPattern(pattern: string): (action: string) => boolean {
  if (pattern === "*") return () => true;
  if (!pattern.includes("*")) return (action) => action === pattern;
  let depth = 0;
  const source = pattern.replace(PARTS, (part, negated: string | undefined, among: string | undefined) => {
    if (part === "**") return ".*";
    if (part === "*") return "[^:]*";
    if (part === "?") return "[^:]";
    if (among !== undefined) return `[${negated ? "^" : ""}${among.replace(/[\\^[]/g, "\\$&")}]`;
    if (part === "{") {
      depth += 1;
      return "(?:";
    }
    if (part === "}" && depth > 0) {
      depth -= 1;
      return ")";
    }
    if (part === "," && depth > 0) return "|";
    return literal(part.length > 1 && part.startsWith("\\") ? part.slice(1) : part);
  });
  try {
    const expression = new RegExp(`^${source}$`, "su");
    return (action) => action === pattern || expression.test(action);
  } catch {
    return () => false; // the PDP would not have taken it
  }
}

function literal(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}
