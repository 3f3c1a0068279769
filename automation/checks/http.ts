/** The check `http`: every way to the color answers a path with an allowed status. */

import { askAll } from "./asking.ts";
import type { CheckKindOf } from "./check.ts";

export const httpCheck: CheckKindOf<"http"> = {
  kind: "http",
  describe: ({ path, statuses }) => `GET ${path} answers ${statuses.join(" or ")}`,
  plan: ({ retries, deadlineMs }) => ({ retries, deadlineMs }),
  run: (check, context) => askAll(check, context),
};
