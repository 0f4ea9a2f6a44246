import express, { type Express } from "express";
import type { Logger } from "pino";
import { authorization, type DecisionSink, type Pdp } from "../middleware/index.js";
import { decisionStore } from "./audit/search/store.js";
import { contactDecisions } from "./audit/web/contact-history.js";
import { auditHome } from "./audit/web/home.js";
import { auditMenu } from "./audit/web/menu.js";
import { auditRoutes } from "./audit/web/routes.js";
import { LiveTails } from "./audit/web/tail/live-tails.js";
import type { DecisionLog } from "./audit/write/decision-log.js";
import { type CurrentPerson, currentBearer } from "./auth/current-person.js";
import type { SessionEvents } from "./auth/events.js";
import { identify } from "./auth/identity.js";
import { pendingLogins } from "./auth/login/pending-login.js";
import { recentLogins } from "./auth/login/recent-login.js";
import type { OktaConnection } from "./auth/okta-connection.js";
import type { Revocations } from "./auth/revocation/revocations.js";
import { loginRoutes } from "./auth/routes.js";
import { logoutTokens } from "./auth/sessions/logout-tokens.js";
import { personSessions } from "./auth/sessions/own-sessions.js";
import { sessionRoutes } from "./auth/sessions/routes.js";
import { browserSessions } from "./auth/sessions/session.js";
import { stillLoggedIn } from "./auth/still-logged-in.js";
import { bearerTokens } from "./auth/tokens/bearer.js";
import type { Config, OktaSettings } from "./config.js";
import { accessRequestMenu } from "./contacts/access/requests/menu.js";
import { contactRefusals } from "./contacts/access/requests/refusal.js";
import { accessRequestRoutes } from "./contacts/access/requests/routes.js";
import { accessRequestStore } from "./contacts/access/requests/store.js";
import { accessRoutes } from "./contacts/access/routes.js";
import { handoverLinks } from "./contacts/handover/resource.js";
import { handoverRoutes } from "./contacts/handover/routes.js";
import { contactHome } from "./contacts/list/home.js";
import { contactListRoutes } from "./contacts/list/routes.js";
import { savedViewRoutes } from "./contacts/list/saved/routes.js";
import { contactMenu } from "./contacts/menu.js";
import { contactRoutes } from "./contacts/routes.js";
import { colleagueRoutes } from "./contacts/sharing/colleague-routes.js";
import { sharingRoutes } from "./contacts/sharing/routes.js";
import { contactStore } from "./contacts/store.js";
import { contactForms } from "./contacts/typed-forms.js";
import type { Database } from "./db/database.js";
import { type EventHook, eventHookRoutes } from "./directory/hooks/event-hook.js";
import { universalLogoutRoutes } from "./directory/hooks/universal-logout.js";
import type { DirectoryLookup } from "./directory/lookup/lookup.js";
import { directoryCheck, publishDirectory } from "./directory/lookup/operations.js";
import { peopleStore } from "./directory/people.js";
import { peopleNow } from "./directory/people-now.js";
import { principalOf } from "./directory/principal.js";
import { principalStore } from "./directory/principals/store.js";
import { rememberPeople } from "./directory/remember-people.js";
import { directoryHome } from "./directory/web/home.js";
import { directoryMenu } from "./directory/web/menu.js";
import { directoryRoutes } from "./directory/web/routes.js";
import { openApiRoutes } from "./openapi/routes.js";
import { bodyParsers } from "./web/body-parsers.js";
import { clientAddress } from "./web/client-address.js";
import { csrf } from "./web/csrf.js";
import { errorHandler, notFound } from "./web/error-handler.js";
import { limitRefusedTokens } from "./web/limits/refused-tokens.js";
import { requestBudgets, requestLimit } from "./web/limits/request-limit.js";
import { menuOfRooms } from "./web/menu.js";
import { health } from "./web/operations/health.js";
import { requestLog } from "./web/operations/logger.js";
import { usePages } from "./web/pages.js";
import { useRefusalHelp } from "./web/refusal-help.js";
import { noStore, securityHeaders } from "./web/security-headers.js";
import { type Demo, demoRoutes } from "./web/start/demo.js";
import { homeOfRooms } from "./web/start/home.js";
import { startRoutes } from "./web/start/start-page.js";
import { useStaticFiles } from "./web/static/static-files.js";
import { requestTurns } from "./web/turns.js";

/** What the app works with. `main.ts` opens and closes it. */
export interface Services {
  readonly config: Config;
  readonly logger: Logger;
  readonly database: Database;
  readonly pdp: Pdp;
  readonly decisionLog: DecisionLog;
  /** Where decisions go: the decision log, and what else takes them. */
  readonly decisionSinks: readonly DecisionSink[];
  /** Takes what happens to sessions. */
  readonly sessionEvents: SessionEvents;
  /** Ends what people have. */
  readonly revocations: Revocations;
  /** The current state of users; `undefined`: what the claims of the login or access token say is used. */
  readonly directory: DirectoryLookup | undefined;
  /** What Okta's event hook calls; `undefined`: there is no hook. */
  readonly eventHook: EventHook | undefined;
  /** The authorization server: Okta's, or the demo's. */
  readonly okta: { readonly settings: OktaSettings; readonly connection: OktaConnection };
  readonly sessionSecret: string;
  /** What there is while the demo's stand-in takes Okta's place; `undefined`: Okta is real. */
  readonly demo: Demo | undefined;
  /** Whether the process has been told to stop, and so should get no new requests. */
  readonly isStopping: () => boolean;
  /** Whether the process takes no more requests, and waits for the last ones. */
  readonly isClosing: () => boolean;
}

