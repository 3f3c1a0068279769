/** Where the router is told that a direct rollback may return to, update by update. */

import { expect, test } from "vitest";
import type { Request } from "../../../infra/rules/request.ts";
import { applyRequest, routesAfter } from "../../../infra/rules/transition.ts";
import type { Given } from "./views.ts";
import { alice, claimOf, inMinutes, outputsOf, pinOn, rolloutOf, viewOf } from "./views.ts";

function formerAfter(given: Given, request: Request) {
  const view = viewOf(given);
  const file = { declared: { activeColor: null, generation: null }, name: "file" };
  return routesAfter(view, applyRequest(view, request, file)).former;
}

const green = { green: outputsOf("green", "2") };
const claim = claimOf();
const checked: Given = { colors: green, record: { claim, rollout: rolloutOf("check") } };
const previousRelease = { color: "blue", release: outputsOf("blue", "1").release } as const;
const switched: Given = {
  colors: green,
  record: { activeColor: "green", previousRelease, rollout: rolloutOf("hold") },
};
const toGreen: Request = {
  kind: "Switch",
  rolloutId: "r-2",
  digest: "sha-2",
  start: null,
  holdUntil: null,
};
const fill: Request = {
  kind: "Claim",
  rolloutId: "r-3",
  rollout: "deploy",
  color: "blue",
  version: "3",
  owner: alice,
  until: inMinutes(30),
  replaces: null,
  force: false,
};

test.each<readonly [string, Given, Request, string | null]>([
  ["nowhere while the idle color is checked", checked, { kind: "Keep" }, null],
  ["to the color that a switch left", checked, toGreen, "blue"],
  ["there as long as it is kept", switched, { kind: "Keep" }, "blue"],
  ["nowhere once that color is claimed", switched, fill, null],
  ["nowhere once it is retired", switched, { kind: "Retire", color: "blue", force: true }, null],
  [
    "nowhere after a rollback",
    switched,
    { kind: "RollBack", reason: "r", by: "b", rolloutId: null, pin: false },
    null,
  ],
])("%s", (_name, given, request, former) => {
  expect(formerAfter(given, request)).toBe(former);
});

test("never to a release that is pinned", () => {
  const pins = [pinOn("1")];
  expect(
    formerAfter({ ...switched, record: { ...switched.record, pins } }, { kind: "Keep" }),
  ).toBeNull();
});
