/** The registry of checks: a new kind is one file, and one line here. */

import type { CheckKind } from "../../infra/config.ts";
import type { CheckKindOf } from "./check.ts";
import { capacityCheck } from "./capacity.ts";
import { commandCheck } from "./command.ts";
import { customCheck } from "./custom.ts";
import { healthCheck } from "./health.ts";
import { httpCheck } from "./http.ts";
import { loadCheck } from "./load.ts";
import { metricCheck } from "./metric.ts";
import { tcpCheck } from "./tcp.ts";
import { versionCheck } from "./version.ts";

export const checkKinds: { readonly [K in CheckKind]: CheckKindOf<K> } = {
  http: httpCheck,
  health: healthCheck,
  tcp: tcpCheck,
  version: versionCheck,
  load: loadCheck,
  metric: metricCheck,
  capacity: capacityCheck,
  command: commandCheck,
  custom: customCheck,
};
