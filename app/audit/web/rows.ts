import type { Colleague, People } from "../../directory/people.js";
import { type DecisionSummary, type ParsedDecision, parseDecision, UNREADABLE } from "../record/parse.js";
import type { StoredDecision } from "../record/row.js";
import { NOBODY } from "../search/person.js";
import { reasonLabel, sourceLabels } from "./sentences.js";
import { auditUrl, decisionUrl } from "./urls.js";

/** A decision as a row of a table shows it. */
export type AuditRow = ReturnType<typeof auditRow>;

/** The rows of a table of decisions, with the names of the people in them. */
export async function auditRows(people: People, decisions: readonly StoredDecision[]): Promise<AuditRow[]> {
  const parsed = decisions.map(parseDecision);
  const known = await people.byIds(principalIds(parsed));
  return parsed.map((decision) => auditRow(decision, known));
}

/** @param known - people by their ids */
export function auditRow({ record, summary }: ParsedDecision, known: ReadonlyMap<string, Colleague>) {
  const { id, time, principal, action, effect } = summary;
  return {
    href: decisionUrl(id),
    time,
    timeText: timeText(time),
    person: principal ? (known.get(principal.id)?.name ?? principal.id) : NOBODY,
    isKnown: principal === null || known.has(principal.id),
    personHref: auditUrl({ person: principal?.id ?? NOBODY }),
    action,
    ...resourceCell(summary),
    effect,
    reason: record ? reasonLabel(record) : UNREADABLE,
    source: record ? sourceLabels[record.source] : "",
  };
}

/** The ids of the principals of decisions, each once. */
export function principalIds(decisions: readonly ParsedDecision[]): string[] {
  return [...new Set(decisions.flatMap(({ summary }) => summary.principal?.id ?? []))];
}

/** The resource of a decision, and the address of more decisions about it. */
function resourceCell({ resource: { kind, id }, change }: DecisionSummary) {
  const resource = change?.id ?? id;
  const special: Readonly<Record<string, string>> = { "*": "all", new: "new" };
  if (resource === null) return { kind, resource: "none", resourceHref: null };
  if (Object.hasOwn(special, resource)) return { kind, resource: special[resource] ?? "", resourceHref: null };
  const hrefs: Readonly<Record<string, string>> = {
    contact: auditUrl({ contact: resource }),
    decision: decisionUrl(resource),
  };
  const short = resource.length > 12 ? `${resource.slice(0, 8)}…` : resource;
  return { kind, resource: short, resourceHref: hrefs[kind] ?? null };
}

/** A date and time in UTC, as the table shows it: without fractions and zone. */
function timeText(time: string): string {
  return time.replace("T", " ").replace(/\.\d+Z$/, "");
}
