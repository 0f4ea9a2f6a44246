import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { Effect } from "@cerbos/api/cerbos/effect/v1/effect_pb";
import { PlanResourcesFilter_Kind as Kind, PlanResourcesFilterSchema } from "@cerbos/api/cerbos/engine/v1/engine_pb";
import { CheckResourcesRequestSchema, PlanResourcesRequestSchema } from "@cerbos/api/cerbos/request/v1/request_pb";
import { CheckResourcesResponseSchema, PlanResourcesResponseSchema } from "@cerbos/api/cerbos/response/v1/response_pb";
import { CerbosService } from "@cerbos/api/cerbos/svc/v1/svc_pb";
import { type Metadata, Server, ServerCredentials, type ServerErrorResponse, status } from "@grpc/grpc-js";

/** What a PDP answers to the checks of a request: bytes on the wire, or a gRPC status. */
type Manner = (questions: readonly Question[]) => Uint8Array | ServerErrorResponse | Promise<Uint8Array>;

/** What is asked about one resource. */
interface Question {
  readonly kind: string;
  readonly id: string;
  readonly actions: readonly string[];
}

/** An answer that allows. `change` makes it differ from the question. */
function allow(questions: readonly Question[], change: Partial<Question> = {}, more: object = {}): Uint8Array {
  const results = questions.map((question) => {
    const { kind, id, actions } = { ...question, ...change };
    return { resource: { kind, id, policyVersion: "default", scope: "" }, actions: every(actions), ...more };
  });
  return response({ results });
}

function every(actions: readonly string[], effect = Effect.ALLOW): Record<string, Effect> {
  return Object.fromEntries(actions.map((action) => [action, effect]));
}

function response(message: Parameters<typeof create<typeof CheckResourcesResponseSchema>>[1]): Uint8Array {
  return toBinary(CheckResourcesResponseSchema, create(CheckResourcesResponseSchema, message));
}

/** A query plan as it goes over the wire. */
export function plan(filter: MessageInitShape<typeof PlanResourcesFilterSchema>): Uint8Array {
  const message = { filter: create(PlanResourcesFilterSchema, filter) };
  return toBinary(PlanResourcesResponseSchema, create(PlanResourcesResponseSchema, message));
}

function failure(code: status): ServerErrorResponse {
  return Object.assign(new Error("rogue"), { code });
}

const SECOND = 1_000;

function effect(questions: readonly Question[], unheardOf: Effect): Uint8Array {
  return allow(questions, {}, { actions: every(questions[0]?.actions ?? [], unheardOf) });
}

/** Ways to answer. All but the first are wrong, and most of the wrong ones would like to be taken for an allow. */
export const manners = {
  honest: (questions) => allow(questions),
  "another request": (questions) => allow(questions),
  "another id": (questions) => allow(questions, { id: "7 or another" }),
  "another kind": (questions) => allow(questions, { kind: "invoice" }),
  "another action": (questions) => allow(questions, { actions: ["read all about it"] }),
  "no result": () => response({ results: [] }),
  "no action": (questions) => allow(questions, { actions: [] }),
  "no resource": (questions) => allow(questions, {}, { resource: undefined }),
  "two results": (questions) => allow([...questions, ...questions]),
  "validation errors from nowhere": (questions) => allow(questions, {}, { validationErrors: [{ message: "?" }] }),
  "outputs without a value": (questions) => allow(questions, {}, { outputs: [{ val: {} }] }),
  "nothing at all": () => new Uint8Array(),
  garbage: () => Uint8Array.from({ length: 64 }, (_, i) => 255 - i),
  "5 MB": (questions) => allow(questions, { id: "x".repeat(5_000_000) }),
  "too late": async (questions) => {
    await sleep(2.5 * SECOND);
    return allow(questions);
  },
  cancelled: () => failure(status.CANCELLED),
  unknown: () => failure(status.UNKNOWN),
  "permission denied": () => failure(status.PERMISSION_DENIED),
  "resource exhausted": () => failure(status.RESOURCE_EXHAUSTED),
  unimplemented: () => failure(status.UNIMPLEMENTED),
  internal: () => failure(status.INTERNAL),
  unavailable: () => failure(status.UNAVAILABLE),
  "data loss": () => failure(status.DATA_LOSS),
  unauthenticated: () => failure(status.UNAUTHENTICATED),
  "no effect": (questions) => effect(questions, Effect.UNSPECIFIED),
  "an effect that does not exist": (questions) => effect(questions, 42 as Effect),
} as const satisfies Record<string, Manner>;

