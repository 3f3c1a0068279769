/** What a user adds to an existing configuration so that it hands its requests over. PURE. */

import type { RouterSpec } from "./spec.ts";
import { filesOf } from "./spec.ts";

/** One step a line, to be done in this order. */
export function adoptionSteps(spec: RouterSpec): readonly string[] {
  const { config, socket } = filesOf(spec);
  const again =
    "run the same `bluegreen deploy` again: its switch tests the whole configuration and reloads";
  if (spec.dialect === "nginx") {
    return [
      `in nginx's \`http { }\`, replace the block \`upstream ${spec.upstream} { ... }\` by \`include ${config};\``,
      `where requests are passed on, \`proxy_pass http://${spec.upstream};\` stays as it is`,
      again,
    ];
  }
  return [
    `in HAProxy's \`global\` section, have \`stats socket ${socket} level admin\``,
    `take \`backend ${spec.upstream}\` out of its configuration, and give HAProxy \`-f ${config}\` as its last file (Debian: EXTRAOPTS in /etc/default/haproxy); with \`-S\` and a path, which Debian has, traffic is counted across reloads`,
    "then restart it: a reload doesn't change its command line; connections are refused for the moment that a restart takes, unless it is started with a folder (`-f FOLDER`): then link the file into that, and reload",
    again,
  ];
}

/** What comes before them as long as the file holds no release. */
export const releaseFirst =
  "run `bluegreen deploy`, which fills a color, checks it and stops at its switch; a file that is " +
  "included before that answers 503 to everybody once your server is reloaded, whoever does that";
