import { createServer } from "node:http";
import { closeServer, listen } from "../../../app/demo/identity-provider/listen.js";

/** A POST that has arrived at a {@link HookReceiver}. */
export interface Delivery {
  readonly authorization: string | undefined;
  // biome-ignore lint/suspicious/noExplicitAny: each test knows the shape of what it expects
  readonly body: any;
  readonly atMs: number;
}

/** A receiver of Okta's event hooks. What it answers is for the test to choose. */
export class HookReceiver {
  readonly deliveries: Delivery[] = [];
  /** The challenges of the verifications. */
  readonly challenges: string[] = [];
  /** What the next verifications answer instead of the challenge. */
  verification: string | undefined;
  /** What a POST answers: its status, or nothing at all. Default: 204. */
  answer: (n: number) => number | undefined = () => 204;
  url = "";
  readonly #server = createServer(async (req, res) => {
    const challenge = req.headers["x-okta-verification-challenge"];
    if (req.method === "GET") {
      this.challenges.push(String(challenge));
      res.setHeader("Content-Type", "application/json");
      res.end(JSON.stringify({ verification: this.verification ?? challenge }));
      return;
    }
    let text = "";
    for await (const chunk of req) text += chunk;
    this.deliveries.push({ authorization: req.headers.authorization, body: JSON.parse(text), atMs: performance.now() });
    const status = this.answer(this.deliveries.length);
    if (status !== undefined) res.writeHead(status).end();
  });

  async start(): Promise<void> {
    this.url = `http://localhost:${await listen(this.#server)}/okta/events`;
  }

  stop(): Promise<void> {
    return closeServer(this.#server);
  }

  /** The types of all events that have arrived, in that order. */
  get eventTypes(): string[] {
    return this.deliveries.flatMap(({ body }) =>
      body.data.events.map((event: { eventType: string }) => event.eventType),
    );
  }
}
