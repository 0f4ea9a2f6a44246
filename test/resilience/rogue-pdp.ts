import { rm } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { Effect } from "@cerbos/api/cerbos/effect/v1/effect_pb";
import { type CheckResourcesRequest, CheckResourcesRequestSchema } from "@cerbos/api/cerbos/request/v1/request_pb";
import { CheckResourcesResponseSchema } from "@cerbos/api/cerbos/response/v1/response_pb";
import { CerbosService } from "@cerbos/api/cerbos/svc/v1/svc_pb";
import { Server, ServerCredentials, type ServerErrorResponse, status } from "@grpc/grpc-js";

/** What a PDP answers to the one question of a request: bytes on the wire, or a gRPC status. */
type Manner = (question: Question) => Uint8Array | ServerErrorResponse | Promise<Uint8Array>;

interface Question {
  readonly kind: string;
  readonly id: string;
  readonly action: string;
}

/** An answer that allows, with whatever is said differently from what was asked. */
function allow({ kind, id, action }: Question, effect = Effect.ALLOW, times = 1): Uint8Array {
  const entry = { resource: { kind, id, policyVersion: "default", scope: "" }, actions: { [action]: effect } };
  return response({ results: Array.from({ length: times }, () => entry) });
}

function response(message: Parameters<typeof create<typeof CheckResourcesResponseSchema>>[1]): Uint8Array {
  return toBinary(CheckResourcesResponseSchema, create(CheckResourcesResponseSchema, message));
}

function failure(code: status): ServerErrorResponse {
  return Object.assign(new Error("rogue"), { code });
}

const SECOND = 1_000;

/** Ways to answer. All but the first are wrong, and most of the wrong ones would like to be taken for an allow. */
export const manners = {
  honest: (question) => allow(question),
  "another id": (question) => allow({ ...question, id: `${question.id}0` }),
  "another kind": (question) => allow({ ...question, kind: "invoice" }),
  "another action": (question) => allow({ ...question, action: "read all about it" }),
  "no result": () => response({ results: [] }),
  "no action": ({ kind, id }) => response({ results: [{ resource: { kind, id }, actions: {} }] }),
  "no resource": ({ action }) => response({ results: [{ actions: { [action]: Effect.ALLOW } }] }),
  "two results": (question) => allow(question, Effect.ALLOW, 2),
  "validation errors from nowhere": ({ kind, id, action }) =>
    response({
      results: [{ resource: { kind, id }, actions: { [action]: Effect.ALLOW }, validationErrors: [{ message: "?" }] }],
    }),
  "outputs without a value": ({ kind, id, action }) =>
    response({ results: [{ resource: { kind, id }, actions: { [action]: Effect.ALLOW }, outputs: [{ val: {} }] }] }),
  "nothing at all": () => new Uint8Array(),
  garbage: () => Uint8Array.from({ length: 64 }, (_, i) => 255 - i),
  "5 MB": (question) => allow({ ...question, id: "x".repeat(5_000_000) }),
  "too late": async (question) => {
    await sleep(1.3 * SECOND);
    return allow(question);
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
  "no effect": (question) => allow(question, Effect.UNSPECIFIED),
  "an effect that does not exist": (question) => allow(question, 42 as Effect),
} as const satisfies Record<string, Manner>;

export type MannerName = keyof typeof manners;

/** Something that speaks gRPC like a PDP, and lies. */
export class RoguePdp {
  manner: MannerName = "honest";
  /** How many questions it was asked. */
  asked = 0;
  readonly #server = new Server({ "grpc.max_send_message_length": -1 });

  constructor() {
    const { name, typeName } = { name: CerbosService.method.checkResources.name, typeName: CerbosService.typeName };
    // Bytes in and out, so that an answer need not be a message.
    const bytes = { requestDeserialize: (sent: Buffer) => sent, responseSerialize: (sent: Buffer) => sent };
    const method = {
      ...bytes,
      path: `/${typeName}/${name}`,
      requestStream: false,
      responseStream: false,
      requestSerialize: bytes.responseSerialize,
      responseDeserialize: bytes.requestDeserialize,
    } as const;
    this.#server.addService(
      { checkResources: method },
      {
        checkResources: (
          call: { request: Buffer },
          callback: (error: ServerErrorResponse | null, sent?: Buffer) => void,
        ) => {
          this.asked += 1;
          void this.#answer(call.request).then((answer) => {
            if (answer instanceof Uint8Array) callback(null, Buffer.from(answer));
            else callback(answer);
          });
        },
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

  async #answer(request: Uint8Array) {
    const manner: Manner = manners[this.manner];
    return manner(questionIn(fromBinary(CheckResourcesRequestSchema, request)));
  }
}

function questionIn({ resources: [entry] }: CheckResourcesRequest): Question {
  return { kind: entry?.resource?.kind ?? "", id: entry?.resource?.id ?? "", action: entry?.actions[0] ?? "" };
}
