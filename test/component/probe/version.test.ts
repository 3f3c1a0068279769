import { expect, test } from "vitest";
import { versionIn } from "../../../infra/probe.ts";

const json = { headers: { "x-version": " 3 " }, body: `{"version":"1","app":{"a/b":[7]}}` };

test.each([
  [json, {}, "1"],
  [json, { header: "X-Version" }, "3"],
  [json, { json: "version", header: "x-version" }, "3"],
  [json, { json: "version" }, "1"],
  [json, { json: "/app/a~1b/0" }, "7"],
  [json, { json: "/app" }, null],
  [json, { json: "toString" }, null],
  [json, { header: "x-none" }, null],
  [{ headers: {}, body: " 1.2\n" }, {}, "1.2"],
  [{ headers: {}, body: "v2-rc1\n" }, {}, "v2-rc1"],
  [{ headers: {}, body: "null" }, {}, null],
  [{ headers: {}, body: "<html>" }, { json: "version" }, null],
  [{ headers: {}, body: "" }, {}, null],
])("finds in %o by %o the version %s", (answer, source, version) => {
  expect(versionIn(answer, source)).toBe(version);
});
