import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { CLI, TestStation, testStation, until } from '../support/station.ts';
import { assert, suite } from '../support/suite.ts';

/** The command line fits habits: help with examples, versioned JSON, exit codes of sysexits, no output that breaks a pipe. */

const test = suite('command line');
const COMMANDS = [
  'spine',
  'init',
  'up',
  'drop',
  'new',
  'lint',
  'ls',
  'show',
  'why',
  'log',
  'tail',
  'status',
  'canary',
  'verify',
  'restore',
  'keep',
  'retry',
  'cancel',
  'hold',
  'release',
];

test('every command has help with examples and exits 0', (t) => {
  const s = new TestStation(t.tempDir());
  const help = s.waybill('--help');
  assert.equal(help.code, 0);
  for (const name of COMMANDS) {
    assert.match(help.stdout, new RegExp(`\\b${name}\\b`));
    const own = s.waybill(name, '--help');
    assert.equal(own.code, 0, name);
    assert.match(own.stdout, /Examples:\n {2}\$ waybill/, name);
  }
  assert.match(s.waybill('--version').stdout, /^\d+\.\d+\.\d+\n$/);
});

test('exit codes: 64 usage, 65 bad data, 66 no such input', (t) => {
  const s = testStation(t);
  s.write('../bad.yaml', 'wo_id: WO-1\ntitle: [x]\n');
  const cases: [number, string[]][] = [
    [64, ['frob']],
    [64, ['ls', '--no-such-option']],
    [64, ['drop']],
    [64, ['ls', '--limit', 'x']],
    [64, ['ls', '--status', 'nope']],
    [64, ['init', '--preset', 'nope']],
    [64, ['up', '--log-level', 'loud']],
    [65, ['lint', '../bad.yaml']],
    [65, ['drop', '../bad.yaml']],
    [66, ['lint', '../none.yaml']],
    [66, ['drop', '../none.yaml']],
    [66, ['show', 'WO-NONE']],
    [66, ['why', '../../etc/passwd']],
    [66, ['--station', '/nonexistent', 'status']],
  ];
  for (const [code, args] of cases) {
    const run = s.waybill(...args);
    assert.equal(run.code, code, `${args.join(' ')}: ${run.stdout}${run.stderr}`);
    assert.equal(run.stdout, '', `${args.join(' ')} says what is wrong on standard error`);
    assert.ok(run.stderr.length > 10);
  }
});

test('--json everywhere: one object with "v": 1, also for errors', (t) => {
  const s = testStation(t);
  s.drop({ wo_id: 'WO-1', title: 'x', files: [{ path: 'x', content: 'x' }] });
  s.drain();
  for (const args of [
    ['ls'],
    ['show', 'WO-1'],
    ['why', 'WO-1'],
    ['log', 'WO-1'],
    ['status'],
    ['keep', 'ls'],
    ['verify'],
    ['verify', 'WO-1'],
    ['restore'],
    ['show', 'WO-NONE'],
    ['hold', 'WO-1'],
  ]) {
    const { stdout } = s.waybill(...args, '--json');
    const value = JSON.parse(stdout) as { v: number; ok: boolean; error?: { code: string; hint: string } };
    assert.equal(value.v, 1, args.join(' '));
    assert.equal(typeof value.ok, 'boolean', args.join(' '));
    if (args[1] === 'WO-NONE') assert.equal(value.error?.code, 'UNKNOWN_ORDER');
  }
});

test('new | lint | drop, without and with a station', (t) => {
  const outside = new TestStation(t.tempDir());
  const template = outside.waybill('new', '--id', 'WO-T', '--title', 'A "quoted" title').stdout;
  outside.write('t.yaml', template);
  const lint = outside.waybill('lint', 't.yaml');
  assert.equal(lint.code, 0, lint.stderr);
  assert.match(lint.stdout, /ok WO-T: A "quoted" title/);
  const s = testStation(t);
  const drop = spawnSync(process.execPath, [CLI, 'drop', '-'], { cwd: s.root, input: template, encoding: 'utf8' });
  assert.equal(drop.status, 0, drop.stderr);
  assert.match(drop.stderr, /waybill up/);
  s.drain();
  assert.equal(s.state('WO-T').status, 'done');
});

