import { expect, test } from "vitest";
import { hiding, partsOfAddress } from "../../infra/hidden-values.ts";

test("hides a value, also without the scheme before it", () => {
  const hide = hiding(["Bearer s3cr3t-token"]);
  expect(hide("got Bearer s3cr3t-token")).toBe("got ***");
  expect(hide("wrong token s3cr3t-token")).toBe("wrong token ***");
});

test("hides what may be a token in an address, and no ordinary word of it", () => {
  const hide = hiding(
    partsOfAddress("https://hooks.example.com/services/T0KEN-value?key=abcDEF123"),
  );
  expect(hide("Cannot POST /services/T0KEN-value?key=abcDEF123")).toBe("Cannot POST ***");
  expect(hide("no T0KEN-value here, nor abcDEF123")).toBe("no *** here, nor ***");
  expect(hide("services are closed on hooks.example.com")).toBe(
    "services are closed on hooks.example.com",
  );
});
