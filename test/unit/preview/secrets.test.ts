/** Values of a release's environment: found wherever they stand, and hidden in any text. */
import { expect, test } from "vitest";
import { environmentValues, hideIn } from "../../../automation/preview/secrets.ts";

test("finds the texts below every `env`, in settings and in stored releases", () => {
  const settings = { local: { env: { TOKEN: "token-value" }, cwd: "not-this-one" } };
  const outputs = {
    spec: { env: { NESTED: { KEY: "nested-value" } } },
    addresses: ["127.0.0.1:1"],
  };
  expect(environmentValues(settings, outputs, null)).toEqual(["nested-value", "token-value"]);
});

test("leaves short ones alone, which would hide ordinary words", () => {
  expect(environmentValues({ env: { DEBUG: "true", PORT: "8080" } })).toEqual([]);
});

test("hides the longer of two values that begin alike as a whole", () => {
  const values = environmentValues({ env: { A: "secret", B: "secret-and-more" } });
  expect(hideIn("it said secret-and-more, then secret", values)).toBe(
    "it said [hidden], then [hidden]",
  );
});
