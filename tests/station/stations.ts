import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { initStation, type Station } from '../../src/station/station.ts';

/** Real stations in real repositories. */

export function git(cwd: string, ...args: string[]): string {
  return execFileSync('git', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).replace(/\n$/, '');
}

export function write(root: string, path: string, text: string | Buffer = ''): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

export function commitAll(root: string, message = 'work'): string {
  git(root, 'add', '-A');
  git(root, 'commit', '-q', '--allow-empty', '-m', message);
  return git(root, 'rev-parse', 'HEAD');
}

/** A station at `root`, with this waybill.yaml if one is given. */
export async function stationAt(root: string, settings?: string): Promise<Station> {
  if (settings !== undefined) write(root, 'waybill.yaml', settings);
  const { station } = await initStation(root, 'default');
  return station;
}
