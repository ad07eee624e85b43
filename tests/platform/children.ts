import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { TestContext } from '../support/suite.ts';

/** Real processes that run a script against the modules of src/platform. */

const PLATFORM = new URL('../../src/platform/', import.meta.url).href;

export interface Child {
  readonly process: ChildProcessByStdio<null, Readable, Readable>;
  readonly pid: number;
  /** Waits for this text in what it printed. */
  says(text: string): Promise<string>;
  readonly ended: Promise<unknown>;
}

/** Starts `script`; in it, PLATFORM stands for the folder of the modules. */
export function script(t: TestContext, text: string): Child {
  const file = join(t.tempDir(), 'child.mts');
  writeFileSync(file, text.replaceAll('PLATFORM', PLATFORM));
  const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), file], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const ended = once(child, 'exit');
  t.defer(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await ended;
  });
  return {
    process: child,
    pid: child.pid ?? -1,
    ended,
    async says(wanted) {
      for (const begun = Date.now(); !said.includes(wanted); await new Promise((r) => setTimeout(r, 10)))
        if (Date.now() - begun > 15_000) throw new Error(`never said ${wanted}, but: ${said}`);
      return said;
    },
  };
}

/** Waits until `true`; throws after ten seconds. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  for (const begun = Date.now(); !condition(); await new Promise((r) => setTimeout(r, 10)))
    if (Date.now() - begun > 10_000) throw new Error(`never: ${what}`);
}
