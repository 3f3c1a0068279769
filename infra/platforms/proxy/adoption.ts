/** What a user adds to an existing configuration so that it hands its requests over. PURE. */

import type { RouterSpec } from "./spec.ts";
import { filesOf } from "./spec.ts";

/** One step a line, to be done in this order. */
export function adoptionSteps(spec: RouterSpec): readonly string[] {
  const { config, socket } = filesOf(spec);
  const again = "run `bluegreen up` again: it tests the whole configuration and reloads";
  if (spec.dialect === "nginx") {
    return [
      `in nginx's \`http { }\`, replace the block \`upstream ${spec.upstream} { ... }\` by \`include ${config};\``,
      `where requests are passed on, \`proxy_pass http://${spec.upstream};\` stays as it is`,
      again,
    ];
  }
  return [
    `take \`backend ${spec.upstream}\` out of HAProxy's configuration`,
    `start HAProxy with \`-f ${config}\` as its last file (Debian: EXTRAOPTS in /etc/default/haproxy)`,
    `in its \`global\` section, have \`stats socket ${socket} level admin\``,
    again,
  ];
}
