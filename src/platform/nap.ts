/** How a loop sleeps between its turns without missing what happened during one. */
export class Nap {
  readonly #signal: AbortSignal;
  #wake: () => void = () => {};
  #again = false;

  /** `signal`: once it is aborted nobody sleeps any more. */
  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  /** A turn begins: hints until now are answered by it. */
  begin(): void {
    this.#again = false;
  }

  /** There is something to look at. */
  hint(): void {
    this.#again = true;
    this.#wake();
  }

  /** Sleeps until a hint, or for so many milliseconds; not at all where a hint came during the turn (no lost wake-up). */
  sleep(milliseconds: number): Promise<void> {
    if (this.#again || this.#signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.max(1, milliseconds));
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
