/** Entry of a hand-run `pulumi up`; the driver runs the same program inline. */

import { program } from "./program.ts";

export default program;
