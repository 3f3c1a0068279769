/** What a flip that isn't served ends as: set back with nothing lost, or stuck as asked. */

import { expect, test } from "vitest";
import { parseSettings } from "../../../infra/config.ts";
import { BlueGreenError, parseError } from "../../../infra/errors.ts";
import { serveOrReturn } from "../../../infra/guards/verification.ts";
import { weightsOf } from "../../../infra/model.ts";
import type { DirectRoutes, Platform } from "../../../infra/platform.ts";
import type { Transition } from "../../../infra/rules/transition.ts";
import { anyPort, freePort } from "../../../infra/platforms/local/supervisor/ports.ts";
import { viewOf } from "../../unit/rules/views.ts";

const settings = parseSettings({
  environment: "dev",
  application: "shop",
  switchWithin: "1s",
  local: JSON.stringify({ command: ["serve"] }),
});

/** The error of a flip to green that nobody answers. */
async function endOf(flip: Platform["flip"], { rollback = false } = {}) {
  const former = viewOf();
  const record = { ...former.record, activeColor: "green" as const, weights: weightsOf("green") };
  const transition: Transition = {
    record: { ...record, generation: former.record.generation + 1 },
    activation: { color: "green", expected: {}, rollback },
    notes: [],
  };
  const port = await freePort("127.0.0.1", anyPort(new Set()), new Set());
  const platform = { name: "local", flip } as Platform;
  const outputs = { url: `http://127.0.0.1:${port}` };
  const run = { settings, context: {}, platform, outputs, transition, former, line: null };
  const thrown = await serveOrReturn(run).then(
    () => expect.fail("it was served"),
    (error: unknown) => parseError(String(error)),
  );
  return { code: thrown?.code, exit: thrown?.exitCode, hint: thrown?.hint };
}

test("set back, the active color is untouched", async () => {
  const flips: DirectRoutes[] = [];
  const end = await endOf((_scope, routes) => Promise.resolve(void flips.push(routes)));
  expect(end).toMatchObject({ code: "SWITCH_NOT_SERVED", exit: 3 });
  expect(flips).toMatchObject([{ weights: weightsOf("blue"), former: null }]);
});

test("traffic stays where it isn't served: a person is needed", async () => {
  const down = (): Promise<void> => Promise.reject(new BlueGreenError("ROUTER_DOWN", "it is down"));
  const stuck = { code: "SWITCH_STUCK", exit: 5 };
  expect(await endOf(down)).toMatchObject({
    ...stuck,
    hint: expect.stringContaining("it is down") as string,
  });
  expect(await endOf(undefined)).toMatchObject(stuck);
  expect(await endOf(() => Promise.resolve(), { rollback: true })).toMatchObject(stuck);
});
