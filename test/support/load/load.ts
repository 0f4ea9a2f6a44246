import { Agent, request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { text } from "node:stream/consumers";

/** A request of a load. */
export interface LoadRequest {
  /** The client and what it wants, for messages. */
  readonly name: string;
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: object;
}

/** What came of a request; times are those of `performance.now()`. */
export interface Answer<A extends LoadRequest = LoadRequest> {
  readonly request: A;
  /** 0 when there was no complete answer. */
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly startedAt: number;
  readonly endedAt: number;
  /** Why there was no complete answer. */
  readonly error?: Error;
}

/** Longer than any answer may take, so that a request that hangs is recorded as a wrong answer. */
const CLIENT_TIMEOUT_MS = 20_000;

/** Makes a request. It never throws: a missing answer is recorded like any other answer. */
export async function send<A extends LoadRequest>(url: string, request: A, agent?: Agent): Promise<Answer<A>> {
  const startedAt = performance.now();
  try {
    const { status, headers, body } = await exchange(url, request, agent);
    return { request, status, headers, body, startedAt, endedAt: performance.now() };
  } catch (thrown) {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    return { request, status: 0, headers: {}, body: "", startedAt, endedAt: performance.now(), error };
  }
}

function exchange(url: string, { method = "GET", path, headers, body }: LoadRequest, agent: Agent | undefined) {
  const payload = body && JSON.stringify(body);
  return new Promise<{ status: number; headers: IncomingHttpHeaders; body: string }>((resolve, reject) => {
    const outgoing = httpRequest(new URL(path, url), {
      method,
      ...(agent && { agent }),
      headers: {
        Accept: "application/json",
        ...(payload && { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(payload) }),
        ...headers,
      },
      signal: AbortSignal.timeout(CLIENT_TIMEOUT_MS),
    });
    outgoing.once("error", reject);
    outgoing.once("response", (response) => {
      // A connection that breaks in the middle of an answer makes this fail.
      text(response).then(
        (body) => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
        reject,
      );
    });
    outgoing.end(payload);
  });
}

/** A turn of one connection: makes requests one after the other. It is called again and again until the load stops. */
export type Turn<A extends LoadRequest> = (ask: (request: A) => Promise<Answer<A>>) => Promise<unknown>;

/** A load that is under way. */
export interface Load<A extends LoadRequest> {
  /** Every answer so far, in the order of arrival. */
  readonly answers: readonly Answer<A>[];
  /** Lets each connection finish its turn. Resolves with every single answer. */
  stop(): Promise<readonly Answer<A>[]>;
}

/** Starts as many connections as there are turns; each is kept alive and makes its requests one at a time. */
export function startLoad<A extends LoadRequest>(url: string, turns: readonly Turn<A>[]): Load<A> {
  const answers: Answer<A>[] = [];
  let stopped = false;
  const connections = turns.map(async (turn) => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const ask = async (request: A) => {
      const answer = await send(url, request, agent);
      answers.push(answer);
      return answer;
    };
    try {
      while (!stopped) await turn(ask);
    } finally {
      agent.destroy();
    }
  });
  const ended = Promise.all(connections);
  // An error is thrown by stop(), whenever that is called.
  ended.catch(() => {});
  return {
    answers,
    stop: async () => {
      stopped = true;
      await ended;
      return answers;
    },
  };
}

/** How often each status was answered to each request, for messages and for counting. */
export function tally(answers: readonly Answer[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { request, status } of answers) {
    const key = `${request.name}: ${status}`;
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}
