/** The engine's announcements as changes: names of what differs, never a value. */
import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";
import { expect, test } from "vitest";
import { changeOf } from "../../../automation/adapters/engine-step.ts";

interface Announced {
  readonly op?: string;
  readonly diffs?: readonly string[];
  readonly before?: object;
  readonly after?: object;
}

/** What of an event is read. */
function announced({ op = "update", diffs, before, after }: Announced): EngineEvent {
  const metadata = {
    op,
    urn: "urn:pulumi:dev::shop::a:b:C$a:b:D::dev-route",
    type: "a:b:D",
    diffs,
    old: before && { inputs: before },
    new: after && { inputs: after },
  };
  return { resourcePreEvent: { metadata } } as unknown as EngineEvent;
}

test("fields are those that the provider names", () => {
  const change = changeOf(announced({ diffs: ["port"], before: { a: 1 }, after: { a: 2 } }));
  expect(change).toEqual({
    operation: "update",
    type: "a:b:D",
    name: "dev-route",
    fields: ["port"],
  });
});

test("where it names none they are compared, down to the second level", () => {
  const before = { weights: { blue: 100, green: 0 }, port: 1, tls: null, same: { a: { b: 1 } } };
  const after = { weights: { blue: 0, green: 100 }, port: 2, same: { a: { b: 1 } }, spec: {} };
  const { fields } = changeOf(announced({ before, after })) ?? {};
  expect(fields).toEqual(["port", "spec", "weights.blue", "weights.green"]);
});

test("no value is in a change, however deep it stood", () => {
  const before = { spec: { env: { TOKEN: "secret-1" } }, list: ["secret-2"] };
  const after = { spec: { env: { TOKEN: "secret-3" } }, list: ["secret-4"] };
  const change = changeOf(announced({ before, after }));
  expect(change?.fields).toEqual(["list", "spec.env"]);
  expect(JSON.stringify(change)).not.toContain("secret-");
});

test("what stays as it is isn't a change", () => {
  expect(changeOf(announced({ op: "same" }))).toBeNull();
  expect(changeOf({ sequence: 1, timestamp: 1 })).toBeNull();
});
