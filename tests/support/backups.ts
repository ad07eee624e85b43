import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { TestStation } from './station.ts';
import { assert, type TestContext } from './suite.ts';

/** A bare repository on this disk, to push to. */
export function bareRepository(t: TestContext): string {
  const path = join(t.tempDir(), 'remote.git');
  execFileSync('git', ['init', '--quiet', '--bare', path]);
  return path;
}

/** What a repository or bundle has, ref by ref. */
export function refsIn(place: string): Map<string, string> {
  const out = execFileSync('git', ['ls-remote', place, 'refs/*'], { encoding: 'utf8' });
  const lines = out.split('\n').filter(Boolean);
  return new Map(lines.map((line): [string, string] => [line.slice(41), line.slice(0, 40)]));
}

export function idOf(s: TestStation): string {
  return (JSON.parse(s.read('.git/waybill/station.json')) as { id: string }).id;
}

export function journalOf(s: TestStation): string {
  return s.git('rev-parse', `refs/waybill/${idOf(s)}/journal`);
}

/** Every line of the ledger. */
export function ledgerOf(s: TestStation): string[] {
  return s
    .names('.git/waybill/ledger')
    .filter((name) => name.endsWith('.jsonl'))
    .flatMap((name) => s.read(`.git/waybill/ledger/${name}`).split('\n').filter(Boolean));
}

/** Drops orders that write one file each, and drains. */
export function carryOut(s: TestStation, ...ids: string[]): void {
  for (const id of ids) s.drop({ wo_id: id, title: id, files: [{ path: `${id}.txt`, content: `${id}\n` }] });
  s.drain();
}

export function backUp(
  s: TestStation,
  ...to: string[]
): { seq: number; journal: string; verified: string; to: string } {
  const { code, stdout, stderr } = s.waybill('backup', '--json', ...to);
  assert.equal(code, 0, stdout + stderr);
  return JSON.parse(stdout) as { seq: number; journal: string; verified: string; to: string };
}

/** The code and message that a command is refused with. */
export function refusal(s: TestStation, ...args: string[]): { code: string; message: string; exit: number | null } {
  const { code, stdout } = s.waybill(...args, '--json');
  const { error } = JSON.parse(stdout) as { error: { code: string; message: string } };
  return { ...error, exit: code };
}

/** An empty machine. */
export function emptyMachine(t: TestContext, name = 'empty'): TestStation {
  const s = new TestStation(join(t.tempDir(), name));
  mkdirSync(s.root);
  return s;
}

export function assertVerifies(s: TestStation): void {
  const { code, stdout } = s.waybill('verify');
  assert.equal(code, 0, stdout);
}

/** Stations of one template share their id until one of them is given another, as a clone of the project is. */
export function renameStation(s: TestStation): void {
  rmSync(s.path('.git/waybill'), { recursive: true });
  for (const ref of s.git('for-each-ref', '--format=%(refname)', 'refs/waybill').split('\n').filter(Boolean))
    s.git('update-ref', '-d', ref);
  s.write(
    '.git/waybill/station.json',
    JSON.stringify({ v: 1, id: 'other-st', created_at: '2026-01-01T00:00:00.000Z' }),
  );
  rmSync(s.path('state'), { recursive: true, force: true });
}
