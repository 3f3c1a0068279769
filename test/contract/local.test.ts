/** The local platform keeps the contract: real processes behind the real router. */

import { localBed } from "./local/bed.ts";
import { platformContract } from "./suite/platform-contract.ts";

platformContract("local", localBed);
