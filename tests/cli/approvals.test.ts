import { atTerminal } from '../support/deciding.ts';
import { testStation } from '../support/station.ts';
import { assert, suite } from '../support/suite.ts';

const test = suite('cli/approvals', { needs: ['git', 'script'] });

const POLICY = `version: 1
rules:
  - {name: builds, class: ask, commands: [[touch]]}
`;

function touching(woId: string) {
  const actions = [{ action: 'command', argv: ['touch', 'made.txt'], outputs: ['made.txt'] }];
  return { wo_id: woId, title: `Order ${woId}`, actions };
}

test('rule 13: a review shows what a command makes, where it runs, and which rule asks', (t) => {
  const s = testStation(t, { policy: POLICY });
  s.drop(touching('WO-1'));
  s.drain();
  assert.match(s.waybill('approvals').stdout, /policy says ask \(rule "builds" \(policy\.yaml:3\)\)/);
  const review = s.waybill('approvals', 'WO-1').stdout;
  assert.match(review, /makes made\.txt/);
  assert.match(review, /in its worktree, /);
  assert.match(review, /in a worktree of its own, then onto the branch/);
  assert.match(s.waybill('why', 'WO-1').stdout, /`waybill approvals WO-1` shows all/);
});

test('rule 15: the log says who decided and why; an order that waits no more is explained by its file', (t) => {
  const s = testStation(t, { policy: POLICY });
  s.drop(touching('WO-1'));
  s.drop(touching('WO-2'));
  s.drain();
  assert.match(s.waybill('policy', 'explain', 'WO-1').stdout, /WO-1 in MAIN: would ask a person/);
  assert.equal(atTerminal(s, 'y\n', ['approve', 'WO-1', '--always']).code, 0);
  assert.equal(atTerminal(s, 'y\n', ['deny', 'WO-2', '--reason', 'once is enough']).code, 0);
  s.drain();
  assert.match(s.waybill('log', 'WO-1').stdout, /approved .* at a terminal; safe from now on/);
  assert.match(s.waybill('log', 'WO-2').stdout, /denied .* at a terminal: once is enough/);
  const explained = s.waybill('policy', 'explain', 'WO-1');
  assert.equal(explained.code, 66);
  assert.match(explained.stderr, /state\/evidence\/WO-1\/request\.\w+ --lane MAIN/);
});

test('rule 15: why and status say that a broken policy keeps orders from being started, and where it is broken', (t) => {
  const s = testStation(t, { policy: POLICY });
  s.write('policy.yaml', 'version: 1\nruels: []\n');
  s.drop({ wo_id: 'WO-1', title: 'Waits', files: [{ path: 'a.txt', content: 'a\n' }] });
  s.drain();
  assert.match(
    s.waybill('why', 'WO-1').stdout,
    /nothing is started until policy\.yaml is mended: policy\.yaml:2:1: ruels/,
  );
  assert.match(s.waybill('status').stdout, /nothing is started until policy\.yaml is mended/);
  const cases = s.waybill('policy', 'test', 'nowhere.yaml');
  assert.notEqual(cases.code, 0);
});

test.run();
