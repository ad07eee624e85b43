import { choose } from '../../../src/backlog/choose.ts';
import { readMarkdown } from '../../../src/backlog/read-markdown.ts';
import { backlogStation, backlogText, itemLine, itemOrder } from '../../support/backlogs.ts';
import { testStation } from '../../support/station.ts';
import { assert, suite } from '../../support/suite.ts';

/** What is told of items beside what their files say. */

const test = suite('pipeline/backlog/facts', { needs: ['git'] });

test('rule 10: a damaged state file stops nothing: the ledger is asked', (t) => {
  const station = testStation(t, { files: { 'BACKLOG.md': backlogText(itemLine('one'), itemLine('two')) } });
  station.drop(itemOrder('one', { hold: true }));
  station.drain();
  for (const damage of ['{', '{}', 'null', '']) {
    station.write('state/orders/BL-one.json', damage);
    const { code, stdout, stderr } = station.waybill('backlog', 'ls');
    assert.equal(code, 0, stderr);
    assert.match(stdout, /one .*\n {6}already BL-one \(parked: hold\)/, damage);
    assert.match(stdout, /^> P1 {2}two /m);
  }
});

test('a mark that waits is shown, with why', (t) => {
  const { station } = backlogStation(t, ['one']);
  station.git('rm', '--quiet', '--cached', 'BACKLOG.md');
  station.git('commit', '--quiet', '-m', 'Keep it to ourselves');
  const ran = station.waybill('backlog', 'run');
  assert.equal(ran.code, 0, ran.stdout + ran.stderr);
  assert.match(ran.stderr, /^one is done, and its mark (?:waits|failed): [A-Z_]+: `waybill why BL-one-done`$/m);
  assert.match(station.waybill('backlog', 'ls').stdout, /already BL-one \(done: its mark (?:waits|failed): [A-Z_]+\)/);
});

test('an order that is done, and whose item has another title by now, is told of: that item is offered again', (t) => {
  const line = '- [ ] Sing — DoD: src/one.txt is there';
  const station = testStation(t, { files: { 'BACKLOG.md': backlogText(line, itemLine('two')) } });
  const { items } = JSON.parse(station.waybill('backlog', 'ls', '--json').stdout) as { items: { key: string }[] };
  const key = items[0]?.key ?? '';
  station.drop(itemOrder(key, { hold: true }));
  station.drop(itemOrder('two'));
  station.drain();
  station.write('BACKLOG.md', backlogText(line.replace('Sing', 'Sing louder')));
  station.commitAll('Say it better, and prune what is done');
  station.waybill('release', `BL-${key}`);
  station.drain();
  const told = `BL-${key} is done, and its item is gone from the file.\n`;
  for (const args of [['ls'], ['next'], ['run', '--dry-run']]) {
    const { stderr } = station.waybill('backlog', ...args);
    assert.ok(stderr.includes(told), args.join(' ') + stderr);
    assert.ok(!stderr.includes('BL-two'), 'what was marked, and pruned then, is no news');
  }
  assert.deepEqual((JSON.parse(station.waybill('backlog', 'next', '--json').stdout) as { gone: string[] }).gone, [
    `BL-${key}`,
  ]);
  assert.ok(station.telemetry().some(({ event }) => event === 'backlog_mark_skipped'));
});

test('a claim that nobody can read names the command that gives it back', () => {
  const { items } = readMarkdown('BACKLOG.md', itemLine('one'));
  const claims = new Map([['one', { station: '?', at: '?', isOwn: false, isReadable: false }]]);
  const { skipped } = choose(items, { claims, orders: new Map(), atWork: [], require: ['dod'] });
  assert.match(skipped[0]?.why ?? '', /waybill backlog release one --force/);
});

test.run();
