import { stringify } from "csv-stringify/sync";
import { type ParsedDecision, parseDecision, UNREADABLE } from "../record/parse.js";
import type { StoredDecision } from "../record/row.js";

/** A list, as JSON: names of Okta's groups, which become roles, may contain any character that could separate them. */
const asList = (names: readonly string[] | undefined) => names && JSON.stringify(names);

/** The columns, and their values. */
const columns: Readonly<Record<string, (decision: ParsedDecision) => string | number | null | undefined>> = {
  id: ({ summary }) => summary.id,
  time: ({ summary }) => summary.time,
  principal_id: ({ summary }) => summary.principal?.id,
  roles: ({ record }) => asList(record?.principal?.roles),
  kind: ({ summary }) => summary.resource?.kind,
  resource_id: ({ summary }) => summary.resource?.id,
  action: ({ summary }) => summary.action,
  effect: ({ summary }) => summary.effect,
  error: ({ record }) => record?.error,
  policy: ({ record }) => record?.policy,
  policy_version: ({ record }) => record?.policyVersion,
  scope: ({ record }) => record?.scope,
  rules: ({ record }) => asList(record?.rules),
  derived_roles: ({ record }) => asList(record?.derivedRoles),
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
  reason: ({ record }) => record?.reason,
  address: ({ record }) => record?.address,
  outer_request_id: ({ record }) => record?.outerRequestId,
  repeats: ({ record }) => record?.repeats && JSON.stringify(record.repeats),
};

// Text in the log can come from an attacker, and spreadsheets would run it as a formula.
const options = { escape_formulas: true, record_delimiter: "windows" } as const;

/**
 * The line with the names of the columns. It begins with a byte order mark, without which Excel does not take the file for
 * UTF-8.
 */
export function csvHeader(): string {
  return stringify([Object.keys(columns)], { ...options, bom: true });
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
