import { stringify } from "csv-stringify/sync";
import { type ReadDecision, readDecision, UNREADABLE } from "../record/parse.js";
import type { StoredDecision } from "../search/store.js";

/** A decision as flat columns; lists are separated by spaces, as neither roles nor rules have one. */
const columns: Readonly<Record<string, (read: ReadDecision) => string | number | null | undefined>> = {
  id: ({ gist }) => gist.id,
  time: ({ gist }) => gist.time,
  principal_id: ({ gist }) => gist.principal?.id,
  roles: ({ record }) => record?.principal?.roles.join(" "),
  kind: ({ gist }) => gist.resource.kind,
  resource_id: ({ gist }) => gist.resource.id,
  action: ({ gist }) => gist.action,
  effect: ({ gist }) => gist.effect,
  error: ({ record }) => record?.error,
  policy: ({ record }) => record?.policy,
  policy_version: ({ record }) => record?.policyVersion,
  scope: ({ record }) => record?.scope,
  rules: ({ record }) => record?.rules.join(" "),
  derived_roles: ({ record }) => record?.derivedRoles.join(" "),
  plan: ({ record }) => record?.plan?.kind,
  plan_condition: ({ record }) => record?.plan?.condition,
  source: ({ record }) => record?.source,
  method: ({ record }) => record?.method,
  route: ({ record }) => record?.route,
  changed_id: ({ record }) => record?.change?.id,
  changed_version: ({ record }) => record?.change?.version,
  duration_ms: ({ record }) => record?.duration,
  request_id: ({ record }) => record?.requestId,
  trace_id: ({ record }) => record?.traceId,
  unreadable: ({ record }) => (record ? null : UNREADABLE),
};

// Spreadsheets would otherwise run what somebody got into the log as a formula.
const options = { escape_formulas: true, record_delimiter: "windows" } as const;

/** The line that names the columns. */
export function csvHeader(): string {
  return stringify([Object.keys(columns)], options);
}

/** Decisions as lines of CSV (RFC 4180). What spreadsheets would take for a formula gets an apostrophe in front. */
export function csvLines(decisions: readonly StoredDecision[]): string {
  return stringify(
    decisions.map(readDecision).map((read) => Object.values(columns).map((column) => column(read) ?? "")),
    options,
  );
}
