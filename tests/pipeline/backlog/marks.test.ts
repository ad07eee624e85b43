import { backlogText, itemLine, itemOrder, lineOf } from '../../support/backlogs.ts';
import { type TestStation, testStation } from '../../support/station.ts';
import { assert, suite, type TestContext } from '../../support/suite.ts';

/** An item is marked when its order is done: by an order, once, and never against somebody's hand. */

const test = suite('pipeline/backlog/marks', { needs: ['git'] });

function stationWith(t: TestContext, ids: readonly string[], settings = ''): TestStation {
  return testStation(t, {
    ...(settings === '' ? {} : { settings }),
    files: { 'BACKLOG.md': backlogText(...ids.map((id) => itemLine(id))) },
  });
}

/** Somebody writes into the backlog, and commits it. */
function edit(station: TestStation, from: string, to: string): void {
  station.write('BACKLOG.md', station.read('BACKLOG.md').replace(from, to));
  station.commitAll('Tidy up the backlog');
}

function skipped(station: TestStation): unknown[] {
  return station
    .telemetry()
    .filter(({ event }) => event === 'backlog_mark_skipped')
    .map((line) => (line as unknown as { why: string }).why);
}

test('what is done is marked with its commit, by an order that is a commit like any other', (t) => {
  const station = stationWith(t, ['one', 'two']);
  station.drop(itemOrder('one'));
  station.drain();
  const [commit = ''] = station.commitsOf('BL-one');
  assert.match(
    lineOf(station, 'one'),
    new RegExp(`^- \\[x\\] Do one .* Done: \\d{4}-\\d\\d-\\d\\d, commit ${commit.slice(0, 12)}, BL-one$`),
  );
  assert.equal(lineOf(station, 'two'), itemLine('two'), 'nothing else is touched');
  const { status, title, tags, commits } = station.state('BL-one-done');
  assert.deepEqual(
    [status, title, tags, commits.length],
    ['done', 'Mark done: Do one', ['backlog', 'backlog-done'], 1],
  );
  assert.deepEqual(station.git('show', '--format=', '--name-only', commits[0] ?? ''), 'BACKLOG.md');
  assert.equal(station.git('status', '--porcelain'), '');
  assert.deepEqual(station.leftovers(), []);
  assert.equal(station.waybill('verify').code, 0);
  // a look finds nothing more to do
  station.drain();
  assert.equal(station.git('log', '--oneline').split('\n').length, 3);
});

test('in metrics the order that marks an item is bookkeeping, also in a backlog of another name; a mark that is none is work', (t) => {
  const text = backlogText(itemLine('one'));
  const station = testStation(t, {
    settings: 'version: 1\nbacklog: {files: [TODO.md]}\n',
    files: { 'TODO.md': text },
  });
  const forged = { wo_id: 'BL-forged-done', title: 'x', tags: ['backlog', 'backlog-done'] };
  station.write('../forged.json', JSON.stringify({ ...forged, files: [{ path: 'src/a.txt', content: 'a' }] }));
  station.drop(itemOrder('one'));
  station.waybill('drop', '../forged.json');
  station.drain();
  assert.deepEqual(
    ['BL-one-done', 'BL-forged-done'].map((id) => station.state(id).status),
    ['done', 'done'],
  );
  const { left_out: out, unattended_completion: done } = JSON.parse(station.waybill('metrics', '--json').stdout);
  assert.deepEqual([out.bookkeeping, done.orders.n, done.items.n], [1, 2, 1]);
  assert.match(station.waybill('metrics').stdout, /left out +1 bookkeeping\n/);
});

test('items that are done at once do not spoil each other', (t) => {
  const ids = ['one', 'two', 'three', 'four', 'five'];
  const station = stationWith(t, ids);
  for (const id of ids) station.drop(itemOrder(id));
  station.drain();
  for (const id of ids) {
    assert.match(lineOf(station, id), /^- \[x\] /, id);
    assert.equal(station.state(`BL-${id}-done`).status, 'done');
    assert.ok(lineOf(station, id).includes(station.commitsOf(`BL-${id}`)[0]?.slice(0, 12) ?? 'none'), id);
  }
});

test('entries of backlog.yaml that are done at once are marked in place; comments and unknown keys stay', (t) => {
  const ids = ['one', 'two', 'three'];
  const entry = (id: string) =>
    `  - id: ${id} # first\n    title: Do ${id}\n    dod: it is there\n    status: pending\n    mood: calm\n`;
  const yaml = `schema_version: backlog.v1\ntasks:\n${ids.map(entry).join('')}`;
  const station = testStation(t, { files: { 'backlog.yaml': yaml } });
  for (const id of ids) station.drop(itemOrder(id));
  station.drain();
  const text = station.read('backlog.yaml');
  for (const id of ids) {
    assert.equal(
      station.state(`BL-${id}-done`).status,
      'done',
      JSON.stringify(station.state(`BL-${id}-done`).last_error),
    );
    assert.ok(text.includes(`commit ${station.commitsOf(`BL-${id}`)[0]?.slice(0, 12)}, BL-${id}`), text);
  }
  assert.equal(text.split('status: completed').length, 4, text);
  assert.equal(text.split('# first').length, 4, text);
  assert.equal(text.split('mood: calm').length, 4, text);
});

