/** The registry of commands: one line each, in the order of `--help`. */

import { abort } from "./abort.ts";
import { claim } from "./claim.ts";
import type { Command } from "./command.ts";
import { deploy } from "./deploy.ts";
import { down } from "./down.ts";
import { pin, unpin } from "./pin.ts";
import { retire } from "./retire.ts";
import { rollback } from "./rollback.ts";
import { switchCommand } from "./switch.ts";
import { unlock } from "./unlock.ts";
import { up } from "./up.ts";

export const commands: readonly Command[] = [
  deploy,
  switchCommand,
  rollback,
  retire,
  abort,
  pin,
  unpin,
  claim,
  unlock,
  up,
  down,
];
