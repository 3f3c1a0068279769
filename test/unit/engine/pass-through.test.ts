import { describe, expect, test } from "vitest";
import { colorToMake, namedStack, takesStack } from "../../../automation/engine/pass-through.ts";

describe("the stack of a passed-on command", () => {
  test.each([
    [["up", "--stack", "dev-green"], "dev-green"],
    [["up", "--stack=org/shop/prod"], "prod"],
    [["-s", "prod", "up"], "prod"],
    [["up", "--yes"], null],
  ])("of %j is %s", (args, stack) => {
    expect(namedStack(args)).toBe(stack);
  });

  test("isn't named by a flag where the command names one itself", () => {
    expect(takesStack(["stack", "init", "dev-green"])).toBe(false);
    expect(takesStack(["--color", "never", "stack", "rm", "dev"])).toBe(false);
    expect(takesStack(["stack", "output"])).toBe(true);
    expect(takesStack(["up"])).toBe(true);
  });

  test("is made by bluegreen where it is a color's, and by Pulumi otherwise", () => {
    expect(colorToMake(["stack", "init", "dev-green"])).toEqual({
      environment: "dev",
      color: "green",
    });
    expect(colorToMake(["stack", "init", "prod"])).toBeNull();
    expect(colorToMake(["stack", "init", "dev-green", "--secrets-provider", "x"])).toBeNull();
    expect(colorToMake(["stack", "rm", "dev-green"])).toBeNull();
  });
});
