/** What a direct way back writes: its generation, which later updates mustn't fall behind. */

import { expect, test } from "vitest";
import { flipDirectly } from "../../../automation/operations/direct-flip.ts";
import type { Weights } from "../../../infra/model.ts";
import type { DirectRoutes } from "../../../infra/platform.ts";
import { viewOf } from "../rules/views.ts";
import { settingsWith } from "./baking.ts";

/** Blue is at generation 3; the router is set to this, and then back to blue directly. */
async function wrote(weights: Weights): Promise<DirectRoutes | undefined> {
  const view = viewOf({ reading: { weights, generation: 3, attached: attachedBoth } });
  const written: DirectRoutes[] = [];
  const ready = { ready: 2, total: 2, problems: [], crashLoop: false, reachable: true };
  const platform = {
    name: "local",
    url: () => "http://127.0.0.1:1",
    read: () => Promise.resolve({ ...view.reading, targets: { blue: ready, green: ready } }),
    flip: (_scope: unknown, routes: DirectRoutes) => Promise.resolve(void written.push(routes)),
  };
  const answers = { blue: 1, green: 0, unnamed: 0, unanswered: 0 };
  const seen = { served: true, answers, errors: 0, failing: false, reason: "" };
  const prove = () => Promise.resolve(seen);
  const asked = { to: "blue", reading: view.reading, view, reason: "slow", by: "alice" } as const;
  await flipDirectly({ platform, settings: settingsWith({}), prove }, { ...asked, pin: false });
  return written[0];
}

const attachedBoth = { blue: ["127.0.0.1:1000"], green: ["127.0.0.1:2000"] };

test("out of a full switch is one change", async () => {
  const routes = await wrote({ blue: 0, green: 100 });
  expect(routes).toMatchObject({ weights: { blue: 100, green: 0 }, generation: 4 });
});

test("out of a shift is two, so that a switch which is on its way comes too late", async () => {
  const routes = await wrote({ blue: 90, green: 10 });
  expect(routes).toMatchObject({ generation: 5, mark: { generation: 5, by: "alice" } });
});
