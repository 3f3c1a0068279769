/** What stays with a color though new requests go elsewhere: connections, and clients' cookies. PURE. */

import type { RouterReading } from "../../model.ts";
import { colors } from "../../model.ts";

/** One sentence each. */
export function lastingOf(
  cookie: string | null,
  { weights, traffic }: Pick<RouterReading, "weights" | "traffic">,
): readonly string[] {
  const open = colors.flatMap((color) => {
    if (traffic.kind === "unknown" || weights?.[color] !== 0) return [];
    const { open: count } = traffic.colors[color];
    if (count === 0) return [];
    const what = count === 1 ? "1 connection stays" : `${count} connections stay`;
    return [`${what} with ${color}: requests on their way, and what was upgraded`];
  });
  const isSplit = weights !== null && weights.blue > 0 && weights.green > 0;
  if (cookie === null || !isSplit) return open;
  return [
    ...open,
    `the cookie ${cookie} keeps each client's place until all traffic is on one color`,
  ];
}
