/** The platform `proxy` keeps the contract with a real HAProxy and real processes. */

import { describeWith } from "../support/programs.ts";
import { proxyBed } from "./proxy/bed.ts";
import { platformContract } from "./suite/platform-contract.ts";

describeWith(["haproxy"], "haproxy", () => {
  platformContract("proxy", () => proxyBed("haproxy"));
});
