/** A bake behind real routers: our own requests fail by how they ended, not by how they were counted. */

import type { RequestListener } from "node:http";
import { expect, test, vi } from "vitest";
import type { Event } from "../../../automation/event.ts";
import { RouterBake } from "../../../automation/operations/bake.ts";
import { SwitchProbe } from "../../../automation/operations/switch-probe.ts";
import { systemClock } from "../../../infra/clock.ts";
import type { RouterReading } from "../../../infra/model.ts";
import { accessOf } from "../../../infra/platforms/proxy/access.ts";
import { thisMachine } from "../../../infra/platforms/proxy/hosts/this-machine.ts";
import { readRouter } from "../../../infra/platforms/proxy/reading.ts";
import type { DialectName } from "../../../infra/platforms/proxy/spec.ts";
import { baking, healthy, settingsWith } from "../../unit/operations/baking.ts";
import { describeDialects, onEnd, routesTo, startedRouter, startInstance } from "./support.ts";

vi.setConfig({ testTimeout: 60_000 });

const settings = settingsWith({
  bake: JSON.stringify({ duration: "30s", interval: "500ms", latency: { enabled: false } }),
  probe: JSON.stringify({ path: "/", timeout: "1s" }),
});

/** Green has all traffic, which is ours alone, and answers like this; blue is well. */
async function baked(dialect: DialectName, answers: RequestListener) {
  const blue = await startInstance("blue");
  const green = await startInstance("green", answers);
  const { router, spec, port } = await startedRouter(dialect);
  await router.setRoutes(routesTo("green", { blue: [blue.address], green: [green.address] }));
  const read = async (): Promise<RouterReading> => {
    const reading = await readRouter(accessOf(spec, thisMachine));
    return { ...reading, targets: { blue: healthy, green: healthy } };
  };
  const events: Event[] = [];
  const on = (event: Event): void => void events.push(event);
  const own = new SwitchProbe({ settings, url: `http://127.0.0.1:${port}` });
  onEnd(() => own.stop(on));
  const bake = new RouterBake({
    ...{ settings, clock: systemClock, read, on, own },
    formerFails: (failing) => own.formerFails(failing),
    answers: () => own.answers(),
    interrupted: () => false,
  });
  const none = { requests: 0, errors: 0 };
  const { view } = baking();
  const rollout = view.record.rollout && {
    ...view.record.rollout,
    baseline: { blue: none, green: none },
  };
  const now = { ...view, record: { ...view.record, rollout }, reading: await read() };
  const { verdict } = await bake.judge(now, "green", Date.now());
  await bake.end();
  const seen = events.flatMap((event) => (event.kind === "Judged" ? (event.seen ?? []) : []));
  return { verdict, own: seen.at(-1)?.own ?? [0, 0] };
}

describeDialects("a bake of a release that leaves our own requests unanswered", (dialect) => {
  test("fails where half of them hang", async () => {
    let asked = 0;
    const { verdict, own } = await baked(dialect, (request, response) => {
      request.resume();
      asked += 1;
      if (asked % 2 === 0) response.end("green");
    });
    expect(verdict).toBe("fail");
    expect(own[1]).toBeGreaterThan(0);
  });

  test("fails where all answers break off", async () => {
    const { verdict, own } = await baked(dialect, (request, response) => {
      request.resume();
      response.writeHead(200, { "content-length": "1000" }).write("half");
      setTimeout(() => response.destroy(), 5);
    });
    expect(verdict).toBe("fail");
    expect(own[1]).toBeGreaterThan(0);
  });
});
