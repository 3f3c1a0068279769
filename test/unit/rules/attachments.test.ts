/** The addresses that the router is to know, and who is named as their writer. */

import { describe, expect, test } from "vitest";
import type { RouterRecord } from "../../../infra/model.ts";
import { applyRequest, routesAfter } from "../../../infra/rules/transition.ts";
import type { Given } from "./views.ts";
import { alice, claimOf, rolloutOf, viewOf } from "./views.ts";

const provisioning = { claim: claimOf(), rollout: rolloutOf("provision") };
const checking = { claim: claimOf(), rollout: rolloutOf("check") };
const silentFile = { declared: { activeColor: null, generation: null }, name: "file" };
const switchAsked = {
  kind: "Switch",
  rolloutId: "r-2",
  digest: "sha-2",
  start: null,
  holdUntil: null,
} as const;

describe("the addresses that the router knows", () => {
  const attached = (given: Given, next?: Partial<RouterRecord>) => {
    const view = viewOf(given);
    const record = { ...view.record, ...next };
    return routesAfter(view, { record, activation: null, notes: [] }).attached;
  };
  const [blue, green] = [["127.0.0.1:1000"], ["127.0.0.1:2000"]];

  test("are those of both filled colors", () => {
    expect(attached({})).toEqual({ blue, green });
  });

  test("leave out a color that is being filled, was left half-filled, or is going", () => {
    const other = { claim: claimOf({ rolloutId: "r-3" }) };
    expect(attached({}, { ...other, rollout: rolloutOf("provision", { id: "r-3" }) })).toEqual({
      blue,
      green: [],
    });
    expect(attached({}, other)).toEqual({ blue, green: [] });
    expect(attached({}, { retiring: "green" })).toEqual({ blue, green: [] });
    expect(attached({ colors: { green: null } })).toEqual({ blue, green: [] });
  });

  test("come back with the attachment of a filled color", () => {
    expect(attached({ record: provisioning })).toEqual({ blue, green });
  });

  test("stay for a serving color whose stack can't be read", () => {
    const given = { colors: { blue: null }, reading: { attached: { blue, green: [] } } };
    expect(attached(given)).toEqual({ blue, green });
  });

  test("stay for a serving color whatever is claimed", () => {
    const claim = claimOf({ color: "blue", rolloutId: "r-9", owner: alice });
    expect(attached({}, { claim })).toEqual({ blue, green });
  });

  test("have the writer of the weights for as long as these stay", () => {
    const view = viewOf({ record: checking, reading: { rolloutId: "r-1" } });
    const attachedOnly = { record: view.record, activation: null, notes: [] };
    expect(routesAfter(view, attachedOnly).rolloutId).toBe("r-1");
    const moved = applyRequest(view, switchAsked, silentFile);
    expect(routesAfter(view, moved).rolloutId).toBe("r-2");
  });
});
