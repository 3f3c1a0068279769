/** When the settings file may be written after a command, and when it holds somebody's wish. */

import { describe, expect, test } from "vitest";
import { isLeftBehind, watchTraffic } from "../../../automation/operations/write-back.ts";
import type { Environment } from "../../../automation/ports.ts";
import type { Color, RouterRecord } from "../../../infra/model.ts";
import { emptyRecord, weightsOf } from "../../../infra/model.ts";
import type { Observed } from "../../../infra/observation.ts";

function recordAt(activeColor: Color, generation: number, declared: Color | null): RouterRecord {
  return { ...emptyRecord, activeColor, weights: weightsOf(activeColor), generation, declared };
}

describe("a settings file is left behind by a switch", () => {
  const live = recordAt("green", 4, "blue");

  test.each([
    ["with what was active before", { activeColor: "blue", generation: 3 }],
    ["with what the router last obeyed", { activeColor: "blue", generation: 1 }],
    ["without anybody's touch since a former one", { activeColor: "green", generation: 2 }],
    ["with the color alone", { activeColor: "green", generation: 3 }],
    ["with the color and no generation", { activeColor: "green", generation: null }],
  ] as const)("%s", (_name, file) => {
    expect(isLeftBehind(file, live)).toBe(true);
  });

  test("which was the first one", () => {
    const file = { activeColor: null, generation: null };
    expect(isLeftBehind(file, recordAt("blue", 1, null))).toBe(true);
  });
});

describe("a settings file holds a wish, or is up to date", () => {
  test.each([
    ["a wish of now", { activeColor: "blue", generation: 4 }, recordAt("green", 4, "green")],
    [
      "a wish, back to what was obeyed",
      { activeColor: "blue", generation: 4 },
      recordAt("green", 4, "blue"),
    ],
    ["an edited generation", { activeColor: "blue", generation: 5 }, recordAt("green", 4, "green")],
    [
      "a wish without a generation",
      { activeColor: "blue", generation: null },
      recordAt("green", 1, "green"),
    ],
    ["an old wish", { activeColor: "blue", generation: 2 }, recordAt("green", 6, "green")],
    ["nothing new", { activeColor: "green", generation: 4 }, recordAt("green", 4, "green")],
  ] as const)("%s", (_name, file, record) => {
    expect(isLeftBehind(file, record)).toBe(false);
  });
});

describe("a run has moved traffic", () => {
  const before = recordAt("blue", 3, null);

  function watchOn(record: RouterRecord) {
    const environment: Partial<Environment> = {
      observe: () => Promise.resolve({ record } as Observed),
      updateRouter: () => Promise.resolve(),
    };
    return watchTraffic(environment as Environment);
  }

  test("when it asked for that and the generation rose", async () => {
    const watch = watchOn(before);
    await watch.environment.observe({ fresh: true });
    await watch.environment.updateRouter({
      kind: "RollBack",
      reason: "",
      by: "",
      rolloutId: null,
      pin: false,
    });
    expect(watch.moved(recordAt("green", 4, null))).toBe(true);
    expect(watch.moved(before)).toBe(false);
  });

  test("not when others did meanwhile", async () => {
    const watch = watchOn(before);
    await watch.environment.observe({ fresh: true });
    await watch.environment.updateRouter({ kind: "Keep" });
    expect(watch.moved(recordAt("green", 4, null))).toBe(false);
  });
});
