/** A share of the traffic counts once the router says that it serves it. */

import { expect, test } from "vitest";
import { parseSettings } from "../../../infra/config.ts";
import type { ProgramEvent } from "../../../infra/context.ts";
import { parseError } from "../../../infra/errors.ts";
import { shareServed } from "../../../infra/guards/share.ts";
import type { RouterReading, Weights } from "../../../infra/model.ts";
import { viewOf } from "../../unit/rules/views.ts";

const settings = parseSettings({
  environment: "dev",
  switchWithin: "1s",
  local: JSON.stringify({ command: ["serve"] }),
});
const weights = { blue: 90, green: 10 };
const before = { blue: 100, green: 0 };

/** The router shows these in turn, and the last one from then on. */
function sharing(shown: readonly (Weights | null)[], more: Partial<RouterReading> = {}) {
  const view = viewOf();
  const told: ProgramEvent[] = [];
  let reads = 0;
  const read = () => {
    const now = shown[Math.min(reads, shown.length - 1)] ?? null;
    reads += 1;
    const count = { requests: reads, errors: 0, open: 0, lastRequestAt: null };
    const traffic = { kind: "counted", colors: { blue: count, green: count } } as const;
    return Promise.resolve({ ...view.reading, weights: now, traffic, ...more });
  };
  const platform = { name: "local", read } as const;
  const context = { on: (event: ProgramEvent) => void told.push(event) };
  const routes = { weights, generation: 3, rolloutId: "r-2" };
  const served = shareServed({ settings, platform, context, view, routes });
  return { told, reads: () => reads, served };
}

test("the first reading that shows the share is what its step counts from", async () => {
  const { traffic } = await sharing([before, null, weights, weights]).served;
  expect(traffic).toMatchObject({ colors: { blue: { requests: 3 } } });
});

test.each([
  ["keeps what it served", before, "serves blue 100 / green 0"],
  ["doesn't answer", null, "doesn't answer"],
])("a router that %s hasn't taken it", async (_name, shown, said) => {
  const { told, served } = sharing([shown]);
  const error = await served.then(
    () => expect.fail("it was taken"),
    (thrown: unknown) => parseError(String(thrown)),
  );
  expect(error).toMatchObject({
    code: "SWITCH_NOT_SERVED",
    message: `asked for blue 90 / green 10, but after 1000 ms the router ${said}`,
  });
  expect(told).toMatchObject([{ kind: "Refused", error: { code: "SWITCH_NOT_SERVED" } }]);
});

const rolledBack = { at: "2030-01-01T12:00:00Z", by: "bob", reason: "orders fail", pin: null };

test.each<[string, Partial<RouterReading>, string]>([
  ["rolled back", { mark: { ...rolledBack, generation: 5 } }, "bob rolled back: orders fail"],
  ["written another stamp", { rolloutId: "r-7" }, "r-7 moved traffic"],
])("where somebody has %s meanwhile, it is told who, at once", async (_name, more, who) => {
  const { told, reads, served } = sharing([before], more);
  const error = await served.then(
    () => expect.fail("it was taken"),
    (thrown: unknown) => parseError(String(thrown)),
  );
  expect(error).toMatchObject({
    code: "CLAIMED",
    message: `${who}; asked for blue 90 / green 10, the router serves blue 100 / green 0`,
  });
  expect([reads(), told]).toMatchObject([1, [{ kind: "Refused", error: { code: "CLAIMED" } }]]);
});

test("a mark that was there before the share says nothing of it", async () => {
  const { served } = sharing([before, weights], { mark: { ...rolledBack, generation: 3 } });
  expect(await served).toMatchObject({ weights });
});
