import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { clientOf } from "../../../support/http/client.js";
import { freePort } from "../../../support/network/free-port.js";
import { startStack, useStack } from "../../../support/stack/stack.js";
import { until } from "../../../support/until.js";

describe("/metrics", function () {
  this.timeout(120_000);
  let port: number;
  const stack = useStack(async () => {
    port = await freePort();
    return { METRICS_PORT: String(port) };
  });

  /** The samples that Prometheus would read: value by name and labels, those of the instrumentation left out. */
  async function scrape(): Promise<Map<string, number>> {
    const response = await fetch(`http://localhost:${port}/metrics`);
    assert.match(response.headers.get("content-type") ?? "", /^text\/plain/);
    const lines = (await response.text()).split("\n").filter((line) => line && !line.startsWith("#"));
    return new Map(
      lines.map((line) => {
        const [, name, labels = "", value] = /^(\w+)(?:\{(.*)\})? (\S+)/.exec(line) ?? assert.fail(line);
        const own = labels.split(",").filter((label) => !/^(otel_scope_name|server_address)=/.test(label));
        return [`${name} ${own.sort().join(" ")}`.trim(), Number(value)];
      }),
    );
  }

  it("has decisions by kind, action and effect, the PDP's latency, its breaker and the log's buffer", async () => {
    const uma = clientOf(stack.url, await stack.token("uma@example.com"));
    const nina = clientOf(stack.url, await stack.token("nina@example.com"));
    const { id } = JSON.parse((await uma.post("/contacts", { firstName: "A", lastName: "B" })).body);
    for (let n = 0; n < 3; n += 1) await uma.get(`/contacts/${id}`);
    await nina.get("/contacts");
    const samples = await scrape();
    const decisions = (labels: string) => samples.get(`authz_decisions_total ${labels.split(" ").sort().join(" ")}`);
    assert.equal(decisions('kind="contact" action="create" effect="allow" source="guard"'), 1);
    assert.equal(decisions('kind="contact" action="read" effect="allow" source="guard"'), 3);
    assert.equal(decisions('kind="contact" action="list" effect="deny" source="filter" error="no_roles"'), 1);
    // For each of them one more asks which members of the contact the answer may have.
    assert.equal(samples.get('authz_pdp_duration_count outcome="answered"'), 8);
    assert.equal(samples.get('authz_pdp_duration_bucket le="+Inf" outcome="answered"'), 8);
    assert((samples.get('authz_pdp_duration_sum outcome="answered"') ?? 0) > 0);
    assert.equal(samples.get("authz_pdp_circuit_open"), 0);
    const fill = samples.get("decision_log_buffer_fill");
    assert(fill !== undefined && fill >= 0 && fill < 1);
    assert.equal(samples.get("decision_log_dropped_total"), 0);
  });

  it("has the age of the oldest decision without a seal, as soon as the log has been looked at", async () => {
    const age = async () => (await scrape()).get("decision_log_oldest_unsealed");
    await until(async () => (await age()) !== undefined, 30_000, "no age");
    assert(Number(await age()) < 60);
  });

  it("is not served at the public port", async () => {
    assert.equal((await fetch(`${stack.url}/metrics`, { headers: { accept: "application/json" } })).status, 404);
  });

  it("is served at the app's address alone: the demo listens at no other address", async () => {
    for (const open of [port, Number(new URL(stack.url).port)]) {
      assert.ok((await fetch(`http://127.0.0.1:${open}/`, { redirect: "manual" })).status > 0);
      // Other addresses of this machine: a server that listens on all of them would answer.
      for (const address of ["127.0.0.2", "[::1]"]) await assert.rejects(fetch(`http://${address}:${open}/`));
    }
  });

  it("stops the start with one clear line when its port is taken", async () => {
    await assert.rejects(startStack({ METRICS_PORT: String(port) }), /EADDRINUSE|already in use/);
  });

  it("does not keep the app from ending while a client is connected that sends nothing", async () => {
    const silent = connect(port, "127.0.0.1").on("error", () => {});
    await once(silent, "connect");
    const from = performance.now();
    assert.equal(await stack.stop(), 0);
    const took = performance.now() - from;
    assert(took < 6_000, `it took ${took} ms`);
    silent.destroy();
  });
});
