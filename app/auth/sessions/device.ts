import Bowser from "bowser";

const MAX_USER_AGENT_LENGTH = 512;

/**
 * What a browser calls itself, in words that its user knows, such as "Firefox on Windows".
 *
 * @param userAgent - value of the header `User-Agent`
 * @returns empty when nothing in it is known
 */
export function deviceOf(userAgent: string): string {
  if (userAgent === "") return "";
  const parser = Bowser.parse(userAgent.slice(0, MAX_USER_AGENT_LENGTH));
  return [parser.browser.name, parser.os.name].filter(Boolean).join(" on ");
}
