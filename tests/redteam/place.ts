import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type StationSetup, type TestStation, testStation } from '../support/station.ts';
import { assert, type TestContext } from '../support/suite.ts';

/** What nobody may find in a commit, in evidence of others or in a file that was there before. */
export const PRECIOUS = 'precious, and not yours';

/** A station with everything around it that a hostile order would like to reach. */
export interface Place {
  readonly s: TestStation;
  /** A folder beside the root that no policy opens. */
  readonly outside: string;
  readonly home: string;
}

const HELD = { wo_id: 'WO-HELD', title: 'Somebody else', hold: true, files: [{ path: 'held.txt', content: 'held\n' }] };

/** Links out of the station, hard links, a submodule, another work tree, hooks, a filter in .git/config, another's order. */
export function besieged(t: TestContext, setup: StationSetup = {}): Place {
  const s = testStation(t, {
    ...setup,
    files: { 'a.txt': 'a\n', 'dir/b.txt': 'b\n', 'swap/old.txt': 'old\n', ...setup.files },
  });
  const outside = join(s.root, '..', 'outside');
  const home = process.env['HOME'] ?? '';
  const put = (path: string, text = `${PRECIOUS}\n`) => {
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, text);
  };
  put(join(outside, 'file.txt'));
  put(join(outside, 'hard.txt'), 'linked twice\n');
  put(join(outside, 'swap/old.txt'));
  put(join(home, '.ssh/id_ed25519'));
  put(join(home, '.bashrc'));
  const link = (to: string, path: string) => symlinkSync(to, s.path(path));
  link(outside, 'link-out');
  link('../outside', 'dir/../link-beside');
  link(join(outside, 'file.txt'), 'link-file');
  link(join(outside, 'new.txt'), 'link-nowhere');
  link('.git', 'link-git');
  link('policy.yaml', 'link-policy');
  link('state', 'link-state');
  link('link-loop', 'link-loop');
  link('link-out', 'link-link');
  link(home, 'link-home');
  link('/proc/self/cwd', 'link-proc');
  link('/', 'link-root');
  linkSync(join(outside, 'hard.txt'), s.path('hard.txt'));
  const source = join(s.root, '..', 'source');
  execFileSync('git', ['init', '--quiet', source]);
  put(join(source, 'inner.txt'));
  execFileSync('git', ['-C', source, 'add', '.']);
  execFileSync('git', ['-C', source, ...ME, 'commit', '--quiet', '-m', 'Inner']);
  s.git('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', source, 'sub');
  s.write('nested/inner.txt', `${PRECIOUS}\n`);
  s.git('init', '--quiet', 'nested');
  s.write('.git/info/exclude', `${s.read('.git/info/exclude')}nested/\ntree/\n`);
  s.git('config', 'filter.evil.clean', `touch '${join(outside, 'filtered')}'; cat`);
  s.write('.git/hooks/pre-commit', '#!/bin/sh\nexit 0\n', 0o755);
  s.commitAll('What is there');
  s.git('worktree', 'add', '--quiet', '-b', 'theirs', join(s.root, '..', 'beside'));
  s.git('worktree', 'add', '--quiet', '-b', 'inside', s.path('tree'));
  s.write('bridge/inbox/OTHER/.draft.yaml', 'wo_id: WO-DRAFT\n');
  s.drop(HELD, 'OTHER');
  s.drain();
  return { s, outside, home };
}

const ME = ['-c', 'user.name=A', '-c', 'user.email=a@example.invalid'];

/** Everything that must be the same afterwards, as path and hash: nothing new, nothing gone, nothing changed. */
export function canaries({ s, outside, home }: Place): Record<string, string> {
  return {
    ...treeOf(outside),
    ...treeOf(join(s.root, '..', 'beside')),
    ...treeOf(join(s.root, '..', 'source')),
    ...treeOf(join(home, '.ssh')),
    ...treeOf(join(home, '.bashrc')),
    ...treeOf(s.path('sub')),
    ...treeOf(s.path('nested')),
    ...treeOf(s.path('tree')),
    ...treeOf(s.path('.git/hooks')),
    ...treeOf(s.path('.git/config')),
    ...treeOf(s.path('.git/info')),
    ...treeOf(s.path('.git/modules')),
    ...treeOf(s.path('policy.yaml')),
    ...treeOf(s.path('waybill.yaml')),
    ...treeOf(s.path('.gitmodules')),
    ...treeOf(s.path('bridge/inbox')),
    ...treeOf(s.path('bridge/outbox/OTHER')),
    ...treeOf(s.path('bridge/README.md')),
    ...treeOf(s.path('state/orders/WO-HELD.json')),
    [join(s.root, '..')]: readdirSync(join(s.root, '..')).sort().join(),
    [home]: readdirSync(home)
      .filter((name) => !name.startsWith('template-'))
      .sort()
      .join(),
    refs: s
      .git('for-each-ref', '--format=%(refname) %(objectname)', 'refs/heads', 'refs/tags', 'refs/stash')
      .split('\n')
      .filter((line) => !line.startsWith('refs/heads/main '))
      .join('\n'),
    symbolic: s.git('symbolic-ref', 'HEAD'),
  };
}

function treeOf(path: string): Record<string, string> {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return { [path]: 'nothing' };
  if (stat.isSymbolicLink()) return { [path]: `link to ${readlinkSync(path)}` };
  if (stat.isFile())
    return { [path]: `${stat.mode.toString(8)} ${createHash('sha256').update(readFileSync(path)).digest('hex')}` };
  if (!stat.isDirectory()) return { [path]: 'something else' };
  const entries = readdirSync(path).sort();
  return Object.assign({ [path]: `folder of ${entries.join()}` }, ...entries.map((name) => treeOf(join(path, name))));
}

/** Paths with their modes that commits since `from` touch, and whether any of them holds what must not get out. */
export function committedSince(s: TestStation, from: string): string[] {
  const out = s.git('log', '--format=', '--raw', '--no-renames', '-z', `${from}..HEAD`);
  const patch = s.git('log', '--format=', '-p', '--text', `${from}..HEAD`);
  assert.ok(
    !patch.split('\n').some((line) => line.startsWith('+') && line.includes(PRECIOUS)),
    'a commit gives away what is not ours',
  );
  const parts = out.split('\0').filter((part) => part !== '');
  const found: string[] = [];
  for (let n = 0; n + 1 < parts.length; n += 2) found.push(`${(parts[n] ?? '').split(' ')[1]} ${parts[n + 1]}`);
  return [...new Set(found)].sort();
}

/** The station is whole: its records verify, git finds nothing wrong. */
export function assertWhole({ s }: Place): void {
  const verified = s.waybill('verify');
  assert.equal(verified.code, 0, verified.stdout + verified.stderr);
  s.git('fsck', '--no-dangling');
}

/** How an order of a lane ended: a code, `approval`, or its status. */
export function endOf(s: TestStation, woId: string): string {
  if (s.exists(`state/orders/${woId}.json`)) {
    const { status, waiting_for: waitsFor, last_error: error } = s.state(woId);
    return status === 'parked' ? (waitsFor ?? 'parked') : (error?.code ?? status);
  }
  return s.rejections().find(({ file }) => file === `${woId}.json`)?.error?.code ?? 'nothing';
}