export type MannerName = keyof typeof manners;

/** A gRPC server that answers like a PDP, and wrongly. */
export class RoguePdp {
  manner: MannerName = "honest";
  /** What it answers when it is asked for a query plan while its manner is honest; otherwise it answers that as it does checks. */
  plan = plan({ kind: Kind.ALWAYS_ALLOWED });
  /** How many questions it was asked. */
  asked = 0;
  /** How many resources each request for checks was about. */
  readonly sizes: number[] = [];
  /** The trace that each request said it belongs to. */
  readonly traceparents: unknown[] = [];
  readonly #server = new Server({ "grpc.max_send_message_length": -1 });

  constructor() {
    this.#server.addService(
      { checkResources: method("checkResources"), planResources: method("planResources") },
      {
        checkResources: answering((request, metadata) => this.#check(request, metadata)),
        planResources: answering((request, metadata) => this.#plan(request, metadata)),
      },
    );
  }

  async listen(path: string): Promise<void> {
    await rm(path, { force: true });
    await new Promise<void>((resolve, reject) => {
      this.#server.bindAsync(`unix:${path}`, ServerCredentials.createInsecure(), (error) =>
        error ? reject(error) : resolve(),
      );
    });
  }

  /** Drops its connections and stops listening. */
  stop(): void {
    this.#server.forceShutdown();
  }

  async #check(request: Uint8Array, metadata: Metadata) {
    this.asked += 1;
    this.traceparents.push(metadata.get("traceparent")[0]);
    const { resources, requestId } = fromBinary(CheckResourcesRequestSchema, request);
    this.sizes.push(resources.length);
    const manner: Manner = manners[this.manner];
    const answer = await manner(
      resources.map(({ resource, actions }) => ({ kind: resource?.kind ?? "", id: resource?.id ?? "", actions })),
    );
    return this.#answerTo(requestId, answer);
  }

  async #plan(request: Uint8Array, metadata: Metadata) {
    this.asked += 1;
    this.traceparents.push(metadata.get("traceparent")[0]);
    const { requestId } = fromBinary(PlanResourcesRequestSchema, request);
    const manner: Manner = manners[this.manner];
    const isPlan = this.manner === "honest" || this.manner === "another request";
    const answer = isPlan ? this.plan : await manner([{ kind: "contact", id: "*", actions: ["list"] }]);
    return this.#answerTo(requestId, answer);
  }

  /** An answer that names the request it is to, in all manners but one. */
  #answerTo(requestId: string, answer: Uint8Array | ServerErrorResponse): Uint8Array | ServerErrorResponse {
    if (!(answer instanceof Uint8Array)) return answer;
    const named = this.manner === "another request" ? `${requestId}0` : requestId;
    // Protobuf reads one message after another as one, and both kinds of answers have the id as their first field.
    return Buffer.concat([answer, response({ requestId: named })]);
  }
}

function method(name: "checkResources" | "planResources") {
  const path = `/${CerbosService.typeName}/${CerbosService.method[name].name}`;
  // Bytes in and out, so that an answer need not be a message.
  const pass = (sent: Buffer) => sent;
  const [requestDeserialize, responseSerialize, requestSerialize, responseDeserialize] = [pass, pass, pass, pass];
  const serialization = { requestDeserialize, responseSerialize, requestSerialize, responseDeserialize };
  return { path, requestStream: false, responseStream: false, ...serialization } as const;
}

function answering(answer: (request: Uint8Array, metadata: Metadata) => Promise<Uint8Array | ServerErrorResponse>) {
  return (
    call: { request: Buffer; metadata: Metadata },
    callback: (error: ServerErrorResponse | null, sent?: Buffer) => void,
  ) => {
    void answer(call.request, call.metadata).then((sent) => {
      if (sent instanceof Uint8Array) callback(null, Buffer.from(sent));
      else callback(sent);
    });
  };
}

/**
 * Opens a rogue PDP for the tests of a suite.
 *
 * @param onOpen - is given it before the first test, and where it answers, in the words of `cerbos()`
 * @param path - of its socket, in place of a file that is there; default: one in a new folder
 */
export function withRoguePdp(onOpen: (rogue: RoguePdp, target: string) => void, path?: () => string): void {
  let folder: string;
  let rogue: RoguePdp;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "rogue-"));
    rogue = new RoguePdp();
    const socket = path?.() ?? join(folder, "pdp.sock");
    await rogue.listen(socket);
    onOpen(rogue, `unix:${socket}`);
  });

  after(async () => {
    rogue?.stop();
    await rm(folder, { recursive: true });
  });
}
