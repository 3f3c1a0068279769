/** When a color counts as healthy. */

import { expect, test } from "vitest";
import type { TargetReading } from "../../../infra/model.ts";
import { healthOf } from "../../../infra/rules/health.ts";
import { targetOf } from "./views.ts";

test.each<[string, Partial<TargetReading>, string]>([
  ["all of its instances ready", {}, "healthy"],
  ["one that isn't ready", { ready: 1 }, "unhealthy"],
  ["no instance", { ready: 0, total: 0 }, "unhealthy"],
  ["more than it needs, as while it shrinks", { ready: 3 }, "healthy"],
  ["instances that are out of reach", { ready: 0, reachable: false }, "unknown"],
])("a color with %s", (_name, target, health) => {
  expect(healthOf(targetOf(target))).toBe(health);
});
