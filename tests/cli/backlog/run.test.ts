import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import {
  backlogStation,
  backlogText,
  beside,
  cloneOf,
  itemLine,
  lineOf,
  SHARED,
  scriptFor,
} from '../../support/backlogs.ts';
import { bareRepository, refsIn } from '../../support/backups.ts';
import { decide, HELLO, ledgerOf } from '../../support/missions.ts';
import { CLI, type TestStation } from '../../support/station.ts';
import { assert, findOnPath, suite, type TestContext } from '../../support/suite.ts';

/** One command takes the next item from the backlog to its commit and its mark. */

const test = suite('cli/backlog/run', { needs: ['git'], timeoutMs: 300_000 });

function run(station: TestStation, ...args: string[]): { code: number | null; stdout: string; stderr: string } {
  return station.waybill('backlog', 'run', ...args);
}

/** The code of a refusal, its exit code, and what it says. */
function refusal(station: TestStation, ...args: string[]): { code: string; exit: number | null; message: string } {
  const { code: exit, stdout, stderr } = station.waybill('backlog', ...args, '--json');
  const { error } = JSON.parse(stdout || stderr) as { error?: { code: string; message: string } };
  return { code: error?.code ?? 'nothing', exit, message: error?.message ?? stdout };
}

function hubOf(t: TestContext, ...stations: TestStation[]): string {
  const hub = bareRepository(t);
  for (const station of stations) station.git('remote', 'add', 'hub', hub);
  return hub;
}

const idOf = (station: TestStation) => (JSON.parse(station.read('.git/waybill/station.json')) as { id: string }).id;

test('seed 001: the first item by priority is picked, done, and marked with its commit; then the next; then there is none', (t) => {
  const text = `${backlogText(itemLine('later'), '- [ ] Vague')}\n### P0\n\n${itemLine('first')}\n`;
  const { station } = backlogStation(t, ['later', 'first'], { files: { 'BACKLOG.md': text } });
  const ran = run(station);
  assert.equal(ran.code, 0, ran.stdout + ran.stderr);
  assert.match(ran.stderr, /^first {2}P0 {2}Do first {2}\(BACKLOG\.md:12\)\n {2}skipped \w{12}: no DoD/m);
  assert.match(ran.stdout, /BL-first: PASS, done/);
  assert.equal(station.read('src/first.txt'), 'first\n');
  assert.ok(lineOf(station, 'first').startsWith('- [x] Do first'));
  assert.ok(lineOf(station, 'first').includes(station.commitsOf('BL-first')[0]?.slice(0, 12) ?? 'none'));
  const second = run(station, '--json');
  assert.equal(second.code, 0, second.stdout + second.stderr);
  assert.equal((JSON.parse(second.stdout) as { wo_id: string }).wo_id, 'BL-later');
  assert.equal(second.stderr, '');
  const none = refusal(station, 'run');
  assert.deepEqual([none.code, none.exit], ['BACKLOG_NO_ITEM', 69]);
  assert.match(none.message, /none of 3 items can be begun: 2 done; 1 no DoD/);
  assert.equal(station.git('status', '--porcelain'), '');
  assert.deepEqual(station.leftovers(), []);
  assert.equal(station.waybill('verify').code, 0);
});

test('by name: what would be skipped is taken and says why it would not have been; what is done is refused', (t) => {
  const { station } = backlogStation(t, ['one'], {
    files: { 'BACKLOG.md': backlogText(itemLine('one'), '- [ ] Do two; ID: two; Scope: src/**') },
  });
  const dry = run(station, 'two', '--dry-run', '--json');
  assert.equal(dry.code, 0, dry.stdout);
  const told = JSON.parse(dry.stdout) as { key: string; despite: string; order: { wo_id: string; task_ref: string } };
  assert.deepEqual([told.key, told.order.wo_id, told.order.task_ref], ['two', 'BL-two', 'BACKLOG.md#two']);
  assert.match(told.despite, /^no DoD/);
  assert.deepEqual(station.names('.git/waybill/commands'), [], 'a dry run hands nothing in');
  const ran = run(station, 'BL-one');
  assert.equal(ran.code, 0, ran.stderr);
  assert.deepEqual(refusal(station, 'run', 'one').code, 'BACKLOG_ITEM_TAKEN');
  assert.deepEqual(
    [refusal(station, 'run', 'nine').code, refusal(station, 'run', 'nine').exit],
    ['BACKLOG_UNKNOWN_ITEM', 66],
  );
});

