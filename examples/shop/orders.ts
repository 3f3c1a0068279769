/** The shop's orders in one SQLite file that both colors and all their instances share. */
import { DatabaseSync } from "node:sqlite";
import type { StatementSync } from "node:sqlite";

export interface NewOrder {
  /** Chosen by the client; the same key is stored once, however often it is sent. */
  readonly key: string;
  readonly product: string;
  readonly quantity: number;
}

export interface Order extends NewOrder {
  readonly id: number;
  /** Requests that carried this key; above 1 somebody on the way sent it again. */
  readonly requests: number;
}

export interface KeyCheck {
  readonly once: number;
  readonly repeated: readonly string[];
  readonly missing: readonly string[];
}

/** Other instances write too: wait for their locks this long. */
const busyMs = 5_000;
const openAttempts = 5;

/**
 * Two versions use this table at once, so it only ever grows: a column comes with a default
 * (expand), every statement names its columns, and one goes only after no color reads it (contract).
 */
const schema = `
  CREATE TABLE IF NOT EXISTS orders (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    idempotency_key TEXT NOT NULL UNIQUE,
    product TEXT NOT NULL,
    quantity INTEGER NOT NULL DEFAULT 1,
    requests INTEGER NOT NULL DEFAULT 1,
    version TEXT NOT NULL DEFAULT ''
  )`;

export class Orders {
  readonly #database: DatabaseSync;
  readonly #insert: StatementSync;
  readonly #find: StatementSync;
  readonly #count: StatementSync;

  /** Throws when the file can't be opened or stays locked. */
  constructor(file: string) {
    this.#database = openDatabase(file);
    this.#insert = this.#database.prepare(`
      INSERT INTO orders (idempotency_key, product, quantity, version) VALUES (?, ?, ?, ?)
      ON CONFLICT (idempotency_key) DO UPDATE SET requests = requests + 1
      RETURNING id, product, quantity, requests`);
    this.#find = this.#database.prepare("SELECT requests FROM orders WHERE idempotency_key = ?");
    this.#count = this.#database.prepare(`
      SELECT count(*) AS orders, count(CASE WHEN requests > 1 THEN 1 END) AS repeated
      FROM orders WHERE substr(idempotency_key, 1, length(?1)) = ?1`);
  }

  /** Stores the order, or returns the one stored earlier under the same key. */
  add(order: NewOrder, version: string): Order {
    const row = this.#insert.get(order.key, order.product, order.quantity, version);
    return { key: order.key, ...(row as unknown as Omit<Order, "key">) };
  }

  /** Orders whose key starts with the prefix, and how many of them were sent more than once. */
  count(prefix: string): { orders: number; repeated: number } {
    return this.#count.get(prefix) as unknown as { orders: number; repeated: number };
  }

  check(keys: readonly string[]): KeyCheck {
    const found = keys.map((key) => ({ key, requests: this.#requestsOf(key) }));
    return {
      once: found.filter(({ requests }) => requests === 1).length,
      repeated: found.filter(({ requests }) => requests > 1).map(({ key }) => key),
      missing: found.filter(({ requests }) => requests === 0).map(({ key }) => key),
    };
  }

  /** Throws when the table can't be read. */
  ping(): void {
    this.#requestsOf("");
  }

  close(): void {
    this.#database.close();
  }

  #requestsOf(key: string): number {
    const row = this.#find.get(key) as unknown as { requests: number } | undefined;
    return row?.requests ?? 0;
  }
}

/**
 * Instances that start together may meet while one of them turns the journal to WAL.
 * Nothing waits for the disk: orders outlive any process, though not a power cut. That is enough
 * for an example, which measures switches: a disk that stalls for seconds would look like one.
 */
function openDatabase(file: string): DatabaseSync {
  for (let attempt = 1; ; attempt += 1) {
    const database = new DatabaseSync(file, { timeout: busyMs });
    try {
      database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; ${schema}`);
      return database;
    } catch (error) {
      database.close();
      if (attempt === openAttempts) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20 * attempt);
    }
  }
}
