/** The platform on nginx or HAProxy: real servers, flipped without a reload. */

import type { Platform } from "../../platform.ts";
import { recordType } from "../../provider/record-type.ts";
import { contentsOf } from "../local/contents.ts";
import { placeOf } from "../local/place.ts";
import { stopColor } from "../local/supervisor/client.ts";
import { diagnoseProxy } from "./diagnosis.ts";
import { freezeProxy } from "./freeze.ts";
import { lastingOf } from "./lasting.ts";
import { proxyLogs } from "./logs.ts";
import { flipProxy, readProxy } from "./read.ts";
import { ProxyColor } from "./resources/color.ts";
import { proxyRouter } from "./resources/router.ts";
import { routeType } from "./resources/types.ts";
import { urlOf } from "./url.ts";

export const proxy: Platform = {
  name: "proxy",
  flipTypes: [routeType, recordType],
  freeze: freezeProxy,
  color: (name, args, opts) => new ProxyColor(name, args, opts),
  router: proxyRouter,
  read: readProxy,
  flip: flipProxy,
  async sweep(settings, color) {
    // Servers have nothing that Pulumi wouldn't know of; a former kind of colors may have.
    await stopColor(placeOf(settings).color[color], { drainMs: settings.drainMs });
    const { colors } = settings.proxy;
    if (colors.kind === "process" || settings.given[color] || colors.remove) return null;
    const servers = colors[color].join(", ");
    return `${servers} of ${color} go on: no bluegreen:proxy.colors.remove is set`;
  },
  contents: contentsOf,
  logs: proxyLogs,
  diagnose: diagnoseProxy,
  remarks: ({ proxy: { cookie } }, reading) => lastingOf(cookie, reading),
  url: urlOf,
  size({ proxy: { colors } }) {
    if (colors.kind === "process") return colors.instances;
    return Math.max(colors.blue.length, colors.green.length);
  },
  cost: () => ({
    perHour: null,
    currency: "EUR",
    sentence: "two colors cost the machines that they run on, which are there anyway",
  }),
};
