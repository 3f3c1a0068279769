/** The registry of the platform's resources. */

import type { ResourceHandler } from "../../../provider/handler.ts";
import { routerHandlers } from "./router-handlers.ts";
import { serverHandler } from "./server-handler.ts";
import { serverType } from "./types.ts";

export const proxyHandlers: Readonly<Record<string, ResourceHandler>> = {
  ...routerHandlers,
  [serverType]: serverHandler,
};
