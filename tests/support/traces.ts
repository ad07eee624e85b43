import { execFileSync, spawnSync } from 'node:child_process';
import type { TestStation } from './station.ts';

/** Everywhere that a station recorded a value: files of the work tree and of .git as they are, and every object of the repository. */
export function whereItStands(s: TestStation, value: string): string[] {
  const found = spawnSync('grep', ['-rlFa', '--exclude-dir=objects', value, '.'], { cwd: s.root, encoding: 'utf8' });
  const ids = s
    .git('cat-file', '--batch-all-objects', '--batch-check=%(objectname) %(objecttype)')
    .split('\n')
    .map((line) => line.split(' '));
  const objects = ids.filter(([id = '', type = '']) =>
    execFileSync('git', ['cat-file', type, id], { cwd: s.root, maxBuffer: 1 << 26 }).includes(value),
  );
  return [...found.stdout.split('\n').filter(Boolean), ...objects.map(([id]) => `object ${id}`)];
}
