import type { Visit } from "../http/user-agent.js";

/** The buttons of the stand-in's sign-in page, in their order. */
export function buttonsOf({ body }: Visit): { value: string; text: string; focused: boolean }[] {
  return [...body.matchAll(/<button([^>]*type="submit"[^>]*)>([\s\S]*?)<\/button>/g)].map(
    ([, attributes = "", content]) => ({
      value: /value="([^"]*)"/.exec(attributes)?.[1] ?? "",
      text: (content ?? "").replace(/<[^>]*>/g, "").replace(/\s+/g, " "),
      focused: / autofocus/.test(attributes),
    }),
  );
}
