/** Errors on HAProxy: from a backend's row and its table, with whatever of them there is. */

import { expect, test } from "vitest";
import { countedIn, errorsIn } from "../../../infra/platforms/proxy/haproxy/counted.ts";

const tables = [
  "# table: bg_app_blue, type: integer, size:1, used:1",
  "0x5583: key=1 use=0 exp=0 shard=0 gpc0=3 gpc1=4",
  "",
  "# table: bg_app_green, type: integer, size:1, used:0",
  "",
].join("\n");

const row = { req_tot: "100", hrsp_5xx: "5", srv_abrt: "2" };

test("are those of its own table", () => {
  expect(countedIn(tables, "bg_app_blue")).toBe(7);
  expect(countedIn(tables, "bg_app_green")).toBe(0);
});

test("are those of its row alone where an older configuration has no table", () => {
  expect(countedIn("No such table\n\nNo such table\n", "bg_app_blue")).toBe(0);
  expect(errorsIn(row, 0)).toBe(7);
});

test("hold those of the table, in which replies from 500 on are as well", () => {
  expect(errorsIn(row, 6)).toBe(8);
});

test("are never more than its requests", () => {
  expect(errorsIn({ ...row, req_tot: "6" }, 6)).toBe(6);
  expect(errorsIn(undefined, 6)).toBe(0);
});
