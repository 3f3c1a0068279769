/**
 * Customers in PostgreSQL: release 1 knows the column `name`, release 2 and later `full_name`.
 * Each request writes one and reads it back, so that a wrong schema is an error at once.
 */

import { createServer } from "node:http";
import type { ServerResponse } from "node:http";
import { openDatabase } from "./database.ts";

const port = Number(process.argv[2] ?? process.env["PORT"] ?? 8080);
const version = process.env["VERSION"] ?? "1";
const column = version === "1" ? "name" : "full_name";
const database = openDatabase();

const routes: Readonly<Record<string, () => Promise<string>>> = {
  "/healthz": () => database.ask(`SELECT count(${column}) FROM customers`),
  "/version": () => Promise.resolve(JSON.stringify({ version })),
  "/": () =>
    database.ask(
      `INSERT INTO customers (${column}) VALUES ('Ada') RETURNING ${column} || ' of ${version}'`,
    ),
};

const server = createServer((request, response) => {
  request.resume();
  const route = routes[request.url ?? "/"];
  if (!route) {
    send(response, 404, "no such page");
    return;
  }
  route().then(
    (body) => {
      send(response, 200, body);
    },
    (error: unknown) => {
      send(response, 500, String(error));
    },
  );
});

function send(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { "content-type": "text/plain" }).end(`${body}\n`);
}

server.listen(port, "127.0.0.1");

process.on("SIGTERM", () => {
  server.close(() => {
    database.close();
  });
});
