import type { Express, Request } from "express";
import { isFromThisSite } from "./same-site.js";

/** A field of a form. */
export interface FormField {
  readonly name: string;
  /** Left out when users do not see the field. */
  readonly label?: string;
  /** `choice`: one of a few values, which users do not type. Default: a line of text. */
  readonly type?: "line" | "text" | "choice";
}

/** A form with text that users type. */
export interface TypedForm {
  /** Of the addresses that the form is sent to. */
  readonly path: RegExp;
  readonly button: string;
  readonly fields: readonly FormField[];
}

/** A form that was sent, and whose text is not stored. */
export interface UnsentForm {
  readonly action: string;
  readonly button: string;
  readonly fields: readonly (FormField & { readonly value: string })[];
}

/** Sets the forms whose text is not lost when a request is refused. */
export function useTypedForms(app: Express, forms: readonly TypedForm[]): void {
  app.set("typed forms", forms);
}

/**
 * The form that a refused request has sent, for the page that refuses it: browsers keep no form whose page is not to be
 * stored. It has what was sent and nothing else, so it tells nobody what is stored.
 *
 * @returns `undefined` when the request is no form of this app, or another site has sent it: its text would stand in our
 * page, beside a button that sends it with a valid token
 */
export function unsentForm(req: Request): UnsentForm | undefined {
  if (req.method !== "POST" || !req.is("urlencoded") || !isFromThisSite(req)) return undefined;
  const forms: readonly TypedForm[] = req.app.get("typed forms") ?? [];
  const form = forms.find(({ path }) => path.test(req.path));
  const body: unknown = req.body;
  if (!form || typeof body !== "object" || body === null) return undefined;
  const sent = new Map(Object.entries(body));
  const fields = form.fields.flatMap((field) => {
    const value: unknown = sent.get(field.name);
    return typeof value === "string" ? [{ ...field, value }] : [];
  });
  return fields.length > 0 ? { action: req.path, button: form.button, fields } : undefined;
}
