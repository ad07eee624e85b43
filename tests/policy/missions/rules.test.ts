import { WaybillError } from '../../../src/order/error.ts';
import { type MissionQuestion, missionRulesFor, riskierThan } from '../../../src/policy/missions/rules.ts';
import { assert, suite } from '../../support/suite.ts';
import { policyOf } from '../questions.ts';

/** Which chain, how many reviewers and which checkpoints a mission has: by what it may change, and by what it did. */
const test = suite('policy/missions/rules');

const RULES = `missions:
  rules:
    - {name: money, paths: [billing/], chain: full, reviewers: 2, checkpoints: [close]}
    - {name: docs, paths: ["docs/**"], chain: short}
    - {name: sql, paths: ["**/*.sql"], reviewers: 3, agents: [claude, codex]}
    - {name: large, min_diff_lines: 500, chain: full}
`;
type May = { paths?: readonly string[] | null; diffLines?: number | null; isFile?: (path: string) => boolean };

function ask(scope: May, more: Partial<MissionQuestion> = {}): MissionQuestion {
  const may = { kind: 'may' as const, paths: null, diffLines: 10, ...scope };
  return { root: '/r', lane: 'MAIN', requester: { uid: 501, user: 'anna' }, scope: may, ...more };
}

function told(lines: string, question: MissionQuestion): string {
  const { chain, reviewers, checkpoints, by } = missionRulesFor(policyOf(lines), question);
  return [chain, reviewers, checkpoints.join('+'), by.map(({ name }) => name).join('+')]
    .join(' ')
    .replace(/ +/g, ' ')
    .trim();
}

const isFile = () => true;

test('without rules: the short chain, one reviewer, two revisions, no checkpoint, any agent and path', () => {
  const found = missionRulesFor(policyOf(), ask({}));
  const { chain, reviewers, revisions, checkpoints, agents, paths, by } = found;
  assert.deepEqual([chain, reviewers, revisions, checkpoints, agents, paths, by], ['short', 1, 2, [], null, null, []]);
  assert.equal(told('missions: {chain: full, reviewers: 2, checkpoints: [build]}\n', ask({})), 'full 2 build');
});

test('the first rule that matches a path decides about it', () => {
  assert.equal(told(RULES, ask({ paths: ['billing/rates.yaml'], isFile })), 'full 2 close money');
  assert.equal(told(RULES, ask({ paths: ['docs/schema.sql'], isFile })), 'short 1 docs', 'docs stands before sql');
  assert.equal(told(RULES, ask({ paths: ['db/a.sql'], isFile })), 'short 3 sql');
  assert.equal(told(RULES, ask({ paths: ['src/a.ts'], isFile })), 'short 1');
  assert.equal(told(RULES, ask({ paths: ['BILLING/x'], isFile })), 'full 2 close money', 'capitals do not matter');
  assert.equal(told(RULES, ask({ paths: ['billings/x'], isFile })), 'short 1', 'a folder ends at its /');
});

test('of several paths the strictest counts: a light rule above hides nothing', () => {
  const light = `missions:
  chain: full
  rules:
    - {name: docs, paths: [docs/], chain: short}
    - {name: auth, paths: [src/auth/], reviewers: 2}
`;
  assert.equal(told(light, ask({ paths: ['docs/a.md'] })), 'short 1 docs');
  assert.equal(told(light, ask({ paths: ['docs/a.md', 'src/auth/key.ts'] })), 'full 2 docs+auth');
  assert.equal(told(light, ask({ paths: ['docs/a.md', 'src/x.ts'] })), 'full 1 docs', 'what no rule speaks of too');
});

test('rule 7: what may lie under a rule comes under it, in doubt too', () => {
  for (const paths of [
    null,
    ['.'],
    ['./'],
    ['**'],
    ['*'],
    ['{src,billing}/**'],
    ['!src/**'],
    ['bill*'],
    ['[ab]illing/x'],
  ])
    assert.match(told(RULES, ask({ paths })), /^full \d close money/, String(paths));
  for (const paths of [['billing'], ['billing/'], ['billing/**'], ['./billing/x/'], ['src/../billing']])
    assert.match(told(RULES, ask({ paths })), /^full 2 close money/, String(paths));
  assert.equal(told(RULES, ask({ paths: ['docs'] })), 'short 1 docs', 'all of docs is decided by docs');
  assert.equal(told(RULES, ask({ paths: ['docs/**'] })), 'short 1 docs');
  assert.equal(told(RULES, ask({ paths: ['db'] })), 'short 3 sql', 'a file of sql may be made in it');
  assert.equal(told(RULES, ask({ paths: ['src/**/*.ts'] })), 'short 3 sql');
  assert.equal(told(RULES, ask({ paths: ['src/*.ts'], isFile: () => false })), 'short 3 sql', 'below a folder x.ts/');
});

test('rule 7: two globs of which neither matches the other as text may still mean the same folder', () => {
  const lines = 'missions: {rules: [{name: prod, paths: ["*-prod/**"], chain: full}]}\n';
  for (const [path, expected] of [
    ['eu-*', 'full 1 prod'],
    ['eu-prod', 'full 1 prod'],
    ['*', 'full 1 prod'],
    ['eu-test', 'short 1'],
  ] as const)
    assert.equal(told(lines, ask({ paths: [path] })), expected, path);
});

