/** A platform with a component in front: what it still does, and what it is told of the colors. */

import { describe, expect, test } from "vitest";
import type { Settings } from "../../../infra/config.ts";
import { parseSettings } from "../../../infra/config.ts";
import type { ColorOutputs, RouterReading } from "../../../infra/model.ts";
import { emptyRecord, perColor, recordSchema } from "../../../infra/model.ts";
import { withOwnColor } from "../../../infra/own-color/platform.ts";
import type { Platform, Scope } from "../../../infra/platform.ts";

const local = '{"command":["app"],"instances":4}';
const plain = parseSettings({ environment: "dev", application: "shop", local });
const own = parseSettings({
  environment: "dev",
  application: "shop",
  color: '{"file":"./shop-color.ts","size":7}',
  given: '{"green":{"addresses":["10.0.0.9:80"]}}',
});

/** Remembers what it was asked; its colors are ready as far as it was told of them. */
class FakePlatform {
  readonly scopes: Scope[] = [];
  readonly settings: Settings[] = [];

  platform(): Platform {
    const notHere = (): never => {
      throw new Error("isn't asked for here");
    };
    return {
      name: "fake",
      flipTypes: [],
      freeze: (_, { version }) =>
        Promise.resolve({ release: { version, digest: "x" }, spec: null }),
      color: notHere,
      router: notHere,
      read: (scope) => {
        this.scopes.push(scope);
        return Promise.resolve(readingOf(scope));
      },
      url: () => "http://127.0.0.1:1",
      size: ({ local: { instances } }) => instances,
      cost: () => ({ perHour: 2, currency: "EUR", sentence: "two" }),
      logs: async function* ({ environment }, { source }) {
        yield await Promise.resolve({ source, instance: null, line: environment });
      },
      diagnose: (scope) => {
        this.scopes.push(scope);
        return Promise.resolve([]);
      },
      sweep: (settings) => {
        this.settings.push(settings);
        return Promise.resolve(null);
      },
    };
  }
}

function readingOf({ colors }: Scope): RouterReading {
  const target = (held: ColorOutputs | null) => {
    const total = held?.size ?? 0;
    return { ready: total, total, problems: [], crashLoop: false, reachable: true };
  };
  return {
    weights: emptyRecord.weights,
    generation: 0,
    rolloutId: null,
    mark: null,
    former: null,
    attached: perColor(() => []),
    targets: perColor((color) => target(colors[color])),
    traffic: { kind: "unknown" },
    settlesInMs: 0,
    problems: [],
  };
}

function held(color: "blue" | "green", component: string | null): ColorOutputs {
  const release = { version: "1", digest: "sha256:1" };
  const common = { schema: recordSchema, release, addresses: ["10.0.0.1:80"], rolloutId: "r" };
  return { ...common, color, size: 3, given: false, component, spec: null };
}

const mixed = { blue: held("blue", "sha256:abc"), green: held("green", null) };

describe("a platform with a component in front", () => {
  test("is told that a component's color is given, with as many instances as addresses", async () => {
    const fake = new FakePlatform();
    const { targets } = await withOwnColor(fake.platform()).read({ settings: own, colors: mixed });
    expect(fake.scopes[0]?.colors).toMatchObject({
      blue: { given: true, size: 1 },
      green: { given: false, size: 3 },
    });
    expect([targets.blue.total, targets.green.total]).toEqual([1, 3]);
  });

  test("is told so of such a color also when no component is set any more", async () => {
    const fake = new FakePlatform();
    await withOwnColor(fake.platform()).read({ settings: plain, colors: mixed });
    expect(fake.scopes[0]).toMatchObject({ settings: plain, colors: { blue: { given: true } } });
  });

  test("doesn't reserve addresses of its own for colors that a component makes", async () => {
    const fake = new FakePlatform();
    const platform = withOwnColor(fake.platform());
    await platform.sweep?.(own, "blue");
    await platform.sweep?.(plain, "blue");
    expect(fake.settings.map(({ given }) => given)).toEqual([
      { blue: { addresses: [], version: null }, green: own.given.green },
      { blue: null, green: null },
    ]);
  });

  test("has the component's size and no prices while one is set", () => {
    const platform = withOwnColor(new FakePlatform().platform());
    expect([platform.size(own), platform.size(plain)]).toEqual([7, 4]);
    expect(platform.cost(own, 7).perHour).toBeNull();
    expect(platform.cost(plain, 4).perHour).toBe(2);
  });

  test("has the router's log, and says where a component's are", async () => {
    const platform = withOwnColor(new FakePlatform().platform());
    const query = { tail: 1, follow: null, instance: null };
    const lines: string[] = [];
    for await (const { line } of platform.logs?.(own, { ...query, source: "router" }) ?? []) {
      lines.push(line);
    }
    expect(lines).toEqual(["dev"]);
    expect(() => platform.logs?.(own, { ...query, source: "blue" })).toThrow(
      expect.objectContaining({
        code: "USAGE",
        message: "blue is made by your own component, ./shop-color.ts, which keeps its logs",
      }),
    );
  });

  test("lacks what the platform lacks", () => {
    const platform = withOwnColor(new FakePlatform().platform());
    expect(["flip", "tidy", "remarks"].filter((member) => member in platform)).toEqual([]);
  });

  test("has a file that is gone diagnosed, and a color's health", async () => {
    const platform = withOwnColor(new FakePlatform().platform());
    const found = await platform.diagnose?.({ settings: own, colors: mixed });
    expect(found).toEqual([
      expect.objectContaining({
        level: "problem",
        subject: "component",
        sentence: expect.stringMatching(/shop-color\.ts doesn't exist$/) as string,
      }),
      {
        level: "ok",
        subject: "blue",
        sentence: "1 of 1 addresses of your component are ready",
        fix: null,
      },
    ]);
    expect(await platform.diagnose?.({ settings: plain, colors: perColor(() => null) })).toEqual(
      [],
    );
  });
});
