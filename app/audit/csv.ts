import { stringify } from "csv-stringify/sync";
import type { DecisionRecord } from "./record.js";

/** A record as flat columns; lists are separated by spaces, as neither roles nor rules have one. */
const columns: Readonly<Record<string, (record: DecisionRecord) => string | number | null | undefined>> = {
  id: ({ id }) => id,
  time: ({ time }) => time,
  principal_id: ({ principal }) => principal?.id,
  roles: ({ principal }) => principal?.roles.join(" "),
  kind: ({ resource }) => resource.kind,
  resource_id: ({ resource }) => resource.id,
  action: ({ action }) => action,
  effect: ({ effect }) => effect,
  error: ({ error }) => error,
  policy: ({ policy }) => policy,
  policy_version: ({ policyVersion }) => policyVersion,
  scope: ({ scope }) => scope,
  rules: ({ rules }) => rules.join(" "),
  derived_roles: ({ derivedRoles }) => derivedRoles.join(" "),
  plan: ({ plan }) => plan?.kind,
  plan_condition: ({ plan }) => plan?.condition,
  source: ({ source }) => source,
  method: ({ method }) => method,
  route: ({ route }) => route,
  changed_id: ({ change }) => change?.id,
  changed_version: ({ change }) => change?.version,
  duration_ms: ({ duration }) => duration,
  request_id: ({ requestId }) => requestId,
  trace_id: ({ traceId }) => traceId,
};

// Spreadsheets would otherwise run what somebody got into the log as a formula.
const options = { escape_formulas: true, record_delimiter: "windows" } as const;

/** The line that names the columns. */
export function csvHeader(): string {
  return stringify([Object.keys(columns)], options);
}

/** Records as lines of CSV (RFC 4180). What spreadsheets would take for a formula gets an apostrophe in front. */
export function csvLines(records: readonly DecisionRecord[]): string {
  return stringify(
    records.map((record) => Object.values(columns).map((column) => column(record) ?? "")),
    options,
  );
}
