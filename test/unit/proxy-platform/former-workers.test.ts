/** What HAProxy and the system say of workers from before a reload. */

import { describe, expect, test } from "vitest";
import {
  besideIn,
  formerIn,
  masterIn,
} from "../../../infra/platforms/proxy/haproxy/former-workers.ts";

describe("a master's address", () => {
  test.each([
    ["HAPROXY_MASTER_CLI=unix@/run/haproxy-master.sock\n\n", "/run/haproxy-master.sock"],
    ["HAPROXY_MASTER_CLI=unix@/run/a.sock;ipv4@127.0.0.1:99\n", "/run/a.sock"],
    ["HAPROXY_MASTER_CLI=ipv4@127.0.0.1:99\n", "127.0.0.1:99"],
    ["HAPROXY_MASTER_CLI=sockpair@5\n", null],
    ["Variable not found\n", null],
  ])("in %j is %j", (reply, address) => {
    expect(masterIn(reply)).toBe(address);
  });
});

test("former workers are those below their own heading only", () => {
  const reply = [
    "#<PID>          <type>          <reloads>       <uptime>        <version>      ",
    "10              master          2 [failed: 0]   0d00h10m38s     2.6.12",
    "# workers",
    "13              worker          0               0d00h00m02s     2.6.12",
    "# old workers",
    "11              worker          2               0d00h10m36s     2.6.12",
    "12              worker          1               0d00h00m36s     2.6.12",
    "# programs",
    "14              own             0               0d00h00m02s     -",
  ];
  expect(formerIn(`${reply.join("\n")}\n\n`)).toEqual([11, 12]);
  expect(formerIn(`${reply.slice(0, 4).join("\n")}\n# programs\n`)).toEqual([]);
});

describe("in the system's table", () => {
  const table = [
    "    1     0 init",
    "   10     1 haproxy -sf 12 -x sockpair@3 -W -D -f /a.cfg -p /pid",
    "   12    10 haproxy -sf 11 -x sockpair@3 -W -D -f /a.cfg -p /pid",
    "   13    10 haproxy -sf 12 -x sockpair@3 -W -D -f /a.cfg -p /pid",
    "   14    10 /usr/bin/other -f /a.cfg",
    "   15    10 [haproxy] <defunct>",
    "   20     1 haproxy -W -D -f /b.cfg -p /other",
    "   21    20 haproxy -W -D -f /b.cfg -p /other",
    "   30     1 /usr/sbin/haproxy -D -f /c.cfg",
    "   31     1 /usr/sbin/haproxy -D -f /c.cfg -sf 30",
  ].join("\n");

  test("they have the parent of the worker of now, and its words but for a reload's", () => {
    expect(besideIn(table, 13)).toEqual([12]);
    expect(besideIn(table, 21)).toEqual([]);
    expect(besideIn(table, 31)).toEqual([30]);
  });

  test("they aren't looked for beside a process that isn't HAProxy, as in a container", () => {
    expect(besideIn(table, 14)).toBeNull();
    expect(besideIn(table, 99)).toBeNull();
  });
});
