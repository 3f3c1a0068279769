/** How a webhook's receiver knows that a request is ours, and not an old one sent again. */

import { createHmac } from "node:crypto";

/**
 * Headers of a signed request: the moment in seconds since the epoch, and HMAC-SHA256 over it, a
 * dot and the body.
 */
export function signedHeaders(
  body: string,
  { secret, nowMs }: { readonly secret: string; readonly nowMs: number },
): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(nowMs / 1_000));
  const digest = createHmac("sha256", secret).update(`${timestamp}.${body}`).digest("hex");
  return {
    "x-bluegreen-timestamp": timestamp,
    "x-bluegreen-signature": `sha256=${digest}`,
  };
}
