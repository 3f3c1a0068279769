/** Values of a release's environment: found wherever they stand, and hidden in any text. */
import { expect, test } from "vitest";
import { hideIn } from "../../../infra/hidden-values.ts";
import { environmentValues } from "../../../automation/preview/secrets.ts";

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

test("a line of a value is hidden as well, whatever stands around it", () => {
  const key = "-----BEGIN KEY-----\nMIIEvQIBADANBg\n  c2Vjb25kLWxpbmU=\r\nend\n";
  const values = environmentValues({ env: { KEY: key } });
  expect(hideIn(`can't read ${key}!`, values)).toBe("can't read [hidden]!");
  expect(hideIn("bad line MIIEvQIBADANBg, then c2Vjb25kLWxpbmU=", values)).toBe(
    "bad line [hidden], then [hidden]",
  );
  expect(hideIn("the end", values)).toBe("the end");
});