test('globs that take long to be held against each other do not', () => {
  const deep = `${'**/a/'.repeat(400)}b`;
  const rule = `missions: {rules: [{name: deep, paths: ["${'a/**/'.repeat(100)}c"], chain: full}]}\n`;
  assert.equal(told(rule, ask({ paths: [deep] })), 'full 1 deep');
});

test('an undeclared size may be as large as the budget lets it', () => {
  assert.equal(told(RULES, ask({ paths: ['src/a.ts'], isFile, diffLines: 499 })), 'short 1');
  assert.equal(told(RULES, ask({ paths: ['src/a.ts'], isFile, diffLines: 500 })), 'full 1 large');
  assert.equal(told(RULES, ask({ paths: ['src/a.ts'], isFile, diffLines: null })), 'full 1 large');
  const small = `${RULES}  budget: {diff_lines: 100}\n`;
  assert.equal(told(small, ask({ paths: ['src/a.ts'], isFile, diffLines: null })), 'short 1');
  // where it may be small, what comes after counts too
  const two = `missions:
  rules: [{name: large, min_diff_lines: 5}, {name: rest, reviewers: 2}]
`;
  assert.equal(told(two, ask({ diffLines: 9 })), 'short 2 large+rest');
});

test('a rule may be kept to lanes and requesters', () => {
  const lines = `missions:
  rules: [{name: ops, lanes: [ops], chain: full}, {name: eve, requesters: [eve, 7], reviewers: 2}]
`;
  assert.equal(told(lines, ask({}, { lane: 'OPS' })), 'full 1 ops');
  assert.equal(told(lines, ask({})), 'short 1');
  assert.equal(told(lines, ask({}, { requester: { uid: 7, user: null } })), 'short 2 eve');
  assert.equal(told(lines, ask({}, { requester: { uid: 1, user: 'eve' } })), 'short 2 eve');
});

test('a mission asks for a stricter chain, never for a lighter one, and only for one that policy names', () => {
  assert.equal(told(RULES, ask({ paths: ['docs/'] }, { chain: 'full' })), 'full 1 docs');
  assert.equal(told(RULES, ask({ paths: ['billing/'] }, { chain: 'short' })), 'full 2 close money');
  assert.throws(
    () => told(RULES, ask({}, { chain: 'mine' })),
    (e: unknown) => e instanceof WaybillError && e.code === 'POLICY_DENIED' && /short, full/.test(e.hint),
  );
  const mine = 'missions: {chains: [short, mine, full]}\n';
  assert.equal(told(mine, ask({}, { chain: 'mine' })), 'mine 1');
});

test('only agents that every deciding rule allows do it; where none is left, nobody does', () => {
  const agents = (paths: string[]) =>
    missionRulesFor(
      policyOf(`missions:
  rules: [{paths: [a/], agents: [one, two]}, {paths: [b/], agents: [two]}, {paths: [c/], agents: [three]}]
`),
      ask({ paths }),
    ).agents;
  assert.deepEqual(agents(['a/', 'b/']), ['two']);
  assert.deepEqual(agents(['a/', 'c/']), []);
  assert.equal(agents(['d/']), null);
});

test('a mission that names no paths may change those that policy gives', () => {
  const lines = `${RULES}  paths: [docs/]\n`;
  const found = missionRulesFor(policyOf(lines), ask({}));
  assert.deepEqual([found.paths, found.chain], [['docs/'], 'short']);
  assert.deepEqual(missionRulesFor(policyOf(lines), ask({ paths: ['src/'] })).paths, ['src/']);
});

test('rule 14: what it really changed is held against what it ran under', () => {
  const policy = policyOf(RULES);
  const question = { root: '/r', lane: 'MAIN', requester: { uid: 501, user: 'anna' } };
  const risk = (ran: MissionQuestion, paths: string[], diffLines = 10) =>
    riskierThan(policy, missionRulesFor(policy, ran), question, { paths, diffLines });
  const docs = ask({ paths: ['docs/'] });
  assert.equal(risk(docs, ['docs/a.md', 'src/a.ts']), null);
  assert.equal(
    risk(docs, ['docs/a.md', 'billing/rates.yaml']),
    'what it changed needs the chain full, and it ran under short; 2 reviewers, and it had 1; that a person is asked before close; says money (policy.yaml:4), docs (policy.yaml:5)',
  );
  assert.match(risk(docs, ['docs/a.md'], 10) ?? '', /^$/);
  assert.match(risk(docs, ['src/a.ts'], 500) ?? '', /the chain full.* large/);
  assert.match(risk(docs, ['db/x.sql']) ?? '', /3 reviewers/);
  assert.equal(risk(ask({ diffLines: null }), ['billing/a', 'db/x.sql', 'src/a.ts'], 2000), null, 'all was foreseen');
  const gone = { chain: 'dropped', reviewers: 9, checkpoints: ['close'] };
  assert.match(riskierThan(policy, gone, question, { paths: ['docs/a'], diffLines: 1 }) ?? '', /ran under dropped/);
});

test.run();
