/** When a run reads the record again: it asks, or what it knows of its own rollout is old. */

import { describe, expect, test } from "vitest";
import { endedMeanwhile, look } from "../../../automation/look.ts";
import type { Memory } from "../../../automation/rollout/memory.ts";
import { noMemory } from "../../../automation/rollout/memory.ts";
import type { Ports } from "../../../automation/ports.ts";
import { BlueGreenError } from "../../../infra/errors.ts";
import type { Given } from "../rules/views.ts";
import { rolloutOf, viewOf } from "../rules/views.ts";

const own: Given = { record: { rollout: rolloutOf("check") } };
const others: Given = { record: { rollout: rolloutOf("bake", { id: "r-7" }) } };
const mine: Memory = { ...noMemory, rolloutId: "r-2" };

interface Seen {
  /** What this run remembers. */
  readonly known: Given;
  /** What the record says by now, or why it can't be read. */
  readonly read: Given | BlueGreenError;
}

function portsOn(given: Seen, asked: boolean[] = []): Ports {
  const environment: Partial<Ports["environment"]> = {
    observe: (options) => {
      asked.push(options.fresh);
      const seen = options.fresh ? given.read : given.known;
      return seen instanceof Error ? Promise.reject(seen) : Promise.resolve(viewOf(seen));
    },
  };
  return { environment, on: () => undefined } as unknown as Ports;
}

async function looked(given: Seen, memory: Memory, fresh = false) {
  const asked: boolean[] = [];
  const { view, memory: after } = await look(portsOn(given, asked), memory, fresh);
  return { asked, rollout: view.record.rollout?.id, endedBy: after.endedBy };
}

describe("a run that doesn't find its rollout any more", () => {
  test("reads the record again, and knows that others have ended it", async () => {
    const met = await looked({ known: others, read: {} }, mine);
    expect(met).toEqual({ asked: [false, true], rollout: undefined, endedBy: "others" });
  });

  test("has read it already where it was to", async () => {
    const met = await looked({ known: own, read: others }, mine, true);
    expect(met).toEqual({ asked: [true], rollout: "r-7", endedBy: "others" });
  });

  test("goes on with what the record says, whatever it seemed to", async () => {
    const met = await looked({ known: others, read: own }, mine);
    expect(met).toEqual({ asked: [false, true], rollout: "r-2", endedBy: null });
  });

  test.each<[string, Partial<Memory>]>([
    ["has ended it itself", { endedBy: "self" }],
    ["knows it already", { endedBy: "others" }],
    ["never had one", { rolloutId: null }],
    ["can't ask the engine", { barred: new BlueGreenError("STACK_LOCKED", "by another") }],
  ])("looks once where it %s", async (_name, more) => {
    const memory = { ...mine, ...more };
    const met = await looked({ known: {}, read: others }, memory);
    expect(met).toMatchObject({ asked: [false], endedBy: memory.endedBy });
  });

  test("fails where the record can't be read", async () => {
    const read = new BlueGreenError("STACK_LOCKED", "by another");
    await expect(looked({ known: others, read }, mine)).rejects.toBe(read);
  });
});

test("a run that finds its rollout goes on with what it knows", async () => {
  const met = await looked({ known: own, read: others }, mine);
  expect(met).toEqual({ asked: [false], rollout: "r-2", endedBy: null });
});

describe("a run that is locked out of cleaning up", () => {
  const locked = new BlueGreenError("STACK_LOCKED", "by another");
  const refused = new BlueGreenError("PLAN_REFUSED", "it touches more");

  test("learns that others have ended its rollout", async () => {
    const ports = portsOn({ known: own, read: others });
    expect(await endedMeanwhile(ports, mine, locked)).toEqual({ ...mine, endedBy: "others" });
  });

  test.each<[string, Given, Partial<Memory>, BlueGreenError]>([
    ["its rollout is still there", own, {}, locked],
    ["it may have ended it itself", {}, { endedBy: "self" }, locked],
    ["it never had one", others, { rolloutId: null }, locked],
    ["it was something else that failed", others, {}, refused],
  ])("learns nothing where %s", async (_name, read, more, error) => {
    const ports = portsOn({ known: own, read });
    expect(await endedMeanwhile(ports, { ...mine, ...more }, error)).toBeNull();
  });
});