test('lint says file:line:column, code and hint', (t) => {
  const s = new TestStation(t.tempDir());
  s.write('a.yaml', 'wo_id: WO-1\nfiles:\n  - path: x\n    mode: 0777\n    content: x\n');
  s.write('b.yaml', 'wo_id: WO-2\npost_verfy: [x]\nfiles: [{path: x, content: x}]\n');
  const run = s.waybill('lint', 'a.yaml', 'b.yaml');
  assert.equal(run.code, 65);
  assert.match(
    run.stderr,
    /^a\.yaml:4:\d+: SCHEMA_INVALID files\.0\.mode: must be one of .*\n {2}hint: Write line 4 as `/m,
  );
  assert.match(run.stderr, /^b\.yaml:2:1: UNKNOWN_FIELD .*post_verify/m);
});

test('why begins with one sentence, status is one screen, and ls, show and log read as stories', (t) => {
  const s = testStation(t);
  s.drop({ wo_id: 'WO-DONE', title: 'A good one', files: [{ path: 'x', content: 'x' }] });
  s.drop({ wo_id: 'WO-HELD', title: 'Waits', hold: true, files: [{ path: 'y', content: 'y' }] });
  s.drop({ wo_id: 'WO-BAD', title: '\u001b[31mred\u001b[0m', files: [{ path: '../out', content: 'y' }] });
  s.drain();
  assert.match(s.waybill('why', 'WO-DONE').stdout, /^WO-DONE is done: 1 file in commit \w{10}\.\n$/);
  assert.match(
    s.waybill('why', 'WO-HELD').stdout,
    /^WO-HELD waits for hold, for \d+s: .*waybill release.*\.\n {2}ended by/,
  );
  assert.match(s.waybill('why', 'WO-BAD').stdout, /^WO-BAD failed with PATH_DENIED: /);
  const status = s.waybill('status').stdout;
  assert.ok(status.split('\n').length < 24);
  for (const part of [
    /MAIN\s+0\s+0\s+0\s+1/,
    /<5m +<10m +<20m +<40m +<80m +<160m +older/,
    /last failures[\s\S]*WO-BAD {2}PATH_DENIED/,
    /No station process/,
  ])
    assert.match(status, part);
  const ls = s.waybill('ls').stdout;
  assert.match(ls, /WO-DONE +done/);
  assert.doesNotMatch(ls, new RegExp(String.fromCharCode(27)), 'text of an order moves no cursor');
  assert.match(s.waybill('show', 'WO-DONE', '--patch').stdout, /\+\+\+ b\/x/);
  assert.match(s.waybill('log', 'WO-DONE').stdout, /admitted[\s\S]*started[\s\S]*landing[\s\S]*landed[\s\S]*succeeded/);
});

test('tail -f shows what comes, and a closed pipe breaks nothing', async (t) => {
  const s = testStation(t);
  s.drop({ wo_id: 'WO-1', title: 'x', files: [{ path: 'x', content: 'x' }] });
  s.drain();
  const follow = spawn(process.execPath, [CLI, 'tail', '-f', '-n', '1', '--json'], {
    cwd: s.root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.defer(() => follow.kill('SIGKILL'));
  let seen = '';
  follow.stdout.on('data', (chunk: Buffer) => {
    seen += chunk.toString();
  });
  await until(() => seen.includes('wo_completed'), 'the last line');
  s.drop({ wo_id: 'WO-2', title: 'x', files: [{ path: 'y', content: 'y' }] });
  s.drain();
  await until(() => /wo_completed.*WO-2/.test(seen), 'the new line');
  const ended = new Promise((done) => follow.once('exit', (code) => done(code)));
  follow.kill('SIGTERM');
  assert.equal(await ended, 0);
  const piped = execFileSync(
    'sh',
    [
      '-c',
      `"${process.execPath}" "${CLI}" tail -n 100 | head -1; "${process.execPath}" "${CLI}" ls --json | head -c 1`,
    ],
    { cwd: s.root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] },
  );
  assert.match(piped, /station_opened/);
});

test('the packed package holds all that it needs to run elsewhere', (t) => {
  const folder = t.tempDir();
  const repo = resolve(import.meta.dirname, '../..');
  execFileSync('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], { cwd: repo, stdio: 'ignore' });
  execFileSync('sh', ['-c', 'tar -xzf *.tgz'], { cwd: folder });
  symlinkSync(join(repo, 'node_modules'), join(folder, 'package/node_modules'));
  mkdirSync(join(folder, 'station'));
  const main = join(folder, 'package/dist/cli/main.js');
  const run = (...args: string[]) =>
    execFileSync(process.execPath, [main, ...args], {
      cwd: join(folder, 'station'),
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  run('init');
  const s = new TestStation(join(folder, 'station'));
  s.drop({ wo_id: 'WO-1', title: 'x', files: [{ path: 'x', content: 'x' }] });
  run('up', '--drain', '--log-level', 'silent');
  assert.match(run('verify'), /^verified/);
  assert.equal(s.state('WO-1').status, 'done');
});

test.run();
