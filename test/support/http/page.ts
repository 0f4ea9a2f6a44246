import assert from "node:assert/strict";
import type { Visit } from "./user-agent.js";

const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"' };

/** What stands in HTML, without the escapes. */
export function unescaped(html: string): string {
  return html
    .replace(/&#(\d+);/g, (_all, code: string) => String.fromCodePoint(Number(code)))
    .replace(/&(amp|lt|gt|quot);/g, (_all, name: string) => entities[name] ?? "");
}

/** The words of a page, without tags. */
export function textOf(html: string): string {
  return unescaped(
    html
      .replace(/<(style|head)\b[\s\S]*?<\/\1>/g, " ")
      // A place where a word may break is not a space.
      .replaceAll("<wbr>", "")
      .replace(/<[^>]+>/g, " ")
      .replace(/\s+/g, " "),
  );
}

/** The fields of a page's form as a browser would submit them. Of several to the same address, the one that changes something. */
export function fieldsOf(html: string, action: string): Record<string, string> {
  const forms = [...html.matchAll(/<form[\s\S]*?<\/form>/g)].filter(([all]) => attribute(all, "action") === action);
  const form = (forms.find(([all]) => attribute(all, "method") === "post") ?? forms[0])?.[0];
  assert(form, `no form for ${action} in ${textOf(html)}`);
  const inputs = [...form.matchAll(/<input[^>]*>/g)]
    // Of a choice, what is chosen.
    .filter(([tag]) => attribute(tag, "type") !== "radio" || / checked\b/.test(tag))
    .map(([tag]) => [attribute(tag, "name"), attribute(tag, "value")]);
  // A line break right after the tag is not part of the text (HTML Standard, section 13.2.6.4.7).
  const areas = [...form.matchAll(/(<textarea[^>]*>)\n?([\s\S]*?)<\/textarea>/g)].map(([, tag = "", text = ""]) => [
    attribute(tag, "name"),
    unescaped(text).replace(/\r?\n/g, "\r\n"),
  ]);
  return Object.fromEntries([...inputs, ...areas]);
}

/** The messages beside the fields of a form: what each field says that it is described by. */
export function messagesBeside(html: string): Record<string, string> {
  const messages = html.matchAll(/<p class="message" id="(\w+)-error">([\s\S]*?)<\/p>/g);
  return Object.fromEntries(
    [...messages].map(([, name = "", text = ""]) => {
      const field = html.match(new RegExp(`<(input|textarea) id="${name}"[^>]*>`))?.[0] ?? "";
      assert.match(field, /aria-invalid="true"/);
      assert.ok(attribute(field, "aria-describedby").split(" ").includes(`${name}-error`), field);
      return [
        name,
        textOf(text)
          .replace(/^ *Error: +/, "")
          .trim(),
      ];
    }),
  );
}

/** The CSRF token of a page. */
export function csrfTokenOf(html: string): string {
  return fieldsOf(html, "/logout")._csrf ?? "";
}

/** The page in an answer, which must have the status, and all that every page has. */
export function pageIn({ status, headers, body }: Pick<Visit, "status" | "headers" | "body">, expected = 200): string {
  assert.equal(status, expected, textOf(body));
  assert.match(headers.get("content-type") ?? "", /^text\/html; charset=utf-8$/);
  assert.equal(headers.get("cache-control"), "no-store");
  assert.match(body, /^<!doctype html>\s*<html lang="en">/);
  assert.match(body, /<h1[ >]/);
  return body;
}

function attribute(tag: string, name: string): string {
  return unescaped(new RegExp(`\\s${name}="([^"]*)"`).exec(tag)?.[1] ?? "");
}