test('rule 14: what does an item marks none, and takes none out: the files of the backlog are closed to it', (t) => {
  const text = backlogText('- [ ] Do one — DoD: src/one.txt is there; ID: one', itemLine('two'));
  const { station, agents } = backlogStation(t, [], { files: { 'BACKLOG.md': text } });
  const build = [{ write: { 'src/one.txt': 'one\n', 'BACKLOG.md': text.replaceAll('[ ]', '[x]') } }];
  agents.script({ ...HELLO, 'BL-one/build': build });
  const ran = run(station);
  assert.equal(ran.code, 3, ran.stdout + ran.stderr);
  assert.match(ran.stdout, /CHECKPOINT ENVELOPE_VIOLATION[\s\S]*BACKLOG\.md is protected by BACKLOG\.md/);
  assert.equal(station.read('BACKLOG.md'), text);
  decide(station, 'BL-one', 'deny');
  station.drain();
  assert.deepEqual([station.state('BL-one').status, station.read('BACKLOG.md')], ['failed', text]);
  const own = `${text}- [ ] Tidy up; DoD: tidy; ID: own; Scope: ./backlog.md\n`;
  station.write('BACKLOG.md', own);
  station.commitAll('An item about the file itself');
  const dry = JSON.parse(run(station, 'own', '--dry-run', '--json').stdout) as { order: { constraints: unknown } };
  assert.deepEqual(dry.order.constraints, { paths: ['./backlog.md'], denied_paths: ['backlog.yaml'] });
});

test('no file of the backlog is another thing than nothing to do in it', (t) => {
  const { station } = backlogStation(t, []);
  assert.deepEqual(
    [refusal(station, 'run').code, refusal(station, 'run').message],
    ['BACKLOG_NO_ITEM', 'the backlog has no items'],
  );
  station.git('rm', '--quiet', 'BACKLOG.md');
  station.commitAll('Take it away');
  const { code, exit, message } = refusal(station, 'run');
  assert.deepEqual([code, exit], ['BACKLOG_MISSING', 66]);
  assert.match(message, /BACKLOG\.md and backlog\.yaml/);
});

