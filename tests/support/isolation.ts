import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type StationSetup, type TestStation, testStation } from './station.ts';
import type { TestContext } from './suite.ts';

/** A station whose commands run in worktrees, which lie in a folder of the test's own. */
export function isolatedStation(
  t: TestContext,
  setup: { files?: StationSetup['files']; settings?: string; isolation?: string; lanes?: string } = {},
): TestStation {
  const s = testStation(t, {
    ...(setup.settings === undefined ? {} : { settings: setup.settings }),
    policy: `version: 1\nrules: [{class: safe, commands: ["*"]}]\nisolation: ${setup.isolation ?? '{commands: worktree, allow: [in_place, worktree, branch]}'}\n${setup.lanes ?? ''}`,
    files: {
      'a.txt': 'one\ntwo\nthree\nfour\nfive\nsix\nseven\n',
      'b.txt': 'b\n',
      '.gitignore': 'ignored/\n*.log\n',
      ...setup.files,
    },
  });
  const folder = t.tempDir();
  s.write('waybill.yaml', `${s.read('waybill.yaml')}worktrees: {folder: ${folder}}\n`);
  s.commitAll('Settle');
  return s;
}

/** Where its worktrees lie. */
export function worktreesOf(s: TestStation): string {
  const folder = /worktrees: \{folder: ([^,}]+)/.exec(s.read('waybill.yaml'))?.[1] ?? '';
  const id = (JSON.parse(s.read('.git/waybill/station.json')) as { id: string }).id;
  return join(folder, id);
}

/** Worktree folders on disk, by name. */
export function worktreeNames(s: TestStation): string[] {
  return existsSync(worktreesOf(s)) ? readdirSync(worktreesOf(s)).sort() : [];
}

/** What is on record of worktrees. */
export function worktreeRecords(s: TestStation): { name: string; path: string; state: string; wo_id: string }[] {
  return s
    .names('.git/waybill/worktrees')
    .filter((n) => n.endsWith('.json'))
    .map((n) => JSON.parse(s.read(`.git/waybill/worktrees/${n}`)));
}

/** Everything about worktrees that nobody needs: folders without a record, records without one, what git knows beside them, branches, processes. */
export function strays(s: TestStation): string[] {
  const records = worktreeRecords(s);
  const known = records.map(({ name }) => name);
  const folders = worktreeNames(s);
  const admin = s.names('.git/worktrees');
  const branches = s.git('for-each-ref', '--format=%(refname)', 'refs/heads').split('\n');
  const marks = processesWith(`WAYBILL_STATION=${s.root}`);
  return [
    ...folders.filter((n) => !known.includes(n)).map((n) => `folder ${n}`),
    ...admin.filter((n) => !known.includes(n)).map((n) => `admin ${n}`),
    ...records.filter((r) => r.state !== 'idle' || !folders.includes(r.name)).map((r) => `record ${r.name} ${r.state}`),
    ...branches.filter((b) => b !== 'refs/heads/main' && !b.startsWith('refs/heads/waybill/')),
    ...(existsSync(worktreesOf(s)) ? locksIn(worktreesOf(s)) : []),
    ...marks.map((pid) => `process ${pid}`),
    ...s.leftovers(),
  ];
}

function locksIn(folder: string): string[] {
  return execFileSync('find', [folder, '-name', '*.lock'], { encoding: 'utf8' }).split('\n').filter(Boolean);
}

function processesWith(variable: string): number[] {
  return readdirSync('/proc')
    .filter((n) => /^\d+$/.test(n))
    .map(Number)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(variable);
      } catch {
        return false;
      }
    });
}
