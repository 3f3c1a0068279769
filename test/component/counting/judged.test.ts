/** Releases that a bake turns back by what a real router counts of them, as own requests see it. */

import type { RequestListener } from "node:http";
import { expect, test } from "vitest";
import type { Event } from "../../../automation/event.ts";
import { RouterBake } from "../../../automation/operations/bake.ts";
import { SwitchProbe } from "../../../automation/operations/switch-probe.ts";
import { systemClock } from "../../../infra/clock.ts";
import { perColor } from "../../../infra/model.ts";
import type { RouterReading } from "../../../infra/model.ts";
import { baking, settingsWith } from "../../unit/operations/baking.ts";
import { describeRouters, routerTo } from "./routers.ts";
import type { Counting } from "./routers.ts";

const settings = settingsWith({
  bake: JSON.stringify({ duration: "24s", interval: "500ms", latency: { enabled: false } }),
  probe: JSON.stringify({ path: "/", timeout: "1s", ratePerSecond: 20 }),
});

const hangs: RequestListener = (req) => {
  req.resume();
};

function hangsInHalf(): RequestListener {
  let seen = 0;
  return (req, res) => {
    seen += 1;
    if (seen % 2 === 0) req.resume();
    else res.end("ok");
  };
}

const breaksOff: RequestListener = (req, res) => {
  req.resume();
  res.writeHead(200, { "Content-Length": "1000" });
  res.write("half");
  setTimeout(() => res.destroy(), 5);
};

/** What was counted until the switch, which was now. */
function baselineOf({ traffic }: RouterReading) {
  if (traffic.kind !== "counted") throw new Error("traffic can't be counted");
  const { colors } = traffic;
  return perColor((color) => {
    const { requests, errors } = colors[color];
    return { requests, errors };
  });
}

/** Baked with own requests alone: nobody else is there. */
async function bakeOf({ port, read }: Counting) {
  const probe = new SwitchProbe({ settings, url: `http://127.0.0.1:${port}` });
  const events: Event[] = [];
  const bake = new RouterBake({
    settings,
    clock: systemClock,
    read,
    on: (event) => events.push(event),
    formerFails: (found) => probe.formerFails(found),
    answers: () => probe.answers(),
    own: probe,
    interrupted: () => false,
  });
  const { view } = baking();
  const reading = await read();
  const { rollout } = view.record;
  if (rollout === null) throw new Error("no rollout");
  const began = { baseline: baselineOf(reading), since: new Date().toISOString() };
  const record = { ...view.record, rollout: { ...rollout, ...began } };
  try {
    return await bake.judge({ ...view, record, reading }, "green", Date.now());
  } finally {
    await probe.ended();
    await probe.stop((event) => events.push(event));
    await bake.end();
  }
}

describeRouters("a bake", (name) => {
  test.each([
    { what: "hangs", release: hangs },
    { what: "hangs in half of its requests", release: hangsInHalf() },
    { what: "breaks off its replies", release: breaksOff },
  ])("fails a release that $what", { timeout: 60_000 }, async ({ release }) => {
    const verdict = await bakeOf(await routerTo(name, release));
    expect(verdict).toMatchObject({ verdict: "fail" });
    expect(JSON.stringify(verdict)).toMatch(/(errors|failures) in/);
  });
});
