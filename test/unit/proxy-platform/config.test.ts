/** The generated configurations: what they hold, and that no value can change their structure. */

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { BlueGreenError } from "../../../infra/errors.ts";
import { accessOf } from "../../../infra/platforms/proxy/access.ts";
import { thisMachine } from "../../../infra/platforms/proxy/hosts/this-machine.ts";
import { configText } from "../../../infra/platforms/proxy/installation.ts";
import {
  attachedIn,
  attachedText,
  instancesIn,
  versionIn,
} from "../../../infra/platforms/proxy/head.ts";
import type { Attached } from "../../../infra/platforms/proxy/dialect.ts";
import type { RouterSpec } from "../../../infra/platforms/proxy/spec.ts";
import { checkTargets } from "../../../infra/platforms/proxy/spec.ts";
import { haproxySkeleton, nginxSkeleton } from "./skeleton.ts";
import { hostileChange, hostileText, plainSpec } from "./specs.ts";

const attached = { blue: ["10.0.0.1:80", "[::1]:81"], green: ["shop-2.example:82"] };
const skeletons = { nginx: nginxSkeleton, haproxy: haproxySkeleton } as const;

function textOf(spec: RouterSpec, to: Attached = attached): string {
  checkTargets(to);
  return configText(accessOf(spec, thisMachine), to, null);
}

describe.each(["nginx", "haproxy"] as const)("a configuration of %s", (dialect) => {
  const spec = { ...plainSpec, dialect };
  const skeletonOf = skeletons[dialect];

  test("tells what is attached and its own version, which any change changes", () => {
    const text = textOf(spec);
    expect(instancesIn(text)).toEqual(attached);
    expect(versionIn(text)).toMatch(/^[0-9a-f]{12}$/);
    const changed = [
      textOf({ ...spec, port: 81 }),
      textOf({ ...spec, cookie: "place" }),
      textOf({ ...spec, idleMs: 900 }),
      textOf(spec, { ...attached, green: [] }),
    ];
    const versions = [text, ...changed].map(versionIn);
    expect(new Set(versions).size).toBe(versions.length);
    expect(textOf(spec)).toBe(text);
  });

  test("has what is reserved while nothing is attached, unless a name might lead nowhere", () => {
    const reserved = { blue: ["10.0.0.9:80"], green: ["shop-2.example:82"] };
    const none = { blue: [], green: [] };
    const text = textOf({ ...spec, reserved }, none);
    expect(instancesIn(text)).toEqual({ blue: ["10.0.0.9:80"], green: [] });
    const config = textOf({ ...spec, reserved });
    expect(instancesIn(config)).toEqual(attached);
    expect(attachedIn({ attached: attachedText(attached), config })).toEqual(attached);
    expect(attachedIn({ attached: attachedText(attached), config: text })).toEqual(none);
    expect(attachedIn({ attached: null, config })).toEqual(none);
  });

  test("has each color stand in where the other has no instances, and none where none has", () => {
    const only = textOf(spec, { blue: attached.blue, green: [] });
    const none = textOf(spec, { blue: [], green: [] });
    if (dialect === "nginx") {
      expect(only).toMatch(/^\s+0 blue;$/m);
      expect(none).not.toMatch(/upstream bg_shop_/);
    } else {
      expect(only).toMatch(/default_backend bg_shop_blue$/m);
      expect(none).toMatch(/default_backend bg_shop_inactive$/m);
    }
  });

  test("the structure is seen by this test: one that is broken differs", () => {
    const text = textOf(spec);
    for (const evil of ["x; evil on;", "x { }", "x\n  evil on", "x evil"]) {
      const broken = text.replaceAll("/var/lib/bluegreen/shop", evil);
      expect(skeletonOf(broken), evil).not.toEqual(skeletonOf(text));
    }
  });

  test.each(["managed", "adopted"] as const)(
    "%s: no accepted text changes its structure",
    (mode) => {
      let accepted = 0;
      fc.assert(
        fc.property(hostileChange, hostileText, (change, address) => {
          const hostile = { ...spec, mode, ...change };
          const to = { ...attached, green: [address] };
          const text = accept(() => textOf(hostile, to)) ?? accept(() => textOf(hostile));
          if (text === null) return;
          accepted += 1;
          const likeIt = { user: change.user && "www", cookie: change.cookie && "place" };
          const plain = { ...spec, mode, user: likeIt.user ?? null, cookie: likeIt.cookie ?? null };
          expect(skeletonOf(text)).toEqual(skeletonOf(textOf(plain)));
        }),
        { numRuns: 3_000 },
      );
      expect(accepted).toBeGreaterThan(50);
    },
  );
});

/** Null where it is refused as settings are; anything else fails the test. */
function accept(render: () => string): string | null {
  try {
    return render();
  } catch (error) {
    expect((error as BlueGreenError).code).toBe("SETTINGS_INVALID");
    return null;
  }
}
