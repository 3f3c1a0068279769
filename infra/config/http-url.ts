/** Addresses of servers that settings may name: http or https, and never where credentials are. */

import { z } from "zod";

import { hostProblem } from "./address.ts";

/**
 * Without credentials, which would be shown wherever the address is.
 * @param instead what to write for them; default: a header
 */
export function httpUrl(
  example = "http://127.0.0.1:9090",
  instead = "put them into a header, which may be secret",
) {
  const url = z.string().superRefine((value, context) => {
    const problem = urlProblem(value);
    if (problem === null) return;
    const params = problem === credentials ? { fix: `write it without them; ${instead}` } : {};
    context.addIssue({ code: "custom", message: problem, params });
  });
  return url.meta({ type: `an http or https URL, such as "${example}"` });
}

const credentials = "has credentials, and it would be shown with them";

function urlProblem(text: string): string | null {
  const url = URL.parse(text.replaceAll(/\{(color|version)\}/g, "x"));
  if (url === null || !/^https?:$/.test(url.protocol)) return "isn't an http or https URL";
  if (url.username !== "" || url.password !== "") return credentials;
  const problem = hostProblem(url.hostname.replace(/^\[(.*)\]$/, "$1"));
  return problem === null ? null : `names a host that ${problem}`;
}
