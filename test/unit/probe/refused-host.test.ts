import type { LookupAddress } from "node:dns";
import type { LookupFunction } from "node:net";
import { expect, test } from "vitest";
import { unreachableBy } from "../../../infra/probe/failure.ts";
import { guarding, refusalOf } from "../../../infra/probe/refused-host.ts";

test.each([
  "169.254.169.254",
  "169.254.170.2",
  "100.100.100.200",
  "168.63.129.16",
  "192.0.0.192",
  "fd00:ec2::254",
  "fd20:ce::254",
  "::ffff:169.254.169.254",
  "::ffff:a9fe:a9fe",
  "::a9fe:a9fe",
  "64:ff9b::a9fe:a9fe",
  "64:ff9b::169.254.169.254",
  "2002:a9fe:a9fe::",
  "2002:6464:64c8:1:2:3:4:5",
  "fe80::1",
  "fe80::1%eth0",
  "febf::1",
])("refuses %s", (host) => {
  expect(refusalOf(host)).toMatch(/^it isn't asked, since .* is a (cloud metadata|link-local) /);
});

test.each([
  "127.0.0.1",
  "::1",
  "10.0.0.7",
  "169.253.1.1",
  "100.100.100.201",
  "fec0::1",
  "64:ff9b::808:808",
  "2002:a00:1::a9fe:a9fe",
  "shop",
])("doesn't refuse %s", (host) => {
  expect(refusalOf(host)).toBeNull();
});

/** Resolves every name to these addresses; one alone as `all: false` gives it. */
function resolver(...found: readonly string[]): LookupFunction {
  return (_name, { all }, done) => {
    const addresses: LookupAddress[] = found.map((address) => ({ address, family: 4 }));
    if (all === true) done(null, addresses);
    else done(null, found[0] ?? "", 4);
  };
}

function resolved(lookup: LookupFunction, all: boolean) {
  return new Promise<{ error: Error | null; found: unknown }>((resolve) => {
    guarding(lookup)("shop.internal", { all }, (error, found) => {
      resolve({ error, found });
    });
  });
}

test.each([true, false])("refuses a name that leads there (all: %s)", async (all) => {
  const { error } = await resolved(resolver("169.254.169.254", "10.0.0.7"), all);
  expect(error && unreachableBy(error)).toMatchObject({
    reached: "nothing",
    reason: expect.stringContaining("since 169.254.169.254 is a cloud metadata") as string,
  });
});

test("refuses a name of which one address among others leads there", async () => {
  const { error } = await resolved(resolver("10.0.0.7", "169.254.169.254"), true);
  expect(error?.message).toContain("169.254.169.254");
});

test("hands on any other answer, and errors, as they are", async () => {
  expect(await resolved(resolver("10.0.0.7"), false)).toEqual({ error: null, found: "10.0.0.7" });
  const failed = Object.assign(new Error("no"), { code: "ENOTFOUND" });
  const { error } = await resolved((_name, _options, done) => {
    done(failed, "", 0);
  }, true);
  expect(error).toBe(failed);
});
