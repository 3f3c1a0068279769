/** Writes of a router that come too late, out of a shift above all. */

import { describe, expect, test } from "vitest";
import { refuseOvertaken } from "../../../infra/rules/overtaken.ts";
import type { ServedRoutes } from "../../../infra/rules/overtaken.ts";

const toBlue = { blue: 100, green: 0 };
const mark = { generation: 5, at: "2030-01-01T00:00:00Z", by: "alice", reason: "bad", pin: null };
/** A rollback out of a shift whose generation was 3: forth and back. */
const back: ServedRoutes = { weights: toBlue, generation: 5, mark };

describe("after a rollback out of a shift", () => {
  test.each([
    ["a further step that was planned before", 3],
    ["a switch that was planned before", 4],
  ])("%s comes too late", (_name, generation) => {
    expect(() => {
      refuseOvertaken(back, { generation }, undefined);
    }).toThrow(/alice rolled back: bad/);
  });

  test.each([
    ["the same rollback once more", 5],
    ["a switch that knows of it", 6],
  ])("%s goes through", (_name, generation) => {
    refuseOvertaken(back, { generation }, undefined);
  });
});

test("where nothing is served, nothing is overtaken", () => {
  refuseOvertaken({ ...back, weights: { blue: 0, green: 0 } }, { generation: 1 }, undefined);
});
