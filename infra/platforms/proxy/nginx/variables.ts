/** The variables that tell nginx a request's color, and by which it counts. PURE. */

import { previewHeader } from "../../../headers.ts";
import { colors } from "../../../model.ts";
import { patienceMs } from "../../../patience.ts";
import type { Rendering } from "../dialect.ts";
import { standIn } from "../head.ts";
import type { RouterSpec } from "../spec.ts";
import { ladder, stateNamePattern } from "../state.ts";
import { map } from "./blocks.ts";

const previewVariable = `$http_${previewHeader.replaceAll("-", "_")}`;

/** They all begin with `$bg_NAME_`. */
export function variables(rendering: Rendering): string[] {
  const { spec } = rendering;
  return [
    ...stateOf(spec),
    ...forwarded(spec),
    ...place(spec),
    ...choice(rendering),
    ...counting(spec),
  ];
}

/** The state's name is read once a request, from where the link leads; no cache is in between. */
function stateOf({ name }: RouterSpec): string[] {
  const v = `$bg_${name}`;
  return [
    ...map("$realpath_root", `${v}_state`, [
      `default "";`,
      `"~/states/(?<bg_${name}_found>${stateNamePattern})[.]json$" ${v}_found;`,
    ]),
    ...map(`${v}_state`, `${v}_share`, [
      "default none;",
      `"~^(?<bg_${name}_number>[0-9]+)-" ${v}_number;`,
    ]),
  ];
}

function forwarded({ name }: RouterSpec): string[] {
  const v = `$bg_${name}`;
  return [
    ...map("$http_upgrade", `${v}_connection`, ["default upgrade;", `"" "";`]),
    ...map("$http_host", `${v}_host`, ["default $http_host;", `"" $host;`]),
    ...map("$http_x_forwarded_host", `${v}_fwd_host`, [
      "default $http_x_forwarded_host;",
      `"" ${v}_host;`,
    ]),
    ...map("$http_x_forwarded_proto", `${v}_fwd_proto`, [
      "default $http_x_forwarded_proto;",
      `"" $scheme;`,
    ]),
  ];
}

/**
 * What a request's place on the ladder comes from: its cookie, or chance. A cookie is set only
 * while shares split the clients: at other times it would decide nothing, and hinder caches.
 */
function place({ name, cookie }: RouterSpec): string[] {
  const v = `$bg_${name}`;
  if (cookie === null) return map("$request_id", `${v}_key`, ["default $request_id;"]);
  const form = "[0-9a-f]{32}$";
  const setting = `"${cookie}=$request_id; Path=/; HttpOnly; SameSite=Lax${v}_secure"`;
  return [
    ...map(`$cookie_${cookie}`, `${v}_key`, [
      "default $request_id;",
      `"~^${form}" $cookie_${cookie};`,
    ]),
    ...map(`${v}_fwd_proto`, `${v}_secure`, [`default "";`, `"~*^https" "; Secure";`]),
    ...map(`"${v}_share|$cookie_${cookie}"`, `${v}_cookie`, [
      `default "";`,
      `"~^[1-9][0-9]?[|](?!${form})" ${setting};`,
    ]),
  ];
}

function choice({ spec: { name }, attached }: Rendering): string[] {
  const [blue, green] = [standIn(attached, "blue"), standIn(attached, "green")];
  const v = `$bg_${name}`;
  const steps = ladder.filter((share) => share > 0 && share < 100);
  return [
    ...steps.map((share) => {
      return `split_clients "${v}_key" ${v}_split_${share} { ${share}% ${blue}; * ${green}; }`;
    }),
    ...map(`${v}_share`, `${v}_weighted`, [
      `default "";`,
      `0 ${green};`,
      ...steps.map((share) => `${share} ${v}_split_${share};`),
      `100 ${blue};`,
    ]),
    ...map(previewVariable, `${v}_color`, [
      "default refused;",
      `"" ${v}_weighted;`,
      "blue blue;",
      "green green;",
    ]),
  ];
}

/** One byte for each request, in a file per color and outcome: the files' sizes are counters. */
function counting({ name }: RouterSpec): string[] {
  const v = `$bg_${name}`;
  const outcomes = { done: "done[|]whole$", failed: "(failed[|]|done[|]broken$)" };
  return [
    `log_format bg_${name}_tick '';`,
    ...fate(v),
    ...completeness(v),
    ...colors.flatMap((color) =>
      Object.entries(outcomes).flatMap(([outcome, ends]) =>
        map(`"${previewVariable}|${v}_color|${v}_fate|${v}_body"`, `${v}_${color}_${outcome}`, [
          "default 0;",
          `"~^[|]${color}[|]${ends}" 1;`,
        ]),
      ),
    ),
  ];
}

/**
 * 499: the client left. That is the color's error where an instance had the whole request for long
 * and no reply's head came from it ("-"), else it counts for nothing. Times are in seconds, one for
 * each instance that was tried.
 */
function fate(v: string): string[] {
  const long = `(0[.][${patienceMs / 100}-9]|[1-9])`;
  const source = `"$status|$upstream_header_time|$upstream_response_time"`;
  return map(source, `${v}_fate`, [
    "default none;",
    "~^5 failed;",
    `"~^499[|](.* )?-[|](.* )?${long}" failed;`,
    "~^(?!499)[1-4] done;",
  ]);
}

/**
 * A reply that went to its end here ("OK"; it doesn't where the client leaves), though fewer bytes
 * came than its head said. HEAD, 204 and 304 have none. Of a reply without a length nothing tells.
 */
function completeness(v: string): string[] {
  const source = [
    "$request_completion",
    "$request_method",
    "$status",
    "$upstream_http_content_length",
    "$upstream_response_length",
  ].join("|");
  const other = "([0-9]+)[|](.* )?(?!\\1$)[0-9]+$";
  return map(`"${source}"`, `${v}_body`, [
    "default whole;",
    `"~^OK[|](?!HEAD[|])[^|]*[|](?!204|304)[0-9]+[|]${other}" broken;`,
  ]);
}
