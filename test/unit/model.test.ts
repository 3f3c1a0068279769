import { expect, test } from "vitest";
import { activeOf, otherColor, weightsOf } from "../../infra/model.ts";
import { BlueGreenError, errorKinds, exitCodes } from "../../infra/errors.ts";

test("an even split and no traffic have no active color", () => {
  expect(activeOf({ blue: 50, green: 50 })).toBeNull();
  expect(activeOf(weightsOf(null))).toBeNull();
});

test("the active color is the one with most of the traffic", () => {
  expect(activeOf(weightsOf("green"))).toBe("green");
  expect(activeOf({ blue: 51, green: 49 })).toBe("blue");
  expect(otherColor("blue")).toBe("green");
});

test("every error code leads to an exit code that the table explains", () => {
  for (const [code, kind] of Object.entries(errorKinds)) {
    expect(kind.title, code).toMatch(/^[A-Z].*\.$/);
    expect(exitCodes[kind.exit].code, code).toBeGreaterThan(1);
  }
});

test("an error carries its code, its hint and its exit code", () => {
  const error = new BlueGreenError("CLAIMED", "green is claimed", { hint: "wait" });
  expect(error).toMatchObject({ code: "CLAIMED", hint: "wait", exitCode: 6 });
});