test('an order that fails leaves its item open and says so; by name it is tried again', (t) => {
  const { station, agents } = backlogStation(t, ['one']);
  agents.script({ ...HELLO, ...scriptFor(['one']), review: [{ verdict: 'rejected' }] });
  const ran = run(station);
  assert.equal(ran.code, 1, ran.stdout + ran.stderr);
  assert.equal(lineOf(station, 'one'), itemLine('one'));
  const none = refusal(station, 'run');
  assert.equal(none.code, 'BACKLOG_NO_ITEM');
  assert.match(none.message, /already BL-one \(failed: REVIEW_REJECTED\)/);
  agents.script({ ...HELLO, ...scriptFor(['one']) });
  const again = run(station, 'one');
  assert.equal(again.code, 0, again.stdout + again.stderr);
  assert.match(again.stderr, /taken by its name, though it is skipped otherwise: already BL-one \(failed/);
  assert.match(lineOf(station, 'one'), /^- \[x\] /);
  assert.equal(station.commitsOf('BL-one').length, 1);
});

test('rule 13: a checkpoint stands in `waybill approvals` with the title of the item, and is marked once somebody agreed', (t) => {
  const { station } = backlogStation(t, ['one', 'two'], { policy: 'version: 1\nmissions: {checkpoints: [build]}\n' });
  const ran = run(station);
  assert.equal(ran.code, 3, ran.stdout + ran.stderr);
  assert.match(station.waybill('approvals').stdout, /BL-one .*Do one/);
  const shown = JSON.parse(station.waybill('approvals', '--json').stdout) as { approvals: { title: string }[] };
  assert.deepEqual(
    shown.approvals.map(({ title }) => title),
    ['Do one'],
  );
  const taken = refusal(station, 'run', 'one');
  assert.deepEqual([taken.code, taken.exit], ['BACKLOG_ITEM_TAKEN', 69]);
  assert.match(taken.message, /at work as BL-one \(checkpoint\)/);
  assert.match(run(station, '--dry-run').stderr, /^two .*\n {2}skipped one: already BL-one \(parked: checkpoint\)/m);
  decide(station, 'BL-one');
  assert.equal(station.waybill('spine', 'resume', 'BL-one').code, 0);
  assert.match(lineOf(station, 'one'), /^- \[x\] /);
});

test('rule 3: two processes of one station begin an item once', async (t) => {
  const { station } = backlogStation(t, ['one']);
  const ends = await Promise.all([
    beside(station, 'backlog', 'run', '--json'),
    beside(station, 'backlog', 'run', '--json'),
  ]);
  const words = JSON.stringify(ends);
  assert.deepEqual(ends.map(({ code }) => code).sort(), [0, 69], words);
  assert.ok(
    ends.some(({ stdout }) => stdout.includes('BACKLOG_NO_ITEM')),
    words,
  );
  assert.deepEqual(
    ledgerOf(station, 'BL-one')
      .map(({ event }) => event)
      .filter((e) => e === 'admitted' || e === 'repeated'),
    ['admitted'],
  );
  assert.equal(station.commitsOf('BL-one').length, 1);
});

test('with a station that runs, each takes another item', async (t) => {
  const { station } = backlogStation(t, ['one', 'two']);
  await station.up(t);
  const ends = await Promise.all([
    beside(station, 'backlog', 'run', '--json'),
    beside(station, 'backlog', 'run', '--json'),
  ]);
  assert.deepEqual(
    ends.map(({ stdout }) => (JSON.parse(stdout) as { wo_id: string }).wo_id).sort(),
    ['BL-one', 'BL-two'],
    JSON.stringify(ends),
  );
});

test('rule 4: killed after its claim and before its hand-in, a station goes on with that item first; no other takes it', (t) => {
  const { station } = backlogStation(t, ['one', 'two'], { settings: SHARED });
  const other = cloneOf(t, station);
  const hub = hubOf(t, station, other);
  // a git that does as it is told, and then kills who told it
  const bin = t.tempDir();
  const real = findOnPath(['git']) ?? 'git';
  const killer = `#!/bin/sh\ncase " $* " in *" push "*) ${real} "$@"; kill -9 $PPID; exit 1;; esac\nexec ${real} "$@"\n`;
  writeFileSync(join(bin, 'git'), killer, { mode: 0o755 });
  const { signal } = spawnSync(process.execPath, [CLI, 'backlog', 'run'], {
    cwd: station.root,
    env: { ...process.env, PATH: `${bin}${delimiter}${process.env['PATH'] ?? ''}` },
  });
  assert.equal(signal, 'SIGKILL');
  assert.deepEqual([...refsIn(hub).keys()], ['refs/waybill/backlog/one'], 'claimed');
  assert.deepEqual(station.names('.git/waybill/commands'), [], 'and not handed in');
  const there = refusal(other, 'run', 'one');
  assert.equal(there.code, 'BACKLOG_ITEM_TAKEN');
  assert.ok(there.message.includes(idOf(station)), there.message);
  // something more urgent came up meanwhile
  station.write('BACKLOG.md', `### P0\n\n${itemLine('zero')}\n\n${station.read('BACKLOG.md')}`);
  station.commitAll('Something more urgent');
  const ran = run(station);
  assert.equal(ran.code, 0, ran.stdout + ran.stderr);
  assert.match(ran.stdout, /BL-one: PASS/);
  assert.equal(station.commitsOf('BL-one').length, 1);
});

test('rule 7: claims that cannot be asked for: nothing is taken, nothing is handed in', (t) => {
  const { station } = backlogStation(t, ['one'], { settings: SHARED });
  const nobody = refusal(station, 'run');
  assert.deepEqual([nobody.code, nobody.exit], ['BACKLOG_CLAIMS_UNREACHABLE', 69], 'there is no such remote');
  station.git('remote', 'add', 'hub', `${station.root}/nowhere.git`);
  for (const args of [['run'], ['run', 'one'], ['run', '--dry-run'], ['release', 'one']])
    assert.equal(refusal(station, ...args).code, 'BACKLOG_CLAIMS_UNREACHABLE', args.join(' '));
  assert.deepEqual(station.names('.git/waybill/commands'), []);
  station.drain();
  assert.equal(station.exists('state/orders/BL-one.json'), false);
});

test('release: an own claim, another station’s only by force and with its name, and none whose order is at work', (t) => {
  const { station } = backlogStation(t, ['one', 'two'], {
    settings: SHARED,
    policy: 'version: 1\nmissions: {checkpoints: [build]}\n',
  });
  const other = cloneOf(t, station);
  const hub = hubOf(t, station, other);
  assert.equal(run(station).code, 3);
  const alive = refusal(station, 'release', 'one');
  assert.equal(alive.code, 'BACKLOG_ITEM_TAKEN');
  assert.match(alive.message, /one is at work here as BL-one \(checkpoint\)/);
  assert.equal(refusal(station, 'release', 'one', '--force').code, 'BACKLOG_ITEM_TAKEN', 'not by force either');
  const foreign = refusal(other, 'release', 'one');
  assert.deepEqual([foreign.code, foreign.message.includes(idOf(station))], ['BACKLOG_ITEM_TAKEN', true]);
  assert.equal(refusal(other, 'release', 'two').code, 'BACKLOG_UNKNOWN_ITEM', 'nobody claimed that');
  assert.equal(station.waybill('cancel', 'BL-one').code, 0);
  station.drain();
  const released = station.waybill('backlog', 'release', 'BL-one');
  assert.equal(released.code, 0, released.stderr);
  assert.deepEqual([...refsIn(hub).keys()], []);
  assert.equal(run(other, 'one').code, 3);
  const forced = station.waybill('backlog', 'release', 'one', '--force');
  assert.equal(forced.code, 0, forced.stderr);
  assert.ok(forced.stderr.includes(`claimed by ${idOf(other)}`), forced.stderr);
  assert.deepEqual([...refsIn(hub).keys()], []);
  const { station: alone } = backlogStation(t, ['one']);
  assert.equal(refusal(alone, 'release', 'one').code, 'USAGE');
});

test.run();
