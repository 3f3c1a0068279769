/** Which flip an update has to see in the data plane before it may be recorded. */

import { describe, expect, test } from "vitest";
import type { RouterRecord } from "../../../infra/model.ts";
import { unprovenFlip } from "../../../infra/rules/proof.ts";
import type { Seen } from "../../../infra/rules/proof.ts";
import type { Request } from "../../../infra/rules/request.ts";
import { claimOf, recordOf, rollBackAsked, rolloutOf, viewOf } from "./views.ts";

const keep: Request = { kind: "Keep" };
const stored = recordOf({ activeColor: "blue" });
const toGreen = recordOf({ activeColor: "green", generation: 4 });

/** Traffic is on green by the router, on blue by the record. */
function seen(kind: "none" | "interrupted" | "direct" | "foreign"): Seen {
  const drift = kind === "none" ? { kind } : { kind, sentence: "the router serves green" };
  return { ...viewOf({ record: toGreen, drift, reading: { former: "blue" } }), stored };
}

function unproven(kind: Parameters<typeof seen>[0], asked = keep, next: RouterRecord = toGreen) {
  return unprovenFlip(seen(kind), asked, { record: next, activation: null });
}

describe("an update proves", () => {
  test("its own flip, and goes back to what was before", () => {
    const activation = { color: "green", expected: {}, rollback: false } as const;
    const view = { ...viewOf(), stored };
    expect(unprovenFlip(view, keep, { record: toGreen, activation })).toEqual({
      color: "green",
      rollback: false,
      former: { record: view.record, reading: view.reading },
    });
  });

  test("the flip of an update that was cut short, and goes back to the record", () => {
    const flip = unproven("interrupted");
    expect(flip).toMatchObject({ color: "green", rollback: false, former: { record: stored } });
    expect(flip?.former.reading.former).toBeNull();
  });

  test("a rollback that was cut short when it is asked for again, and never goes forth", () => {
    expect(unproven("direct", rollBackAsked())).toMatchObject({ color: "green", rollback: true });
  });

  test.each(["none", "direct", "foreign"] as const)("nothing after drift %s", (kind) => {
    expect(unproven(kind)).toBeNull();
  });

  test("nothing where only a part of the traffic moved, or traffic is stopped", () => {
    const stopped = recordOf({ activeColor: null });
    expect(unproven("interrupted", { kind: "Deactivate" }, stopped)).toBeNull();
    const partial = { ...toGreen, weights: { blue: 40, green: 60 } };
    const view = { ...seen("interrupted"), record: partial };
    expect(unprovenFlip(view, keep, { record: partial, activation: null })).toBeNull();
  });
});

describe("the color that an unproven flip may have to go back to", () => {
  const filling = {
    ...toGreen,
    claim: claimOf({ color: "blue", rolloutId: "r-3" }),
    rollout: rolloutOf("provision", { id: "r-3", color: "blue", former: "green" }),
  };

  test.each<[string, RouterRecord]>([
    ["claimed for another release", filling],
    ["retired", { ...toGreen, retiring: "blue" }],
  ])("isn't %s before that is proven", (_name, next) => {
    const refused = expect.objectContaining({
      code: "DRIFT",
      hint: expect.stringContaining("`bluegreen up` proves it") as string,
    }) as unknown;
    expect(() => unproven("interrupted", keep, next)).toThrow(refused);
  });
});
