import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CLI, until } from './station.ts';
import type { TestContext } from './suite.ts';

/** A real terminal with a shell in it: tmux on a socket of its own, which says what stands on the screen. Needs tmux. */
export class Terminal {
  readonly #socket: string;

  constructor(t: TestContext, cwd: string, columns: number, rows: number) {
    this.#socket = join(t.tempDir(), 'tmux');
    t.defer(async () => {
      const pid = Number(this.#ask('#{pid}'));
      this.#tmux('kill-server');
      await until(() => !existsSync(`/proc/${pid}`), 'the terminal is gone');
    });
    const size = ['-x', String(columns), '-y', String(rows)];
    this.#tmux(
      'new-session',
      '-d',
      ...size,
      '-c',
      cwd,
      'env',
      'PS1=$ ',
      'TERM=tmux-256color',
      'CI=',
      'bash',
      '--norc',
      '--noprofile',
    );
    this.#tmux('set-option', '-g', 'window-size', 'manual');
    this.#tmux('resize-window', ...size);
  }

  /** Types a line into the shell. */
  run(line: string): void {
    this.#tmux('send-keys', '-l', line);
    this.key('Enter');
  }

  waybill(args: string): void {
    this.run(`${process.execPath} ${CLI} ${args}`);
  }

  /** Presses a key, as tmux names it: q, Enter, C-c. */
  key(name: string): void {
    this.#tmux('send-keys', name);
  }

  resize(columns: number, rows: number): void {
    this.#tmux('resize-window', '-x', String(columns), '-y', String(rows));
  }

  /** The lines of the screen as they are now. */
  lines(): string[] {
    return this.#tmux('capture-pane', '-p').split('\n');
  }

  get screen(): string {
    return this.lines().join('\n');
  }

  /** What a program may have left otherwise: cursor, other screen, wrapping. */
  get modes(): string {
    return this.#ask('#{cursor_flag} #{alternate_on} #{wrap_flag}');
  }

  async shows(what: RegExp): Promise<void> {
    await until(() => what.test(this.screen), `the screen shows ${what.source}`, 30_000).catch((error: unknown) => {
      throw new Error(`${String(error)}; it shows:\n${this.screen}`);
    });
  }

  #ask(format: string): string {
    return this.#tmux('display-message', '-p', format).trim();
  }

  #tmux(...args: string[]): string {
    return execFileSync('tmux', ['-S', this.#socket, '-f', '/dev/null', ...args], { encoding: 'utf8' });
  }
}
