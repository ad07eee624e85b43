import { rmSync } from 'node:fs';
import { type TestStation, testStation } from '../support/station.ts';
import { assert, suite, type TestContext } from '../support/suite.ts';

/** Rules 7 and 15: which rule decides, and why, can be asked before anything is dropped. */
const test = suite('waybill policy', { needs: ['git'] });

const POLICY = `version: 1
rules:
  - {name: closed, class: never, paths: [billing/], why: only people change this}
  - name: tests
    class: safe
    commands: [[git, status]]
    lanes: [CODE]
isolation: {commands: in_place}
`;

const station = (t: TestContext) =>
  testStation(t, { policy: POLICY, settings: 'lanes: {MAIN: {}, CODE: {}}\n', files: { 'a.txt': 'a\n' } });

interface Explained {
  readonly ok: boolean;
  readonly class: string;
  readonly rulings: readonly { class: string; subject: string; rule: string; why: string }[];
  readonly error: { code: string } | null;
}

function explained(s: TestStation, order: string, ...args: string[]): Explained & { exit: number | null } {
  s.write('../order.yaml', order);
  const { code, stdout, stderr } = s.waybill('policy', 'explain', '../order.yaml', ...args, '--json');
  if (stdout === '') throw new Error(stderr);
  return { ...(JSON.parse(stdout) as Explained), exit: code };
}

test('check says what counts, or where it is wrong', (t) => {
  const s = station(t);
  const good = s.waybill('policy', 'check');
  assert.equal(good.code, 0, good.stderr);
  assert.match(
    good.stdout,
    /policy\.yaml is valid: sha256:[0-9a-f]{64}\n {2}never +closed \(line 3\)\n {2}safe +tests \(line 4\)/,
  );
  assert.equal((JSON.parse(s.waybill('policy', 'check', '--json').stdout) as { rules: number }).rules, 2);
  s.write('policy.yaml', 'version: 1\nrulse: []\n');
  const bad = s.waybill('policy', 'check');
  assert.equal(bad.code, 65, bad.stderr);
  assert.match(bad.stderr, /policy\.yaml:2:1: POLICY_INVALID.*\n.*Did you mean rules\?/);
  rmSync(s.path('policy.yaml'));
  assert.match(s.waybill('policy', 'check').stderr, /there is no policy\.yaml/);
});

test('init writes one where there is none, and touches none that is there', (t) => {
  const s = station(t);
  assert.match(s.waybill('policy', 'init').stdout, /is there already/);
  assert.equal(s.read('policy.yaml'), POLICY);
  rmSync(s.path('policy.yaml'));
  assert.equal(s.waybill('policy', 'init').code, 0);
  assert.equal(s.waybill('policy', 'check').code, 0);
});

test('explain names the rule for each path and command, for the lane that is asked about, and changes nothing', (t) => {
  const s = station(t);
  const order = 'wo_id: WO-1\nfiles: [{path: a.txt, content: b}]\ntests: [{command: git status}]\n...\n';
  const main = explained(s, order);
  assert.deepEqual(
    [main.exit, main.class, main.rulings.map((r) => [r.class, r.subject, r.rule])],
    [
      0,
      'ask',
      [
        ['safe', 'a.txt', 'defaults.paths'],
        ['ask', '"git status"', 'defaults.commands'],
      ],
    ],
  );
  const code = explained(s, order, '--lane', 'CODE');
  assert.deepEqual([code.class, code.rulings[1]?.rule], ['safe', 'rule "tests" (policy.yaml:4)']);
  const closed = explained(s, 'wo_id: WO-2\nfiles: [{path: billing/x, content: b}]\n...\n');
  assert.deepEqual([closed.exit, closed.class, closed.error?.code], [1, 'never', 'POLICY_DENIED']);
  assert.equal(closed.rulings[0]?.why, 'only people change this');
  const told = s.waybill('policy', 'explain', '../order.yaml').stdout;
  assert.match(told, /^never +billing\/x +rule "closed" \(policy\.yaml:3\): only people change this$/m);
  assert.equal(s.git('status', '--porcelain'), '');
  assert.deepEqual(s.names('state/orders'), []);
});

