/** A server process that answers from a color: for tests whose own event loop is busy. */

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

const server = createServer((_, response) => {
  response.writeHead(200, { "x-bluegreen-color": process.argv[2] ?? "blue" }).end();
});
server.listen(0, "127.0.0.1", () => {
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
});
