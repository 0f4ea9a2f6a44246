import type { Request } from "express";
import { DecisionNotRecordedError, type DecisionSink } from "../../../middleware/index.js";
import type { Person } from "../../auth/claims.js";
import type { SessionEvent, SessionEvents } from "../../auth/events.js";
import { clientAddress } from "../../web/client-address.js";
import { outerRequestId } from "../../web/request-ids.js";
import type { Additions, LogEvent } from "../record/record.js";
import type { OpenDecisionLog } from "./decision-log.js";
import { versionOf } from "./directory-version.js";
import { type JobDecisions, jobDecisions } from "./job-decisions.js";
import { type RefusalOfNobody, RepeatedRefusals } from "./repeated-refusals.js";
import { loggedSessionEvent } from "./session-event.js";
import type { Stream } from "./stream.js";

/** What stands before the decision log and its copy: it takes what happens, and says what of it is recorded. */
export interface Intake {
  /** Takes every decision of the middleware. */
  readonly sink: DecisionSink;
  /** Takes what happens to sessions. */
  readonly sessionEvents: SessionEvents;
  /**
   * Takes the decisions of a job, where no request asks; see {@link JobDecisions}.
   *
   * @param person - whom the job works for
   */
  jobDecisions(person: Pick<Person, "directoryVersion">): JobDecisions;
  /** Hands on what has been counted and not recorded yet. To be called before the log is closed. */
  close(): void;
}

/**
 * Opens the intake. It adds to each event where the request came from, and the version of the directory that the user was
 * looked up in. Refusals of requests without a login are counted: see {@link RepeatedRefusals}.
 *
 * @param stream - gets a copy of everything that is recorded
 */
export function openIntake(log: OpenDecisionLog, stream?: Stream): Intake {
  const repeated = new RepeatedRefusals(recordAnyway);

  /** Copies an event. @returns what to wait for besides that it is recorded; nothing when there is no need to wait */
  function withCopy(recorded: void | Promise<void>, event: LogEvent): void | Promise<void> {
    const waits = [recorded, stream?.copy(event)].filter((wait) => wait !== undefined);
    if (waits.length > 0) return Promise.all(waits).then(() => {});
  }

  /** Records what must not wait, and must not fail. */
  function recordAnyway(event: LogEvent): void {
    log.addAnyway(event);
    // The copy may lack events.
    Promise.resolve(stream?.copy(event)).catch(() => {});
  }

  const seenSessionEvent = (event: SessionEvent, req: Request | null): LogEvent => ({
    ...loggedSessionEvent(event, req),
    ...(req && outerIdOf(req)),
  });

  return {
    sink: {
      record(event, context) {
        const seen = { ...event, ...originOf(event, context.req), ...versionOf(context.req?.person ?? {}) };
        if (isOfNobody(seen) && repeated.isCounted(seen)) return;
        return withCopy(log.sink.record(seen, context), seen);
      },
    },
    sessionEvents: {
      async record(event, req) {
        const seen = seenSessionEvent(event, req);
        if (isOfNobody(seen) && repeated.isCounted(seen)) return;
        if (event.action !== "login" || event.effect === "deny") return recordAnyway(seen);
        try {
          await withCopy(log.add(seen), seen);
        } catch (cause) {
          throw new DecisionNotRecordedError({ cause });
        }
      },
      async recordIn(tx, events, req) {
        const seen = events.map((event) => seenSessionEvent(event, req));
        await log.addIn(tx, seen);
        for (const event of seen) Promise.resolve(stream?.copy(event)).catch(() => {});
      },
    },
    jobDecisions: (person) =>
      jobDecisions(
        {
          record: (event, context) => withCopy(log.sink.record(event, context), event),
          copy: (event) => withCopy(undefined, event),
          recordAnyway: (event) => log.addAnyway(event),
        },
        versionOf(person),
      ),
    close: () => repeated.flush(),
  };
}

/** Whether an event is the refusal of a request without a login. Those about a person are never counted together. */
function isOfNobody(event: LogEvent): event is RefusalOfNobody {
  return event.effect === "deny" && event.principal === null;
}

/** Where a request came from, if there was one. Of people who are logged in, the log has an address with their session alone. */
function originOf({ principal }: LogEvent, req: Request | null): Additions {
  if (!req) return {};
  return { ...outerIdOf(req), ...(principal === null && { address: clientAddress(req) }) };
}

function outerIdOf(req: Request): Additions {
  const id = outerRequestId(req);
  return id === null ? {} : { outerRequestId: id };
}
