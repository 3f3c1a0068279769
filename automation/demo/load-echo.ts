/** One WebSocket of the load after the other, each sending texts and expecting them back. */
import { setTimeout as sleep } from "node:timers/promises";
import { WebSocket } from "ws";
import type { SocketFact } from "./load-facts.ts";
import type { LoadOrder } from "./load.ts";

/** How often an echo that is closing looks whether its last text is back. */
const lookMs = 5;

export class Echo {
  readonly #name: string;
  readonly #order: LoadOrder;
  readonly #note: (fact: SocketFact) => void;
  readonly #waiting = new Map<string, number>();
  #socket: WebSocket | null = null;
  #sent = 0;

  constructor(name: string, order: LoadOrder, note: (fact: SocketFact) => void) {
    this.#name = name;
    this.#order = order;
    this.#note = note;
  }

  /** To be called every `textEveryMs`. */
  beat(): void {
    this.#giveUpLate();
    if (this.#socket === null) {
      this.#connect();
    } else if (this.#socket.readyState === WebSocket.OPEN) {
      this.#sent += 1;
      const text = `${this.#name}-${this.#sent}`;
      this.#waiting.set(text, performance.now());
      this.#socket.send(text);
      this.#note("sent");
    }
  }

  /** Waits for the echoes that are under way, then closes. */
  async close(): Promise<void> {
    const deadline = performance.now() + this.#order.timeoutMs;
    while (this.#waiting.size > 0 && performance.now() < deadline) await sleep(lookMs);
    this.#drop("lost");
    const socket = this.#socket;
    this.#socket = null;
    if (socket?.readyState === WebSocket.OPEN) socket.close(1000);
    else socket?.terminate();
  }

  #connect(): void {
    const { url, timeoutMs } = this.#order;
    const socket = new WebSocket(new URL("/live", url), { handshakeTimeout: timeoutMs });
    let opened = false;
    this.#socket = socket;
    socket.on("open", () => {
      opened = true;
      this.#note("opened");
    });
    socket.on("message", (data: Buffer) => {
      this.#note(this.#waiting.delete(data.toString()) ? "echoed" : "unexpected");
    });
    // The close event follows and is counted there.
    socket.on("error", () => undefined);
    socket.on("close", (code) => {
      if (this.#socket !== socket) return;
      this.#socket = null;
      this.#note(!opened ? "refused" : code === 1006 ? "broken" : "closed");
      this.#drop(code === 1006 ? "lost" : "crossed");
    });
  }

  #giveUpLate(): void {
    const oldest = performance.now() - this.#order.timeoutMs;
    for (const [text, sentAt] of this.#waiting) {
      if (sentAt >= oldest) return;
      this.#waiting.delete(text);
      this.#note("lost");
    }
  }

  #drop(fact: SocketFact): void {
    for (let left = this.#waiting.size; left > 0; left -= 1) this.#note(fact);
    this.#waiting.clear();
  }
}