test('an order that changed nothing is marked without a commit', (t) => {
  const station = stationWith(t, ['one']);
  station.drop({ wo_id: 'BL-one', type: 'ping', tags: ['backlog'] } as never);
  station.drain();
  assert.deepEqual(station.commitsOf('BL-one'), []);
  assert.match(lineOf(station, 'one'), /^- \[x\] .* Done: \d{4}-\d\d-\d\d, BL-one$/);
});

test('what failed, was cancelled, was a dry run, or is no order of the backlog leaves its item open', (t) => {
  const station = stationWith(t, ['one', 'two', 'three', 'four']);
  station.drop(
    itemOrder('one', { files: [], actions: [{ action: 'edit', path: 'nothing.txt', find: 'a', replace: 'b' }] }),
  );
  station.drop(itemOrder('two', { hold: true }));
  station.drop(itemOrder('three', { metadata: { dry_run: true } }));
  station.drop(itemOrder('four', { tags: [] }));
  station.drain();
  assert.equal(station.waybill('cancel', 'BL-two').code, 0);
  station.drain();
  assert.deepEqual(
    ['one', 'two', 'three', 'four'].map((id) => station.state(`BL-${id}`).status),
    ['failed', 'cancelled', 'done', 'done'],
  );
  assert.equal(station.read('BACKLOG.md'), backlogText(...['one', 'two', 'three', 'four'].map((id) => itemLine(id))));
});

test('rule 1: a kill right after the end of the order, before its mark was handed in, is made good at the next start', (t) => {
  const station = stationWith(t, ['one']);
  station.drop(itemOrder('one'));
  const { killed } = station.drainKilledAt(100_000, { at: 'ledger: succeeded', command: 'kill -9 $PPID' });
  assert.equal(killed, true);
  assert.deepEqual(station.names('.git/waybill/commands'), [], 'no mark was handed in');
  assert.equal(lineOf(station, 'one'), itemLine('one'));
  station.drain();
  assert.match(lineOf(station, 'one'), /^- \[x\] .*, BL-one$/);
  assert.equal(station.commitsOf('BL-one').length, 1);
  assert.equal(station.commitsOf('BL-one-done').length, 1);
});

test('rule 4: a kill at any step on the way leaves one commit, and one mark', (t) => {
  const whole = stationWith(t, ['one']);
  whole.drop(itemOrder('one'));
  const { steps } = whole.drainKilledAt(100_000);
  const first = steps.indexOf('ledger: succeeded') + 1;
  assert.ok(first > 0 && steps.length > first + 5, steps.join(' '));
  for (let n = first + 1; n <= steps.length; n += 3) {
    const station = stationWith(t, ['one']);
    station.drop(itemOrder('one'));
    station.drainKilledAt(n);
    station.drain();
    const words = `killed at ${n}, ${steps[n - 1]}`;
    assert.match(lineOf(station, 'one'), /^- \[x\] .*, BL-one$/, words);
    assert.equal(lineOf(station, 'one').split('Done:').length, 2, words);
    assert.equal(station.commitsOf('BL-one-done').length, 1, words);
  }
});

test('somebody marked it meanwhile, or dropped it, or took it out: that stays, and telemetry says so', (t) => {
  const station = stationWith(t, ['one', 'two', 'three']);
  for (const id of ['one', 'two', 'three']) station.drop(itemOrder(id, { hold: true }));
  station.drain();
  edit(station, itemLine('one'), `${itemLine('one').replace('[ ]', '[x]')} — Done: 2026-11-22, BL-one`);
  edit(station, '- [ ] Do two', '- [-] Do two');
  edit(station, `${itemLine('three')}\n`, '');
  const before = station.read('BACKLOG.md');
  for (const id of ['one', 'two', 'three']) assert.equal(station.waybill('release', `BL-${id}`).code, 0);
  station.drain();
  assert.equal(station.state('BL-three').status, 'done');
  assert.equal(station.read('BACKLOG.md'), before);
  assert.deepEqual(skipped(station).sort(), [
    'its item is marked already',
    'its item is not in the backlog any more',
    'somebody dropped its item meanwhile',
  ]);
});

