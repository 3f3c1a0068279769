/** The cookie by which a client stays with the color that it met, while both have traffic. PURE. */

import type { Color } from "../../../model.ts";
import { isColor } from "../../../model.ts";
import type { RouterRoutes } from "./protocol.ts";

export const stickyCookie = "bluegreen-color";

/**
 * The color that the client met in this very shift; null where it met none, or the color has no
 * traffic. All steps of a shift have one generation, and the switch has the next: so what an earlier
 * shift left with a client says nothing.
 */
export function keptColor(cookies: string | undefined, routes: RouterRoutes): Color | null {
  if (cookies === undefined) return null;
  for (const pair of cookies.split(";")) {
    const [name = "", value = ""] = pair.split("=", 2);
    if (name.trim() !== stickyCookie) continue;
    const [color = "", generation = ""] = value.trim().split(".", 2);
    const current = generation === String(routes.generation);
    return current && isColor(color) && routes.weights[color] > 0 ? color : null;
  }
  return null;
}

/** The value of `Set-Cookie`; gone with the client's session. */
export function cookieFor(
  color: Color,
  { generation }: RouterRoutes,
  { secure }: { readonly secure: boolean },
): string {
  const value = `${stickyCookie}=${color}.${generation}; Path=/; HttpOnly; SameSite=Lax`;
  return secure ? `${value}; Secure` : value;
}
