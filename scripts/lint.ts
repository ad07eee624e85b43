/** Runs every static check and prints one line for each; the whole output of those that fail. */
import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '..');
const BIN = join(ROOT, 'node_modules/.bin');

const CHECKS: [name: string, command: string, args: string[]][] = [
  ['types', `${BIN}/tsc`, ['--noEmit', '-p', 'tsconfig.json']],
  ['format and lint', `${BIN}/biome`, ['check', '--error-on-warnings', '--max-diagnostics=200', '.']],
  ['promises', `${BIN}/oxlint`, ['--type-aware', '--deny-warnings']],
  ['imports', `${BIN}/depcruise`, ['src', '--config', '.dependency-cruiser.cjs']],
  ['dead code', `${BIN}/knip`, ['--no-config-hints']],
  ['generated docs', process.execPath, ['--import', 'tsx', 'scripts/generate-docs.ts', '--check']],
  ['generated types', process.execPath, ['--import', 'tsx', 'scripts/generate-types.ts', '--check']],
];

for (const [name, command, args] of CHECKS) {
  const started = performance.now();
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${status === 0 ? 'ok  ' : 'FAIL'}  ${name}  ${seconds} s`);
  if (status === 0) continue;
  process.exitCode = 1;
  console.log(`${stdout ?? ''}${stderr ?? ''}${error?.message ?? ''}`.trimEnd());
}