test('rule 14: a box that somebody checked is no proof: the mark adds it, once, also at a later start', (t) => {
  const station = stationWith(t, ['one', 'two']);
  station.drop(itemOrder('one', { hold: true }));
  station.drain();
  edit(station, '- [ ] Do one', '- [X] Do one');
  station.waybill('release', 'BL-one');
  const { killed } = station.drainKilledAt(100_000, { at: 'ledger: succeeded', command: 'kill -9 $PPID' });
  assert.equal(killed, true);
  for (let i = 0; i < 2; i++) station.drain();
  const [commit = ''] = station.commitsOf('BL-one');
  assert.match(lineOf(station, 'one'), new RegExp(`^- \\[X\\] Do one .*, commit ${commit.slice(0, 12)}, BL-one$`));
  assert.equal(lineOf(station, 'one').split('Done:').length, 2);
  assert.equal(station.commitsOf('BL-one-done').length, 1);
  assert.deepEqual(skipped(station), []);
});

test('words that somebody changed meanwhile stay, and the item is marked', (t) => {
  const station = stationWith(t, ['one']);
  station.drop(itemOrder('one', { hold: true }));
  station.drain();
  edit(station, 'Do one — DoD', 'Do the first one, and well — Owner: anna/ops; DoD');
  station.waybill('release', 'BL-one');
  station.drain();
  assert.match(lineOf(station, 'one'), /^- \[x\] Do the first one, and well — Owner: anna\/ops; DoD.*, BL-one$/);
});

test('words that changed between the mark and its landing: nothing is forced, and the next start marks what stands there then', (t) => {
  const whole = stationWith(t, ['one']);
  whole.drop(itemOrder('one'));
  const ended = whole.drainKilledAt(100_000).steps.indexOf('ledger: succeeded') + 1;
  const station = stationWith(t, ['one']);
  station.drop(itemOrder('one'));
  station.drainKilledAt(ended + 1);
  assert.equal(station.names('.git/waybill/commands').length, 1, 'the mark is handed in, and nobody has taken it');
  edit(station, '— DoD', '— Owner: anna; DoD');
  station.drain();
  const { status, last_error } = station.state('BL-one-done');
  assert.deepEqual([status, last_error?.code], ['failed', 'FIND_NOT_FOUND']);
  assert.match(lineOf(station, 'one'), /^- \[ \] Do one — Owner: anna/);
  station.drain();
  assert.match(lineOf(station, 'one'), /^- \[x\] Do one — Owner: anna; DoD.*, BL-one$/);
  assert.equal(station.commitsOf('BL-one-done').length, 1);
});

test('uncommitted words of somebody in the file: the mark waits, and comes when they are committed', (t) => {
  const station = stationWith(t, ['one', 'two'], 'retry:\n  backoff_seconds: 0.01\n  max_backoff_seconds: 3600\n');
  station.drop(itemOrder('one', { hold: true }));
  station.drain();
  station.write('BACKLOG.md', `${station.read('BACKLOG.md')}${itemLine('three')}\n`);
  station.waybill('release', 'BL-one');
  station.drain();
  const { status, waiting_for, last_error } = station.state('BL-one-done');
  assert.deepEqual([status, waiting_for, last_error?.code], ['parked', 'time', 'DIRTY_TARGET']);
  assert.match(lineOf(station, 'one'), /^- \[ \]/);
  station.commitAll('Think of three');
  station.waybill('release', 'BL-one-done');
  station.drain();
  assert.match(lineOf(station, 'one'), /^- \[x\] .*, BL-one$/);
  assert.match(lineOf(station, 'three'), /^- \[ \]/);
});

test('work that landed on a branch of its own is marked when that is merged', (t) => {
  const station = stationWith(t, ['one']);
  station.drop(itemOrder('one', { isolation: 'branch' }));
  station.drain();
  const { status, branch = '' } = station.state('BL-one');
  assert.equal(status, 'done');
  assert.match(lineOf(station, 'one'), /^- \[ \]/);
  assert.deepEqual(skipped(station), [`its work is on ${branch}, and not merged`]);
  station.drain();
  assert.match(lineOf(station, 'one'), /^- \[ \]/);
  station.git('merge', '--quiet', '--no-ff', '-m', 'Merge', branch);
  station.drain();
  assert.match(lineOf(station, 'one'), /^- \[x\] .*, BL-one$/);
});

test("a person's no to the mark is not asked again", (t) => {
  const station = stationWith(t, ['one']);
  station.drop(itemOrder('one', { hold: true }));
  station.drain();
  station.write('policy.yaml', 'version: 1\nrules: [{class: ask, paths: [BACKLOG.md]}]\n');
  station.commitAll('Ask for the backlog');
  station.waybill('release', 'BL-one');
  station.drain();
  assert.equal(station.state('BL-one-done').waiting_for, 'approval', JSON.stringify(station.state('BL-one-done')));
  assert.match(station.waybill('approvals').stdout, /BL-one-done .*Mark done: Do one/);
  station.waybill('cancel', 'BL-one-done');
  for (let i = 0; i < 2; i++) station.drain();
  assert.equal(station.state('BL-one-done').status, 'cancelled');
  assert.match(lineOf(station, 'one'), /^- \[ \]/);
});

test.run();
