/** The embedded platform: processes and a reverse proxy on this machine; no cloud, no root. */

import type { Platform } from "../../platform.ts";
import { recordType } from "../../provider/record-type.ts";
import { LocalColor } from "./color.ts";
import { contentsOf } from "./contents.ts";
import { diagnoseLocal } from "./diagnosis.ts";
import { freezeLocal } from "./freeze.ts";
import { localLogs } from "./logs.ts";
import { flipLocal, readLocal } from "./read.ts";
import { placeOf } from "./place.ts";
import { localRouter } from "./router.ts";
import { stopColor } from "./supervisor/client.ts";
import { tidyReleases } from "./tidy.ts";
import { routeType } from "./types.ts";
import { urlOf } from "./url.ts";

export const local: Platform = {
  name: "local",
  flipTypes: [routeType, recordType],
  freeze: freezeLocal,
  color: (name, args, opts) => new LocalColor(name, args, opts),
  router: localRouter,
  read: readLocal,
  flip: flipLocal,
  async sweep(settings, color) {
    await stopColor(placeOf(settings).color[color], { drainMs: settings.drainMs });
    return null;
  },
  tidy: tidyReleases,
  contents: contentsOf,
  logs: localLogs,
  diagnose: diagnoseLocal,
  url: urlOf,
  size: (settings) => settings.local.instances,
  cost: () => ({
    perHour: null,
    currency: "EUR",
    sentence: "two colors on this machine cost its memory and processors only",
  }),
};
