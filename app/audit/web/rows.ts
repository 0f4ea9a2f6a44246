import type { CheckEvent } from "../../../middleware/index.js";
import { type Colleague, nameAmong, type People } from "../../directory/people.js";
import { type DecisionSummary, type ParsedDecision, parseDecision, UNREADABLE } from "../record/parse.js";
import type { StoredDecision } from "../record/row.js";
import { NOBODY } from "../search/person.js";
import { countChecks } from "./checks.js";
import { reasonLabel, sourceLabel } from "./sentences/decisions.js";
import { auditUrl, decisionUrl } from "./urls.js";

/** Most actions of several checks that a row names. */
const MAX_ACTIONS_LISTED = 3;

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
  const { id, time, principal } = summary;
  return {
    href: decisionUrl(id),
    time,
    timeText: timeText(time),
    person: principal ? nameOrId(known, principal.id) : NOBODY,
    isKnown: principal === null || nameAmong(known, principal.id, "") !== "",
    personHref: auditUrl({ person: principal?.id ?? NOBODY }),
    ...(record?.checks ? checksCells(record) : decisionCells(summary)),
    reason: record ? reasonLabel(record, record.askedBy && nameOrId(known, record.askedBy)) : UNREADABLE,
    source: record ? sourceLabel(record) : "",
  };
}

/** A person's name; the id where the person is not known or erased, so that an auditor can still tell people apart. */
export function nameOrId(known: ReadonlyMap<string, Colleague>, id: string): string {
  return nameAmong(known, id, id);
}

/** The ids of the people in decisions, each once: whom they are about, and who asked about them. */
export function principalIds(decisions: readonly ParsedDecision[]): string[] {
  const ids = decisions.flatMap(({ record, summary }) => [summary.principal?.id ?? [], record?.askedBy ?? []].flat());
  return [...new Set(ids)];
}

/** What a decision is about, and what it was. */
function decisionCells({ action, effect, resource, change }: DecisionSummary) {
  const cell = resource ? resourceCell(resource.kind, change?.id ?? resource.id) : emptyCell;
  return { action: action ?? "", effect, effectText: "", ...cell };
}

/** What several checks are about, and how many were answered with yes. */
function checksCells(record: Pick<CheckEvent, "checks" | "counts">) {
  const { resources, kinds, actions, total, allowed } = countChecks(record);
  const [only] = record.checks;
  const many = { kind: kinds.join(", "), resource: `× ${resources}`, resourceHref: null };
  return {
    action: actions.length > MAX_ACTIONS_LISTED ? `${actions.length} actions` : actions.join(", "),
    effect: null,
    effectText: `${allowed} of ${total} allowed`,
    ...(only && resources === 1 ? resourceCell(only.kind, only.id) : many),
  };
}

const emptyCell = { kind: "", resource: "", resourceHref: null };

/** A resource, and the address of more decisions about it. */
function resourceCell(kind: string, id: string | null) {
  const special: Readonly<Record<string, string>> = { "*": "all", new: "new" };
  if (id === null) return { kind, resource: "none", resourceHref: null };
  if (Object.hasOwn(special, id)) return { kind, resource: special[id] ?? "", resourceHref: null };
  const hrefs: Readonly<Record<string, string>> = { contact: auditUrl({ contact: id }), decision: decisionUrl(id) };
  return { kind, resource: id.length > 12 ? `${id.slice(0, 8)}…` : id, resourceHref: hrefs[kind] ?? null };
}

/** A date and time in UTC, as the table shows it: without fractions and zone. */
function timeText(time: string): string {
  return time.replace("T", " ").replace(/\.\d+Z$/, "");
}
