import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type FileSystem, fs, O_APPEND, O_CREAT, O_EXCL, O_RDONLY, O_WRONLY } from '../../src/platform/fs.ts';
import { runTool, startConversation } from '../../src/platform/process.ts';
import { Volatile } from '../../src/torture/power.ts';
import { assert, suite, type TestContext } from '../support/suite.ts';

/** The disk that forgets: rule 5 is only as well tested as this is strict. */

const test = suite('a disk that loses what was not synced', { needs: ['linux', 'git'] });

interface Disk {
  readonly path: (name: string) => string;
  readonly fs: FileSystem;
  readonly power: Volatile;
  lose(survives?: number): void;
  names(folder?: string): string[];
}

function disk(t: TestContext): Disk {
  const root = t.tempDir();
  mkdirSync(join(root, 'd'));
  const power = new Volatile(fs, join(root, 'd', '.git'), join(root, 'stash'));
  return {
    path: (name) => join(root, 'd', name),
    fs: power.decorateFiles(fs),
    power,
    lose: (survives = 0) => power.lose(survives, 1),
    names: (folder = '') => readdirSync(join(root, 'd', folder)).sort(),
  };
}

function write(d: Disk, name: string, text: string, sync: boolean, flags = O_WRONLY | O_CREAT): void {
  const fd = d.fs.openSync(d.path(name), flags, 0o644);
  const bytes = Buffer.from(text);
  d.fs.writeSync(fd, bytes, 0, bytes.length);
  if (sync) d.fs.fsyncSync(fd);
  d.fs.closeSync(fd);
}

function syncFolder(d: Disk, name = '.'): void {
  const fd = d.fs.openSync(d.path(name), O_RDONLY);
  d.fs.fsyncSync(fd);
  d.fs.closeSync(fd);
}

test('a name lasts when its folder is synced, bytes when their file is; neither by the other', (t) => {
  const d = disk(t);
  write(d, 'both', 'x', true);
  syncFolder(d);
  write(d, 'only-bytes', 'x', true);
  d.lose();
  assert.deepEqual(d.names(), ['both']);
  const e = disk(t);
  write(e, 'only-name', 'x', false);
  syncFolder(e);
  e.lose();
  assert.equal(readFileSync(e.path('only-name'), 'utf8'), '');
});

test('a file goes back to the bytes that were synced last: changed, cut or grown', (t) => {
  const d = disk(t);
  for (const name of ['changed', 'cut', 'grown']) write(d, name, 'synced\n', true);
  syncFolder(d);
  write(d, 'changed', 'CHANGED', false);
  const fd = d.fs.openSync(d.path('cut'), O_WRONLY);
  d.fs.ftruncateSync(fd, 2);
  write(d, 'grown', 'more\n', false, O_WRONLY | O_APPEND);
  assert.equal(readFileSync(d.path('grown'), 'utf8'), 'synced\nmore\n');
  d.lose();
  for (const name of ['changed', 'cut', 'grown']) assert.equal(readFileSync(d.path(name), 'utf8'), 'synced\n', name);
});

test('renames, exchanges and removals come undone, what they replaced and removed comes back', (t) => {
  const d = disk(t);
  for (const name of ['a', 'b', 'x', 'y', 'gone']) write(d, name, name, true);
  mkdirSync(d.path('tree/sub'), { recursive: true });
  writeFileSync(d.path('tree/sub/leaf'), 'leaf');
  syncFolder(d);
  d.fs.renameSync(d.path('a'), d.path('b'));
  d.fs.swapSync(d.path('x'), d.path('y'));
  d.fs.unlinkSync(d.path('gone'));
  d.fs.rmSync(d.path('tree'), { recursive: true });
  assert.deepEqual(d.names(), ['b', 'x', 'y']);
  d.lose();
  assert.deepEqual(d.names(), ['a', 'b', 'gone', 'tree', 'x', 'y']);
  for (const name of ['a', 'b', 'x', 'y', 'gone']) assert.equal(readFileSync(d.path(name), 'utf8'), name);
  assert.equal(readFileSync(d.path('tree/sub/leaf'), 'utf8'), 'leaf');
});

test('a rename lasts once either folder is synced, but not the new folder that it leads into', (t) => {
  const d = disk(t);
  write(d, 'drop', 'precious', true);
  d.fs.mkdirSync(d.path('to'));
  syncFolder(d);
  d.fs.renameSync(d.path('drop'), d.path('to/drop'));
  syncFolder(d, 'to');
  d.lose();
  assert.deepEqual([d.names(), d.names('to')], [['to'], ['drop']]);
  // the order in which claims were once made: it lost the drop
  const e = disk(t);
  write(e, 'drop', 'precious', true);
  syncFolder(e);
  e.fs.mkdirSync(e.path('to'));
  e.fs.renameSync(e.path('drop'), e.path('to/drop'));
  syncFolder(e, 'to');
  e.lose();
  assert.deepEqual(e.names(), []);
});

test('a file made under a name that must be new is gone; with luck everything stays', (t) => {
  const d = disk(t);
  write(d, 'new', 'x', true, O_WRONLY | O_CREAT | O_EXCL);
  d.lose(1);
  assert.equal(readFileSync(d.path('new'), 'utf8'), 'x');
  const e = disk(t);
  e.fs.mkdirSync(e.path('a/b/c'), { recursive: true });
  syncFolder(e, 'a');
  e.lose();
  assert.deepEqual(e.names(), []);
});

test('refs that git moved go back until their folders are synced', async (t) => {
  const d = disk(t);
  const git = (...args: string[]) => execFileSync('git', args, { cwd: d.path(''), encoding: 'utf8' }).trim();
  git('init', '--quiet', '--initial-branch=main');
  git('commit', '--quiet', '--allow-empty', '-m', 'one');
  const one = git('rev-parse', 'HEAD');
  const programs = d.power.decorateGit({ run: runTool, converse: startConversation });
  const options = { cwd: d.path(''), env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '' } };
  await programs.run(['git', 'update-ref', 'refs/waybill/x/journal', one], options);
  assert.ok(existsSync(d.path('.git/refs/waybill/x/journal')));
  d.lose();
  assert.ok(!existsSync(d.path('.git/refs/waybill')), 'the ref and its folders are gone');
  await programs.run(['git', 'update-ref', 'refs/waybill/x/journal', one], options);
  for (const folder of ['.git/refs', '.git/refs/waybill', '.git/refs/waybill/x']) syncFolder(d, folder);
  d.lose();
  assert.equal(git('rev-parse', 'refs/waybill/x/journal'), one);
});

test.run();
