import { stringify } from "csv-stringify/sync";
import { type ParsedDecision, parseDecision, UNREADABLE } from "../record/parse.js";
import type { StoredDecision } from "../record/row.js";

/** The columns, and their values. Lists are separated by spaces: names of roles and rules contain none. */
const columns: Readonly<Record<string, (decision: ParsedDecision) => string | number | null | undefined>> = {
  id: ({ summary }) => summary.id,
  time: ({ summary }) => summary.time,
  principal_id: ({ summary }) => summary.principal?.id,
  roles: ({ record }) => record?.principal?.roles.join(" "),
  kind: ({ summary }) => summary.resource?.kind,
  resource_id: ({ summary }) => summary.resource?.id,
  action: ({ summary }) => summary.action,
  effect: ({ summary }) => summary.effect,
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
  // As JSON: it has several resources, with several actions each.
  checks: ({ record }) => record?.checks && JSON.stringify(record.checks),
  counts: ({ record }) => record?.counts && JSON.stringify(record.counts),
  asked_by: ({ record }) => record?.askedBy,
};

// Text in the log can come from an attacker, and spreadsheets would run it as a formula.
const options = { escape_formulas: true, record_delimiter: "windows" } as const;

/** The line with the names of the columns. */
export function csvHeader(): string {
  return stringify([Object.keys(columns)], options);
}

/**
 * Decisions as lines of CSV (RFC 4180). A value that a spreadsheet would take for a formula is prefixed with an
 * apostrophe.
 */
export function csvLines(decisions: readonly StoredDecision[]): string {
  return stringify(
    decisions.map(parseDecision).map((decision) => Object.values(columns).map((column) => column(decision) ?? "")),
    options,
  );
}
