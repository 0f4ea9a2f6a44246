import type { Settings } from "../../identity-provider/options.js";
import { type Html, html } from "../../identity-provider/pages/html.js";
import { linkToApp, nothing, page } from "../../identity-provider/pages/page.js";
import type { Organization } from "../model/organization.js";
import type { User } from "../model/types.js";
import { actionsOf, type ConsoleAction, consoleActions } from "./actions.js";

const note = html`<p class="note">This is the administration of a <strong>local stand-in for Okta</strong>. The people are made up, and a restart forgets all changes.</p>`;

/** What the list of people shows. */
export interface PeopleList {
  readonly users: readonly User[];
  /** How many there are, those not shown included. */
  readonly count: number;
  readonly query: string;
  readonly message: string | undefined;
}

/** The list of people, with a search. */
export function peoplePage(settings: Settings, organization: Organization, list: PeopleList): string {
  const { count, query, message } = list;
  return page(
    "People",
    html`<h1>People</h1>
${note}
${statusMessage(message)}
<form class="line" method="get" action="/admin" role="search">
<div class="field"><label for="q">Name, e-mail or department</label><input id="q" name="q" type="search" value="${query}"></div>
<button class="action" type="submit">Search</button>
</form>
${count === 0 ? html`<p>Nobody is found.</p>` : peopleTable(organization, list)}
<p class="end">${linkToApp(settings, "To the app")}</p>`,
    "wide",
  );
}

function peopleTable(organization: Organization, { users, count }: PeopleList): Html {
  return html`<table>
<caption>${users.length === count ? `${count} ${count === 1 ? "person" : "people"}` : `The first ${users.length} of ${count} people`}</caption>
<thead><tr><th scope="col">Name</th><th scope="col">E-mail</th><th scope="col">Status</th><th scope="col">Department</th><th scope="col">Groups</th></tr></thead>
<tbody>
${users.map((user) => personRow(user, organization))}
</tbody>
</table>`;
}

function personRow({ id, status, profile }: User, organization: Organization): Html {
  const groups = organization.groups.of(id).map((group) => group.profile.name);
  return html`<tr><th scope="row"><a href="/admin/users/${id}">${profile.firstName} ${profile.lastName}</a></th><td data-label="E-mail">${profile.email}</td><td data-label="Status">${status}</td><td data-label="Department">${String(profile.department ?? "")}</td><td data-label="Groups">${groups.join(", ")}</td></tr>
`;
}

/** One person, with all that an administrator can change. */
export function personPage(
  settings: Settings,
  organization: Organization,
  user: User,
  message: string | undefined,
): string {
  const { id, status, profile } = user;
  const name = `${profile.firstName} ${profile.lastName}`;
  const mine = new Set(organization.groups.of(id).map((group) => group.id));
  const choices = [...organization.groups.all.values()].filter(({ type }) => type === "OKTA_GROUP");
  return page(
    name,
    html`<p><a href="/admin">People</a></p>
<h1>${name}</h1>
${statusMessage(message)}
<dl>
<dt>E-mail</dt><dd>${profile.email}</dd>
<dt>Status</dt><dd>${status}</dd>
<dt>User id</dt><dd><code>${id}</code></dd>
</dl>
<form class="line" method="post" action="/admin/users/${id}/department">
<div class="field"><label for="department">Department</label><input id="department" name="department" type="text" value="${String(profile.department ?? "")}"></div>
<button class="action" type="submit">Save department</button>
</form>
<form class="line" method="post" action="/admin/users/${id}/manager">
<div class="field"><label for="manager">Manager: user id, login or e-mail</label><input id="manager" name="manager" type="text" value="${String(profile.managerId ?? "")}"></div>
<button class="action" type="submit">Save manager</button>
</form>
<form method="post" action="/admin/users/${id}/groups">
<fieldset>
<legend>Groups</legend>
${choices.map((group) => groupChoice(group.id, group.profile.name, mine.has(group.id)))}
</fieldset>
<button class="action" type="submit">Save groups</button>
</form>
<h2>Status</h2>
<form class="line" method="post" action="/admin/users/${id}/status">
${actionsOf(user).map((action) => actionButton(action))}
</form>
<h2>Sessions</h2>
<form class="line" method="post" action="/admin/users/${id}/log-out">
<button class="action" type="submit">Log out of all apps</button>
</form>
<p class="end">${linkToApp(settings, "To the app")}</p>`,
  );
}

function groupChoice(id: string, name: string, isChosen: boolean): Html {
  return html`<label class="choice"><input type="checkbox" name="group" value="${id}"${isChosen ? html` checked` : nothing}> ${name}</label>
`;
}

function actionButton(action: ConsoleAction): Html {
  return html`<button class="action" type="submit" name="action" value="${action}">${consoleActions[action].label}</button>
`;
}

/** The page for what cannot be done, such as a change of somebody who has been deleted in the meantime. */
export function consoleRefusalPage(summary: string, causes: readonly string[]): string {
  return page(
    "Not possible",
    html`<h1>That is not possible</h1>
<p>${summary}</p>
${causes.map((cause) => html`<p>${cause}</p>`)}
<p class="end"><a href="/admin">People</a></p>`,
  );
}

function statusMessage(message: string | undefined): Html {
  return message === undefined ? nothing : html`<p role="status"><strong>${message}</strong></p>`;
}
