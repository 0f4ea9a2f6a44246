import type { Settings } from "../options.js";
import { Html, html } from "./html.js";
import { style, styleSource } from "./style.js";

/** HTTP headers for every page of the stand-in. */
export function pageHeaders({ appBaseUrl }: Settings): Record<string, string> {
  return {
    "Cache-Control": "no-store",
    // The app's origin is a target of forms because browsers apply form-action to the redirects after a form too, and
    // those after a sign-in end at the app.
    "Content-Security-Policy": [
      "default-src 'none'",
      // The empty icon, without which browsers ask for /favicon.ico.
      "img-src data:",
      `style-src ${styleSource}`,
      `form-action 'self' ${new URL(appBaseUrl).origin}`,
      "base-uri 'none'",
      "frame-ancestors 'none'",
    ].join("; "),
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
  };
}

export const nothing = html``;

export function linkToApp({ appBaseUrl }: Settings, text: string): Html {
  return html`<a href="${appBaseUrl}/">${text}</a>`;
}

/**
 * A whole page.
 *
 * @param width - "wide" is for tables. Default: "narrow"
 */
export function page(title: string, content: Html, width: "narrow" | "wide" = "narrow"): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · stand-in for Okta</title>
<link rel="icon" href="data:,">
<style>${new Html(style)}</style>
</head>
<body>
<main class="${width}">
${content}
</main>
</body>
</html>
`.text;
}