/** Builds the Express stack, in the order in which a request passes through it. */
export function createApp(services: Services): Express {
  const { config, logger, database, pdp, decisionLog, okta, sessionSecret, demo, directory } = services;
  const { sessionEvents, revocations } = services;
  const contacts = contactStore(database.db);
  const people = peopleStore(database.db, directory?.rules);
  const principals = principalStore(database.db, directory?.rules);
  const requests = accessRequestStore(database.db);
  const current: CurrentPerson = directory?.current ?? (async (claimed) => claimed);
  const personNow = peopleNow(database.db, current);
  const decisions = decisionStore(database.db);
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  // The app itself serves http. When its public address is https, there is one proxy in front of it.
  app.set("trust proxy", config.baseUrl.startsWith("https:") ? 1 : false);
  usePages(app, {
    demo,
    menu: menuOfRooms(contactMenu, accessRequestMenu(requests), auditMenu, directoryMenu(database.db)),
    forms: contactForms,
  });

  useRefusalHelp(app, contactRefusals(contacts, people, requests));

  if (directory) publishDirectory(directory);

  app.use(securityHeaders(config.baseUrl));
  app.use(requestLog(logger));
  app.use(
    health(
      [
        { name: "database", isRequired: true, check: () => database.ping() },
        { name: "pdp", isRequired: true, check: () => pdp.ping() },
        // Who is logged in works on without it, and no other replica could do more.
        { name: "okta", isRequired: false, check: () => okta.connection.ping() },
        ...(directory ? [{ name: "directory", isRequired: false, ...directoryCheck(directory) }] : []),
      ],
      services.isStopping,
    ),
  );
  if (services.eventHook) app.use(eventHookRoutes(services.eventHook));
  app.use(
    universalLogoutRoutes({ db: database.db, okta: okta.settings, baseUrl: config.baseUrl, people, revocations }),
  );
  useStaticFiles(app);
  app.use(openApiRoutes());
  app.use(noStore);
  app.use(requestTurns());
  app.use(browserSessions(config, database.db, sessionSecret, clientAddress, sessionEvents, !!directory));
  const budgets = requestBudgets(config.rateLimits, database.db, sessionSecret);
  const personOfToken = currentBearer(bearerTokens(okta.settings, config, !directory), current, revocations);
  const fromToken = limitRefusedTokens(budgets.refusedTokens, personOfToken);
  const sessions = personSessions(database.db, config.sessionIdleMinutes * 60_000);
  app.use(identify({ rules: config.claimRules, fromToken, current, revocations }));
  app.use(rememberPeople(people));
  app.use(requestLimit(budgets));
  app.use(authorization({ pdp, principal: principalOf, decisions: { sinks: services.decisionSinks } }));
  app.use(bodyParsers);
  app.use(csrf);

  const tokens = logoutTokens(sessionSecret);
  const pending = pendingLogins(sessionSecret, config.baseUrl.startsWith("https:"));
  const recent = recentLogins(config.reauthenticateMinutes);
  const { claimRules: rules, baseUrl } = config;
  const asked = { rules, current, revocations, events: sessionEvents };
  const logins = { ...asked, okta: okta.connection, pending, recent, tokens, baseUrl };
  app.use(loginRoutes(logins));
  app.use(sessionRoutes(database.db, sessions, logins));
  if (demo) app.use(demoRoutes(demo, logins));
  const hasHook = services.eventHook !== undefined;
  const followed = directory && { settings: config.directory, rules: directory.rules, hasHook };
  const home = homeOfRooms(contactHome(contacts), directoryHome(database.db, followed), auditHome(decisions, people));
  app.use(startRoutes(sessions, home));
  app.use(savedViewRoutes(database.db, decisionLog));
  const list = contactListRoutes(database.db, contacts, people);
  const decisionsOf = contactDecisions(decisions, people);
  app.use(contactRoutes(list, contacts, decisionLog, { people, requests, decisionsOf }));
  app.use(accessRoutes(contacts, principals));
  app.use(accessRequestRoutes({ store: contacts, requests, people, decisionLog }));
  app.use(colleagueRoutes(principals));
  app.use(sharingRoutes({ store: contacts, people, principals, requests, personNow, decisionLog, recent }));
  app.use(handoverRoutes({ db: database.db, people, principals, current, decisionLog, recent }));
  const tails = new LiveTails(decisions, stillLoggedIn(sessions, personOfToken, current), services.isClosing);
  app.use(auditRoutes(decisions, people, () => decisionLog.flush(), tails, recent));
  app.use(directoryRoutes(database.db, followed, decisionLog, revocations, handoverLinks));

  app.use(notFound);
  app.use(errorHandler);
  return app;
}
