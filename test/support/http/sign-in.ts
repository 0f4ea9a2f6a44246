import assert from "node:assert/strict";
import type { UserAgent } from "./user-agent.js";

/**
 * Follows a link to the sign-in page of the demo identity provider and presses a user's button there.
 *
 * @returns the page that the browser ends up on
 */
export async function logIn(agent: UserAgent, link: string, login: string) {
  const signIn = await agent.get(link);
  const form = formFor(signIn.body, login);
  assert(form, `no button for ${login} on ${signIn.url}:\n${signIn.body}`);
  return agent.post(new URL(form.action, signIn.url), form.fields);
}

/** The form with the button of a user, as a browser would submit it. */
function formFor(html: string, login: string): { action: string; fields: Record<string, string> } | undefined {
  for (const [form] of html.matchAll(/<form[\s\S]*?<\/form>/g)) {
    const button = [...form.matchAll(/<button([^>]*)>([\s\S]*?)<\/button>/g)].find(([all]) => all.includes(login));
    if (!button) continue;
    const fields = [...form.matchAll(/<input([^>]*)>/g)].map(([, input = ""]) => [
      attr(input, "name"),
      attr(input, "value"),
    ]);
    const name = attr(button[1] ?? "", "name");
    if (name) fields.push([name, attr(button[1] ?? "", "value")]);
    return { action: attr(form, "action"), fields: Object.fromEntries(fields) };
  }
  return undefined;
}

function attr(tag: string, name: string): string {
  return new RegExp(`\\b${name}="([^"]*)"`).exec(tag)?.[1]?.replaceAll("&amp;", "&") ?? "";
}
