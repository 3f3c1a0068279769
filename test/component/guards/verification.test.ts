/** What a flip that isn't served ends as: set back with nothing lost, or stuck as asked. */

import { afterEach, expect, test } from "vitest";
import { parseSettings } from "../../../infra/config.ts";
import { BlueGreenError, parseError } from "../../../infra/errors.ts";
import { serveOrReturn } from "../../../infra/guards/verification.ts";
import { weightsOf } from "../../../infra/model.ts";
import type { DirectRoutes, Platform } from "../../../infra/platform.ts";
import type { Transition } from "../../../infra/rules/transition.ts";
import { anyPort, freePort } from "../../../infra/platforms/local/supervisor/ports.ts";
import { viewOf } from "../../unit/rules/views.ts";
import { Servers } from "../probe/servers.ts";

const settings = parseSettings({
  environment: "dev",
  application: "shop",
  switchWithin: "1s",
  local: JSON.stringify({ command: ["serve"] }),
});

const servers = new Servers();

afterEach(() => servers.close());

interface Flip {
  readonly flip: Platform["flip"];
  readonly rollback?: boolean;
  /** Public address; default: nobody answers. */
  readonly url?: string;
  /** Default: blue is. */
  readonly active?: "blue" | null;
  /** Default: 1 s. */
  readonly switchWithinMs?: number;
}

/** The error of a flip to green that isn't served. */
async function endOf(asked: Flip) {
  const { flip, rollback = false, url, active = "blue", switchWithinMs = 1_000 } = asked;
  const former = viewOf({ record: { activeColor: active, weights: weightsOf(active) } });
  const record = { ...former.record, activeColor: "green" as const, weights: weightsOf("green") };
  const transition: Transition = {
    record: { ...record, generation: former.record.generation + 1 },
    activation: { color: "green", expected: {}, rollback },
    notes: [],
  };
  const port = await freePort("127.0.0.1", anyPort(new Set()), new Set());
  const platform = { name: "local", flip } as Platform;
  const outputs = { url: url ?? `http://127.0.0.1:${port}` };
  const timed = { ...settings, switchWithinMs };
  const run = { settings: timed, context: {}, platform, outputs, transition, former, line: null };
  const thrown = await serveOrReturn(run).then(
    () => expect.fail("it was served"),
    (error: unknown) => parseError(String(error)),
  );
  const { code, exitCode: exit, message, hint } = thrown ?? {};
  return { code, exit, message, hint };
}

/** Where green answers whatever it is asked. */
async function greenAnswering(status: number): Promise<string> {
  const headers = { "x-bluegreen-color": "green" };
  const { url } = await servers.http((_, response) => response.writeHead(status, headers).end());
  return url;
}

const setBack = (): Promise<void> => Promise.resolve();

test("set back, the active color is untouched", async () => {
  const flips: DirectRoutes[] = [];
  const end = await endOf({ flip: (_scope, routes) => Promise.resolve(void flips.push(routes)) });
  expect(end).toMatchObject({ code: "SWITCH_NOT_SERVED", exit: 3 });
  expect(flips).toMatchObject([{ weights: weightsOf("blue"), former: null }]);
});

test("traffic stays where it isn't served: a person is needed", async () => {
  const down = (): Promise<void> => Promise.reject(new BlueGreenError("ROUTER_DOWN", "it is down"));
  const stuck = { code: "SWITCH_STUCK", exit: 5 };
  expect(await endOf({ flip: down })).toMatchObject({
    ...stuck,
    hint: expect.stringContaining("it is down") as string,
  });
  expect(await endOf({ flip: undefined })).toMatchObject(stuck);
  expect(await endOf({ flip: setBack, rollback: true })).toMatchObject(stuck);
});

test("what is set back replaces this very flip, and says who had set the router before", async () => {
  const flips: DirectRoutes[] = [];
  await endOf({ flip: (_scope, routes) => Promise.resolve(void flips.push(routes)) });
  expect(flips).toEqual([
    {
      weights: weightsOf("blue"),
      generation: 3,
      rolloutId: "r-1",
      mark: null,
      former: null,
      replaces: 4,
    },
  ]);
});

test("what somebody else moved meanwhile isn't set back, and no further way back is advised", async () => {
  const drift = new BlueGreenError("DRIFT", "the router is at generation 9, not 4");
  const end = await endOf({ flip: () => Promise.reject(drift) });
  expect(end).toMatchObject({ code: "SWITCH_STUCK", exit: 5 });
  expect(end.hint).toBe(
    "it wasn't set back, because the router is at generation 9, not 4: see `bluegreen status`",
  );
});

test("a new color that answers with errors for a while has failed: traffic goes back long before the time is over", async () => {
  const flips: DirectRoutes[] = [];
  const flip = (_scope: unknown, routes: DirectRoutes) => Promise.resolve(void flips.push(routes));
  const started = performance.now();
  const end = await endOf({ flip, url: await greenAnswering(500), switchWithinMs: 60_000 });
  const ms = performance.now() - started;
  expect(ms).toBeGreaterThan(950);
  expect(ms).toBeLessThan(20_000);
  expect(end).toMatchObject({ code: "ROLLED_BACK", exit: 4 });
  expect(end.message).toMatch(
    /^(\d+) of \1 answers of green were errors within \d+ ms of the switch: .* answered 500 from green/,
  );
  expect(end.hint).toBe(
    "traffic is back on blue; the release is pinned, look at `bluegreen logs green`",
  );
  const pin = { version: "2", digest: "sha-2", until: null, reason: end.message };
  const mark = { generation: 5, setBack: true, pin, reason: end.message };
  expect(flips).toMatchObject([{ weights: weightsOf("blue"), generation: 3, replaces: 4, mark }]);
});

test("at most half of the time is waited for what is clear", async () => {
  const started = performance.now();
  const end = await endOf({ flip: setBack, url: await greenAnswering(500) });
  expect(performance.now() - started).toBeLessThan(950);
  expect(end).toMatchObject({ code: "ROLLED_BACK" });
});

test("a new color that stumbles over its first requests is served", async () => {
  const sinceMs = performance.now();
  const headers = { "x-bluegreen-color": "green" };
  const { url } = await servers.http((_, response) => {
    response.writeHead(performance.now() - sinceMs < 200 ? 503 : 200, headers).end();
  });
  await expect(endOf({ flip: setBack, url })).rejects.toThrow("it was served");
});

test("a first release that answers with errors leaves the router as it was, serving nothing", async () => {
  const end = await endOf({ flip: setBack, url: await greenAnswering(500), active: null });
  expect(end).toMatchObject({ code: "SWITCH_NOT_SERVED", exit: 3 });
  expect(end.message).toMatch(/(\d+) of \1 answers of green were errors/);
  expect(end.hint).toBe("the router was set back to blue 0 / green 0");
});

test("errors after a way back change nothing: the color that was left is no better", async () => {
  const started = performance.now();
  const end = await endOf({ flip: setBack, url: await greenAnswering(500), rollback: true });
  // Not ended early either: it has all its time to get well.
  expect(performance.now() - started).toBeGreaterThan(950);
  expect(end).toMatchObject({ code: "SWITCH_STUCK", exit: 5 });
  expect(end.message).toMatch(/answered 500 from green .* within 1000 ms/);
});

test("errors of a color that can't be left stay stuck, with their numbers", async () => {
  const end = await endOf({ flip: undefined, url: await greenAnswering(503) });
  expect(end).toMatchObject({ code: "SWITCH_STUCK", exit: 5 });
  expect(end.message).toMatch(/(\d+) of \1 answers of green were errors/);
});
