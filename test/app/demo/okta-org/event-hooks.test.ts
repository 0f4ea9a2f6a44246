import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import type { Faults } from "../../../../app/demo/okta-org/index.js";
import { HookReceiver } from "../../../support/okta/hook-receiver.js";
import { uma, useIdentityProvider } from "../../../support/okta/identity-provider.js";
import { until } from "../../../support/until.js";

describe("the stand-in's event hooks", () => {
  const { start } = useIdentityProvider();
  let receiver: HookReceiver;

  beforeEach(async () => {
    receiver = new HookReceiver();
    await receiver.start();
  });
  afterEach(() => receiver.stop());

  async function startOrg(faults: Faults = {}) {
    const { org } = await start({ okta: { faults, eventHooks: [{ url: receiver.url, secret: "the secret" }] } });
    return org;
  }
  const arrived = (count: number) =>
    until(
      () => receiver.deliveries.length >= count,
      30_000,
      () => `${count} deliveries: ${receiver.deliveries.length}`,
    );

  it("verify once, and deliver in Okta's shape with the secret", async () => {
    const { organization } = await startOrg();
    organization.changeStatus(uma.id, "suspend");
    await arrived(1);
    const [delivery] = receiver.deliveries;
    assert.equal(delivery?.authorization, "the secret");
    const { eventType, eventId, eventTime, source, data } = delivery?.body ?? {};
    assert.equal(eventType, "com.okta.event_hook");
    assert.match(eventId, /^[\da-f-]{36}$/);
    assert.ok(Date.now() - Date.parse(eventTime) < 60_000);
    assert.match(source, /^http:\/\/localhost:\d+\/api\/v1\/eventHooks\/who/);
    assert.equal(data.events.length, 1);
    assert.equal(data.events[0].eventType, "user.lifecycle.suspend");
    assert.equal(data.events[0].target[0].id, uma.id);
    organization.changeStatus(uma.id, "unsuspend");
    await arrived(2);
    assert.equal(receiver.challenges.length, 1);
  });

  it("deliver nothing before the receiver has sent the challenge back", async () => {
    const { organization } = await startOrg();
    receiver.verification = "something else";
    organization.updateProfile(uma.id, { title: "One" });
    await until(() => receiver.challenges.length === 1, 30_000, "a challenge");
    receiver.verification = undefined;
    await sleep(100);
    assert.deepEqual(receiver.deliveries, []);
    organization.updateProfile(uma.id, { title: "Two" });
    await arrived(1);
    assert.equal(receiver.challenges.length, 2);
    assert.equal(receiver.deliveries.length, 1);
  });

  it("deliver what happens at one moment together, without what Okta tells no hook", async () => {
    const { organization } = await startOrg();
    organization.deleteUser(uma.id);
    organization.deleteUser(uma.id);
    await arrived(1);
    assert.deepEqual(receiver.eventTypes, ["user.lifecycle.deactivate", "user.lifecycle.delete.initiated"]);
    assert.equal(receiver.deliveries.length, 1);
  });

  it("are tried once more after a 5xx, and not after a 4xx", async () => {
    const { organization } = await startOrg();
    receiver.answer = () => 503;
    organization.updateProfile(uma.id, { title: "One" });
    await arrived(2);
    await sleep(200);
    const ids = receiver.deliveries.map(({ body }) => body.eventId);
    assert.equal(ids.length, 2);
    assert.equal(ids[0], ids[1]);
    receiver.answer = () => 400;
    organization.updateProfile(uma.id, { title: "Two" });
    await arrived(3);
    await sleep(200);
    assert.equal(receiver.deliveries.length, 3);
  });

  it("are tried once more when there is no answer for three seconds", async () => {
    const { organization } = await startOrg();
    receiver.answer = () => undefined;
    organization.updateProfile(uma.id, { title: "One" });
    await arrived(2);
    const [first, second] = receiver.deliveries.map(({ atMs }) => atMs);
    const waitedMs = (second ?? 0) - (first ?? 0);
    // The first may have arrived late, on a busy machine.
    assert.ok(waitedMs > 2_000 && waitedMs < 30_000, `${waitedMs} ms`);
  });

  it("are dropped, doubled and late when they are told to be", async () => {
    const org = await startOrg({ hooksDropped: 0.3, hooksDoubled: 0.3, hooksLate: 0.3, hookDelayMs: 100 });
    for (let n = 0; n < 60; n++) {
      org.organization.updateProfile(uma.id, { title: `Title ${n}` });
      await sleep(2);
    }
    // Until no more come.
    for (let count = -1; count < receiver.deliveries.length; await sleep(2_000)) count = receiver.deliveries.length;
    const uuids = receiver.deliveries.map(({ body }) => body.data.events[0].uuid);
    const distinct = new Set(uuids).size;
    assert.ok(distinct > 25 && distinct < 58, `${distinct} of 60 arrived`);
    assert.ok(uuids.length > distinct + 3, `${uuids.length} deliveries of ${distinct}`);
    const times = receiver.deliveries.map(({ body }) => body.data.events[0].published);
    assert.notDeepEqual(times, times.toSorted());
    org.faults = {};
    receiver.deliveries.length = 0;
    org.organization.updateProfile(uma.id, { title: "Last" });
    await arrived(1);
  });
});
