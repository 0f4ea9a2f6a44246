import type { Response } from "express";

/**
 * Answers with a page that takes the browser to another address at once, also without JavaScript.
 *
 * It stands in for a redirect where a form may have been sent: browsers apply `form-action` of the Content-Security-Policy
 * to all redirects after a form, and Okta redirects to hosts that the app cannot know.
 *
 * @param text - what the page says until the other address answers
 */
export function sendOnwardPage(res: Response, url: string, text: { title: string; detail: string }): void {
  res.render("onward", { ...text, onward: url });
}