test('explain says of a mission which chain, reviewers, checkpoints and budget it has, and by which rule', (t) => {
  const missions = `missions:
  rules: [{name: money, paths: [billing/], chain: full, reviewers: 2, checkpoints: [close], why: people look at it}]
`;
  const s = testStation(t, { policy: `version: 1\n${missions}`, files: { 'a.sql': 'a\n' } });
  const order = (constraints: string, more = '') =>
    `wo_id: WO-1\ntype: mission\ntask: Do it.\n${more}constraints: {${constraints}}\n...\n`;
  const of = (...args: Parameters<typeof order>) =>
    explained(s, order(...args)) as unknown as { exit: number; mission: Record<string, unknown> | null };
  const { exit, mission } = of('paths: [billing/, a.sql], max_diff_lines: 9');
  assert.equal(exit, 0);
  assert.deepEqual(mission, {
    chain: 'full',
    reviewers: 2,
    revisions: 2,
    checkpoints: ['close'],
    agents: null,
    paths: ['billing/', 'a.sql'],
    budget: { tokens: null, usd: null, seconds: 7200, attempts: 50, diff_lines: 9 },
    rules: [{ name: 'money', line: 3, why: 'people look at it' }],
  });
  assert.match(
    s.waybill('policy', 'explain', '../order.yaml').stdout,
    /^mission {2}chain full, 2 reviewers.*\nmission {2}a person is asked before close\n[\s\S]*policy\.yaml:3\): people look at it$/m,
  );
  assert.deepEqual([of('paths: [a.sql]').mission?.['chain'], of('').mission?.['chain']], ['short', 'full']);
  assert.deepEqual([of('paths: [a.sql]', 'chain: mine\n').exit, of('', 'chain: mine\n').mission], [1, null]);
  assert.match(s.waybill('policy', 'explain', '../order.yaml').stdout, /WO-1 in MAIN: would be refused/);
});

test('explain of an order that waits asks about what it was given, as it is decided now', (t) => {
  const s = station(t);
  s.drop({
    wo_id: 'WO-1',
    title: 'x',
    tests: [{ name: 'x', command: 'git status' }],
    files: [{ path: 'b', content: 'b' }],
  });
  s.drain();
  assert.equal(s.state('WO-1').waiting_for, 'approval');
  const of = () => JSON.parse(s.waybill('policy', 'explain', 'WO-1', '--json').stdout) as Explained;
  assert.equal(of().class, 'ask');
  s.write('policy.yaml', POLICY.replace('lanes: [CODE]', 'lanes: [CODE, MAIN]'));
  assert.equal(of().class, 'safe');
});

test('test holds the policy against a file of expectations, and says which are not met, and where', (t) => {
  const s = station(t);
  const cases = (lines: string) => s.write('../cases.yaml', `version: 1\ncases:\n${lines}`);
  const met = `  - {command: git status, lane: CODE, expect: safe, rule: tests}
  - {command: git status, expect: ask}
  - {argv: [sudo, ls], expect: never}
  - {path: billing/x, expect: never, rule: closed}
  - {path: docs/a, expect: safe}
  - {path: ../outside, expect: never, rule: fence}
  - {path: policy.yaml, expect: never, rule: fence}
`;
  cases(met);
  const all = s.waybill('policy', 'test', '../cases.yaml');
  assert.deepEqual([all.code, all.stdout], [0, '7 met, 0 not met\n'], all.stderr);
  cases(`${met}  - {name: mine, command: git log, expect: safe}\n  - {path: docs/a, expect: safe, rule: other}\n`);
  const some = s.waybill('policy', 'test', '../cases.yaml');
  assert.equal(some.code, 1);
  assert.match(some.stdout, /not met {2}mine \(\.\.\/cases\.yaml:10\): expected safe, is ask: defaults\.commands/);
  assert.match(some.stdout, /not met {2}docs\/a \(\.\.\/cases\.yaml:11\)/);
  assert.match(some.stdout, /7 met, 2 not met/);
  cases('  - {command: a, expect: maybe}\n');
  const bad = s.waybill('policy', 'test', '../cases.yaml');
  assert.equal(bad.code, 65);
  assert.match(bad.stderr, /3:17|cases\.0\.expect/);
});

test('a word it does not know is told, and what it takes', (t) => {
  const s = station(t);
  for (const args of [['polish'], ['explain'], ['test'], ['distrust']])
    assert.equal(s.waybill('policy', ...args).code, 64, args.join(' '));
  assert.match(s.waybill('policy', 'trust').stdout, /Nothing was approved yet/);
  assert.notEqual(s.waybill('policy', 'distrust', 'abcdef').code, 0);
});

test.run();
