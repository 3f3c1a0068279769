/** What a supervisor does when its color's folder vanishes, comes back, or is another's. */

import type { Server } from "node:http";

import { messageOf } from "../../../errors.ts";
import type { SupervisedColor } from "./supervised-color.ts";
import type { Lock } from "./supervisor-lock.ts";

export interface Watched {
  readonly color: SupervisedColor;
  readonly lock: Lock;
  readonly log: (line: string) => void;
}

/** Where the supervisor is asked, and how that is made again. */
export interface Door {
  readonly server: Server;
  readonly open: () => Promise<Server>;
}

/** `look` is to be called again and again. */
export class FolderWatch {
  readonly #color: SupervisedColor;
  readonly #lock: Lock;
  readonly #log: (line: string) => void;
  #door: Door;
  #gone = false;
  #leaving = false;

  constructor({ color, lock, log }: Watched, door: Door) {
    this.#color = color;
    this.#lock = lock;
    this.#log = log;
    this.#door = door;
  }

  isGone(): boolean {
    return this.#lock.standing() === "gone";
  }

  look(): void {
    if (this.#leaving) return;
    try {
      const standing = this.#lock.standing();
      if (standing === "lost") this.#leave();
      else if (standing === "gone") this.#holdOn();
      else if (this.#gone) this.#comeBack();
      else this.#color.rotateLogs();
    } catch (error) {
      this.#log(messageOf(error));
    }
  }

  /** The instances serve, and that counts for more than a record of them. */
  #holdOn(): void {
    if (!this.#gone) this.#log("the color's folder is gone; its instances serve on");
    this.#gone = true;
  }

  /** What was put back may be a copy, in which nobody listens. */
  #comeBack(): void {
    this.#gone = false;
    this.#log("the color's folder is back");
    this.#door.server.close();
    this.#door.open().then(
      (server) => {
        this.#door = { ...this.#door, server };
      },
      (error: unknown) => {
        this.#log(messageOf(error));
        this.#gone = true;
      },
    );
  }

  /** Another supervisor has taken the color: what it knows of is its own now. */
  #leave(): void {
    this.#leaving = true;
    this.#log("another supervisor has taken the color");
    this.#color.leaveToAnother().then(
      () => process.exit(1),
      (error: unknown) => {
        this.#log(messageOf(error));
        process.exit(1);
      },
    );
  }
}
