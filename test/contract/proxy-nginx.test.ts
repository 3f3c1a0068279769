/** The platform `proxy` keeps the contract with a real nginx and real processes. */

import { describeWith } from "../support/programs.ts";
import { proxyBed } from "./proxy/bed.ts";
import { platformContract } from "./suite/platform-contract.ts";

describeWith(["nginx"], "nginx", () => {
  platformContract("proxy", () => proxyBed("nginx"));
});
