/** Tables of the servers and of the system, read as they really are. */

import { expect, test } from "vitest";
import {
  socketsInLinux,
  socketsInNetstat,
} from "../../../infra/platforms/proxy/nginx/connections.ts";
import { numberIn, stateRows, statRows } from "../../../infra/platforms/proxy/haproxy/stats.ts";

test("sockets are read from Linux's tables, IPv4, IPv6 and mapped: listening and established", () => {
  const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0
   1: 0100007F:C350 0100007F:1B59 01 00000000:00000000 00:00000000 00000000     0
   2: 0100007F:C351 0100007F:1B59 06 00000000:00000000 00:00000000 00000000     0
   3: 00000000000000000000000001000000:C352 00000000000000000000000001000000:1B5A 01 0:0 0:0 0
   4: 0000000000000000FFFF00000100007F:C353 0000000000000000FFFF00000100007F:1B5B 01 0:0 0:0 0`;
  expect(socketsInLinux(table)).toEqual([
    { localPort: 8080, remote: null },
    { localPort: 50_000, remote: "127.0.0.1:7001" },
    { localPort: 50_002, remote: "[::1]:7002" },
    { localPort: 50_003, remote: "127.0.0.1:7003" },
  ]);
  expect(socketsInLinux("")).toEqual([]);
});

test("sockets are read from macOS's netstat", () => {
  const table = `Active Internet connections (including servers)
Proto Recv-Q Send-Q  Local Address          Foreign Address        (state)
tcp4       0      0  127.0.0.1.50000        127.0.0.1.7001         ESTABLISHED
tcp6       0      0  ::1.50002              ::1.7002               ESTABLISHED
tcp4       0      0  127.0.0.1.50001        127.0.0.1.7001         TIME_WAIT
tcp46      0      0  *.8080                 *.*                    LISTEN
`;
  expect(socketsInNetstat(table)).toEqual([
    { localPort: 50_000, remote: "127.0.0.1:7001" },
    { localPort: 50_002, remote: "[::1]:7002" },
    { localPort: 8080, remote: null },
  ]);
});

test("HAProxy's statistics are read by the names of their columns", () => {
  const rows = statRows("# pxname,svname,scur,req_tot,\nshop,BACKEND,2,17,\nshop,s1,,,\n\n");
  expect(rows).toHaveLength(2);
  expect(numberIn(rows[0], "req_tot")).toBe(17);
  expect(numberIn(rows[1], "req_tot")).toBe(0);
  expect(numberIn(undefined, "req_tot")).toBe(0);
});

test("HAProxy's servers are read by the names of their columns", () => {
  const text = `1
# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight srv_port
4 shop 1 s1 127.0.0.1 2 8 1 1 7001
`;
  expect(stateRows(text)).toMatchObject([
    { srv_name: "s1", srv_admin_state: "8", srv_port: "7001" },
  ]);
});
