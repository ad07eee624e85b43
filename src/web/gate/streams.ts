/** Streams that stay open for browsers and programs, of one process: each costs a drawing for every record. */
export class Streams {
  readonly #most: number;
  #open = 0;

  constructor(most = 64) {
    this.#most = most;
  }

  /** Takes a place. Call what comes back, once, to give it back; null where all are taken. */
  enter(): (() => void) | null {
    if (this.#open >= this.#most) return null;
    this.#open += 1;
    let isOpen = true;
    return () => {
      if (isOpen) this.#open -= 1;
      isOpen = false;
    };
  }
}
