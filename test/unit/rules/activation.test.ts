/** Which color may get traffic. */

import { describe, expect, test } from "vitest";
import type { Expected, GuardResult } from "../../../infra/rules/activation.ts";
import { guardActivation, guardRollback, refusePending } from "../../../infra/rules/activation.ts";
import type { Given } from "./views.ts";
import { claimOf, inMinutes, outputsOf, pinOn, rolloutOf, targetOf, viewOf } from "./views.ts";

function codeOf(result: GuardResult): string {
  return result.kind === "refused" ? result.error.code : result.kind;
}

function targets(green: Parameters<typeof targetOf>[0]): Given {
  return { reading: { targets: { blue: targetOf(), green: targetOf(green) } } };
}

const frozen = { reason: "sales day", until: null, untilThere: null };
const replacing: Given = {
  record: { claim: claimOf({ rolloutId: "r-3" }), rollout: rolloutOf("provision", { id: "r-3" }) },
};
const abandoned: Given = {
  record: { claim: claimOf({ rolloutId: "r-3", owner: null, until: inMinutes(-99) }) },
};

describe("activation", () => {
  const cases: readonly (readonly [string, Given, Expected, string])[] = [
    ["passes a healthy color", {}, {}, "pass"],
    ["passes what was checked", {}, { rolloutId: "r-2", digest: "sha-2" }, "pass"],
    ["is pending on an empty color", { colors: { green: null } }, {}, "pending"],
    ["refuses a retiring color", { record: { retiring: "green" } }, {}, "COLOR_RETIRING"],
    ["refuses any switch in a freeze", { frozen }, {}, "FROZEN"],
    ["refuses a pinned release", { record: { pins: [pinOn("2")] } }, {}, "RELEASE_PINNED"],
    [
      "passes a release whose pin ran out",
      { record: { pins: [pinOn("2", { until: inMinutes(0) })] } },
      {},
      "pass",
    ],
    [
      "refuses a release whose pin still holds",
      { record: { pins: [pinOn("2", { until: inMinutes(1) })] } },
      {},
      "RELEASE_PINNED",
    ],
    ["refuses another digest than the checked", {}, { digest: "sha-9" }, "RELEASE_CHANGED"],
    ["refuses another rollout than the checked", {}, { rolloutId: "r-9" }, "RELEASE_CHANGED"],
    ["refuses a color that is being filled", replacing, {}, "CLAIMED"],
    ["refuses a color whose filling was ended", abandoned, {}, "RELEASE_CHANGED"],
    ["refuses a color with an unready instance", targets({ ready: 1 }), {}, "COLOR_UNHEALTHY"],
    ["refuses a color with no instance", targets({ ready: 0, total: 0 }), {}, "COLOR_UNHEALTHY"],
    [
      "can't judge what is out of reach",
      targets({ ready: 0, total: 2, reachable: false }),
      {},
      "pass",
    ],
  ];
  test.each(cases)("%s", (_name, given, expected, code) => {
    expect(codeOf(guardActivation(viewOf(given), "green", expected))).toBe(code);
  });

  test("in an update, pending is a refusal that says how to fill the color", () => {
    const view = viewOf({ colors: { green: null } });
    const result = refusePending(guardActivation(view, "green"), view, "green");
    expect(codeOf(result)).toBe("COLOR_EMPTY");
    expect(result.kind === "refused" && result.error.hint).toContain("dev-green");
    const passed = guardActivation(viewOf(), "green");
    expect(refusePending(passed, viewOf(), "green")).toBe(passed);
  });
});

describe("a rollback", () => {
  test.each<[string, Given]>([
    ["a pin", { record: { pins: [pinOn("2")] } }],
    ["one of two instances", targets({ ready: 1 })],
    ["a crash loop of the others", targets({ ready: 1, crashLoop: true })],
    ["another rollout in its check", { record: { rollout: rolloutOf("bake", { color: "blue" }) } }],
    ["drift", { drift: { kind: "foreign", sentence: "moved" } }],
    ["an address out of reach", targets({ ready: 0, reachable: false })],
  ])("isn't stopped by %s", (_name, given) => {
    expect(guardRollback(viewOf(given), "green").kind).toBe("pass");
  });

  test.each<[string, Given]>([
    ["no instance is ready", targets({ ready: 0 })],
    ["the color is empty", { colors: { green: null } }],
    ["the color is being removed", { record: { retiring: "green" } }],
    ["its instances are being replaced", replacing],
    ["their replacing was ended half-way", abandoned],
  ])("is refused where %s", (_name, given) => {
    expect(codeOf(guardRollback(viewOf(given), "green"))).toBe("ROLLBACK_IMPOSSIBLE");
  });
});

test("a color that was filled anew after an ended rollout is judged by its own rollout", () => {
  const record = { claim: claimOf({ owner: null }) };
  const colors = { green: outputsOf("green", "2") };
  expect(guardActivation(viewOf({ record, colors }), "green").kind).toBe("pass");
});
