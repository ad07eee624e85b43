/** Another screen, without cursor and without wrapping; and back to what was there. */
const ENTER = '\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J';
const LEAVE = '\x1b[?7h\x1b[?25h\x1b[?1049l';
const CTRL_C = '\x03';
const CTRL_Z = '\x1a';

/** What a screen tells whoever draws on it. */
interface Handlers {
  /** q, Ctrl-C, or the terminal is gone. */
  quit(): void;
  /** All of it must be drawn again. */
  redraw(): void;
}

/**
 * A terminal that is drawn on in place. However the process ends, other than by SIGKILL, the terminal is as it was before: close() restores it,
 * and so does the end of the process.
 */
export class Screen {
  readonly #out = process.stdout;
  readonly #in = process.stdin;
  readonly #handlers: Handlers;
  #drawn: string[] = [];
  #isOpen = false;

  constructor(handlers: Handlers) {
    this.#handlers = handlers;
    process.on('exit', this.#leave);
    process.on('SIGHUP', handlers.quit);
    process.on('SIGCONT', this.#resume);
    this.#out.on('resize', this.#fresh);
    if (this.#in.isTTY) this.#in.on('data', this.#key);
    this.#enter();
  }

  get columns(): number {
    return this.#out.columns || 80;
  }

  get rows(): number {
    return this.#out.rows || 24;
  }

  /** Puts these lines on the screen; only those that are other ones than before are written. Each must fit. */
  draw(lines: readonly string[]): void {
    if (!this.#isOpen) return;
    const shown = lines.slice(0, this.rows);
    const changes = shown.flatMap((line, i) =>
      line === this.#drawn[i] ? [] : [`\x1b[${i + 1};1H${line}\x1b[0m\x1b[K`],
    );
    if (shown.length < this.#drawn.length) changes.push(`\x1b[${shown.length + 1};1H\x1b[J`);
    this.#drawn = shown;
    if (changes.length > 0) this.#out.write(changes.join(''));
  }

  close(): void {
    this.#leave();
    process.off('exit', this.#leave);
    process.off('SIGHUP', this.#handlers.quit);
    process.off('SIGCONT', this.#resume);
    this.#out.off('resize', this.#fresh);
    this.#in.off('data', this.#key);
  }

  #enter(): void {
    this.#isOpen = true;
    if (this.#in.isTTY) this.#in.setRawMode(true).resume();
    this.#drawn = [];
    this.#out.write(ENTER);
  }

  readonly #leave = (): void => {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#out.write(LEAVE);
    if (this.#in.isTTY) this.#in.setRawMode(false).pause();
  };

  readonly #resume = (): void => {
    if (!this.#isOpen) this.#enter();
    this.#handlers.redraw();
  };

  readonly #fresh = (): void => {
    this.#drawn = [];
    if (this.#isOpen) this.#out.write('\x1b[2J');
    this.#handlers.redraw();
  };

  readonly #key = (bytes: Buffer): void => {
    for (const key of bytes.toString('latin1')) {
      if (key === 'q' || key === 'Q' || key === CTRL_C) this.#handlers.quit();
      else if (key === CTRL_Z) {
        this.#leave();
        process.kill(process.pid, 'SIGTSTP');
      }
    }
  };
}
