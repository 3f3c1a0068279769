/** The registry of commands: one line each, in the order of `--help`. */

import { abort } from "./abort.ts";
import { approve } from "./approve.ts";
import { claim } from "./claim.ts";
import { check } from "./check.ts";
import type { Command } from "./command.ts";
import { demo } from "./demo.ts";
import { deploy } from "./deploy.ts";
import { doctor } from "./doctor.ts";
import { down } from "./down.ts";
import { env } from "./env.ts";
import { history } from "./history.ts";
import { init } from "./init.ts";
import { logs } from "./logs.ts";
import { metric } from "./metric.ts";
import { migrate } from "./migrate.ts";
import { pin, unpin } from "./pin.ts";
import { preview } from "./preview.ts";
import { pulumi } from "./pulumi.ts";
import { replay } from "./replay.ts";
import { retire } from "./retire.ts";
import { rollback } from "./rollback.ts";
import { status } from "./status.ts";
import { switchCommand } from "./switch.ts";
import { unlock } from "./unlock.ts";
import { up } from "./up.ts";

export const commands: readonly Command[] = [
  deploy,
  switchCommand,
  status,
  preview,
  check,
  metric,
  history,
  replay,
  doctor,
  logs,
  rollback,
  retire,
  migrate,
  approve,
  abort,
  pin,
  unpin,
  claim,
  unlock,
  up,
  down,
  init,
  pulumi,
  env,
  demo,
];
