import type { FormField, TypedForm } from "../web/unsent-form.js";
import { fields } from "./contact.js";
import { fieldLabels } from "./labels.js";

const version: FormField = { name: "version" };
const typed = [...fields, "tags" as const].map(
  (name): FormField => ({ name, label: fieldLabels[name], type: name === "notes" ? "text" : "line" }),
);
const colleague: FormField = { name: "email", label: "Colleague's name or e-mail" };

/** The forms about contacts that users type text into. */
export const contactForms: readonly TypedForm[] = [
  {
    path: /^\/contacts\/?$/i,
    button: "Create contact",
    fields: [...typed, { name: "visibility", label: "Who sees it", type: "choice" }, { name: "key" }],
  },
  { path: /^\/contacts\/[^/]+\/edit\/?$/i, button: "Save changes", fields: [...typed, version] },
  {
    path: /^\/contacts\/[^/]+\/share\/?$/i,
    button: "Share",
    fields: [colleague, { name: "as", label: "They may be", type: "choice" }, version],
  },
  {
    path: /^\/contacts\/views\/?$/i,
    button: "Keep view",
    fields: [{ name: "name", label: "Name of the view" }, { name: "query" }],
  },
  { path: /^\/contacts\/[^/]+\/transfer\/?$/i, button: "Transfer contact", fields: [colleague, version] },
];
