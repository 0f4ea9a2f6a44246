import type { User } from "../../okta-org/model/types.js";
import { userByLogin } from "../../users.js";
import { callbackUrl, type Settings } from "../options.js";
import { type Html, html } from "./html.js";
import { linkToApp, nothing, page } from "./page.js";

/** The content of the sign-in page. */
export interface SignIn {
  readonly users: readonly User[];
  /** The `login_hint` of the authorization request, which moves that user to the top. */
  readonly hint?: string | undefined;
  /** Who has tried to sign in and may not. */
  readonly refused?: User | undefined;
}

/** The sign-in page: one button for each user. */
export function signInPage(settings: Settings, { users, hint, refused }: SignIn): string {
  const hinted = users.find((user) => user.profile.login.toLowerCase() === hint?.trim().toLowerCase());
  const ordered = hinted ? [hinted, ...users.filter((user) => user !== hinted)] : users;
  return page(
    "Sign in",
    html`<h1>Who do you want to sign in as?</h1>
<p class="note">This page is a <strong>local stand-in for Okta</strong>. The people below are made up, and no password is needed.</p>
${refused ? html`<p role="status"><strong>${refused.profile.login}</strong> cannot sign in: the status at Okta is ${refused.status}.</p>` : nothing}
${hint && !hinted && !refused ? html`<p role="status">Nobody here is called <strong>${hint}</strong>. These people are:</p>` : nothing}
<form method="post">
<ul class="people">
${ordered.map((user) => personButton(user, user === hinted))}
</ul>
</form>
<p class="end">${linkToApp(settings, "Back to the app without signing in")}</p>`,
  );
}

function personButton({ profile }: User, focused: boolean): Html {
  const { login, firstName, lastName, department } = profile;
  const purpose = userByLogin(login)?.purpose ?? String(department ?? "");
  return html`<li><button class="person" type="submit" name="login" value="${login}"${focused ? autofocus : nothing}>
<span class="initials" aria-hidden="true">${firstName.slice(0, 1)}${lastName.slice(0, 1)}</span>
<span class="name">${firstName} ${lastName}</span>
<span class="email">${login}</span>
<span class="purpose">${purpose}</span>
</button></li>
`;
}

/** A refused request, as the refusal page describes it. */
export interface Refusal {
  /** An error code of OAuth 2.0 or OpenID Connect. */
  readonly error: string;
  readonly error_description?: string | undefined;
  /** The redirect URI of the request, when that is what was refused. */
  readonly redirectUri?: string | undefined;
}

/** The page for a sign-in that has expired, or whose cookie is missing. */
export function expiredPage(settings: Settings): string {
  return page(
    "Sign-in expired",
    html`<h1>This sign-in is no longer waiting</h1>
<p>It was finished already, it is more than an hour old, or the stand-in was started anew in the meantime. Start again from the app.</p>
<p class="end">${linkToApp(settings, "Back to the app")}</p>`,
  );
}

/** The page for a request that the stand-in refuses, addressed to the developer who has to change something. */
export function refusalPage(
  settings: Settings,
  { error, error_description: description, redirectUri }: Refusal,
): string {
  return page(
    "Request refused",
    html`<h1>The stand-in for Okta refused this request</h1>
<dl>
<dt>Error</dt><dd><code>${error}</code></dd>
${description ? html`<dt>Description</dt><dd>${description}</dd>` : nothing}
</dl>
${redirectUri ? redirectUriHelp(settings, redirectUri) : nothing}
<p class="end">${linkToApp(settings, "Back to the app")}</p>`,
  );
}

function redirectUriHelp(settings: Settings, redirectUri: string): Html {
  return html`<p>The request names <code>${redirectUri}</code>. The stand-in knows only <code>${callbackUrl(settings)}</code>, which it has from the app's base URL. Open the app at that base URL, or start it with another one.</p>
`;
}

/** The page after a logout that named no address to return to. */
export function signedOutPage(settings: Settings): string {
  return page(
    "Signed out",
    html`<h1>You are signed out</h1>
<p>The session at the stand-in for Okta has ended.</p>
<p class="end">${linkToApp(settings, "Back to the app")}</p>`,
  );
}

/** The page for unknown addresses. */
export function notFoundPage(settings: Settings): string {
  return page(
    "Not found",
    html`<h1>There is nothing here</h1>
<p>This server is a local stand-in for Okta. Its issuer is <code>${settings.issuer}</code>.</p>
<p class="end">${linkToApp(settings, "To the app")}</p>`,
  );
}

const autofocus = html` autofocus`;
