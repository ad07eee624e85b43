/**
 * Drives the real agents, each through its adapter and in whole missions of the built program, with a model of ours on loopback:
 *
 *   npm run test:agents [-- [--missions] NAME...]     --missions: only these
 *
 * They are installed by npm into a folder of their own (install.ts), and see a home that nothing was in, keys that are none, and no variable of
 * whoever runs this. An agent that cannot be had is skipped, and says why.
 */
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { signalProcess } from '../../src/platform/process.ts';
import { withEnvironment } from '../../src/platform/processes.ts';
import { REAL_AGENTS } from './agents.ts';
import { CACHE, install, PATH } from './install.ts';
import { RUN } from './run-mark.ts';

const only = process.argv.includes('--missions') ? 'missions' : null;
const wanted = process.argv.slice(2).filter((word) => word !== '--missions');
const chosen = REAL_AGENTS.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
if (chosen.length === 0) throw new Error(`no such agent; there are ${REAL_AGENTS.map(({ name }) => name).join(', ')}`);
console.log(`agents in ${CACHE}`);

const found = chosen.flatMap((real) => {
  const installed = install(real.name);
  if ('bin' in installed) return [{ real, bin: installed.bin }];
  console.log(`skipped  ${real.name}: ${installed.why}`);
  return [];
});
if (found.length > 0) {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'waybill-real-agents-')));
  const home = join(folder, 'home');
  mkdirSync(home);
  scrub({ PATH: PATH(), HOME: home, TMPDIR: folder, LANG: 'C.UTF-8', [RUN.name]: RUN.value });
  process.once('exit', () => {
    for (const pid of withEnvironment(RUN.name, RUN.value)) if (pid !== process.pid) signalProcess(pid, 'SIGKILL');
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));
  // loaded last: a run of a suite that has no tests is a failure, and a machine without agents is none
  const { declare } = await import('./agent-tests.ts');
  for (const { real, bin } of found) declare(real, bin, only);
}

/** Neither this nor what it starts sees any other variable, so that no key and no account of whoever runs it can be used. */
function scrub(kept: Readonly<Record<string, string>>): void {
  for (const name of Object.keys(process.env)) delete process.env[name];
  Object.assign(process.env, kept);
}
