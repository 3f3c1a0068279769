/** The cookie that keeps a client with its color: when it counts, and what it says. */

import { describe, expect, test } from "vitest";

import { emptyRoutes } from "../../../infra/platforms/local/router/routes.ts";
import { cookieFor, keptColor } from "../../../infra/platforms/local/router/sticky.ts";

const shared = { ...emptyRoutes, weights: { blue: 90, green: 10 }, generation: 7 };

describe("a client's cookie", () => {
  test.each([
    ["bluegreen-color=green.7", "green"],
    ["session=abc; bluegreen-color=blue.7; theme=dark", "blue"],
    [undefined, null],
    ["", null],
    ["session=abc", null],
    ["xbluegreen-color=green.7", null],
    ["bluegreen-color=red.7", null],
    ["bluegreen-color=green", null],
    ["bluegreen-color=", null],
  ])("%s means %s", (cookie, color) => {
    expect(keptColor(cookie, shared)).toBe(color);
  });

  test("of an earlier shift says nothing: it would bring the new color more than its share", () => {
    expect(keptColor("bluegreen-color=green.6", shared)).toBeNull();
  });

  test("never brings requests to a color without traffic", () => {
    const over = { ...shared, weights: { blue: 100, green: 0 } };
    expect(keptColor("bluegreen-color=green.7", over)).toBeNull();
  });
});

test("the cookie is out of scripts' reach, for the session, and secure under TLS", () => {
  const plain = "bluegreen-color=green.7; Path=/; HttpOnly; SameSite=Lax";
  expect(cookieFor("green", shared, { secure: false })).toBe(plain);
  expect(cookieFor("green", shared, { secure: true })).toBe(`${plain}; Secure`);
});
