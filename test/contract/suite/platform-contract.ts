/** The contract suite: what every platform must do, whatever it is made of. */

import { describe } from "vitest";
import type { MakeBed } from "./bed.ts";
import { colorContract } from "./color-contract.ts";
import { emptyContract } from "./empty-contract.ts";
import { failureContract } from "./failure-contract.ts";
import { releaseContract } from "./release-contract.ts";
import { routerContract } from "./router-contract.ts";
import { switchContract } from "./switch-contract.ts";

/**
 * Runs the whole contract against real instances of the platform. `make` is called for each group
 * of tests and must return an environment that nothing else uses.
 */
export function platformContract(name: string, make: MakeBed): void {
  describe(`platform ${name}`, () => {
    emptyContract(name, make);
    releaseContract(make);
    colorContract(make);
    routerContract(make);
    switchContract(make);
    failureContract(make);
  });
}
