import { symlinkSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { OrderDocument } from '../../src/order/generated.ts';
import type { Mission } from '../../src/order/order.ts';
import { judge, ruleText, subjectText } from '../../src/policy/judge.ts';
import { assert, suite } from '../support/suite.ts';
import { placeFor, program, put } from './commands/places.ts';
import { judged, policyOf, questionOf, running, verdict, writing } from './questions.ts';

/** Rules 7 and 8: what runs, what asks, what never runs, and which rule says so. */
const test = suite('policy/judge');

test('without a rule file actions are safe and commands ask; defaults say otherwise', (t) => {
  const place = placeFor(t);
  assert.equal(verdict(judged(policyOf(), place, writing('docs/a.md'))), 'safe default defaults.paths');
  assert.equal(verdict(judged(policyOf(), place, running('npm test'))), 'ask default defaults.commands');
  const strict = policyOf('defaults: {paths: ask, commands: never}\n');
  assert.equal(verdict(judged(strict, place, writing('docs/a.md'))), 'ask default defaults.paths');
  assert.equal(verdict(judged(strict, place, running('npm test'))), 'never default defaults.commands');
  const open = policyOf('defaults: {commands: safe}\n');
  assert.equal(verdict(judged(open, place, running('npm test'))), 'safe default defaults.commands');
  assert.equal(verdict(judged(open, place, running('npm test | tail -1'))), 'ask built in shell', 'a line for a shell');
  assert.equal(verdict(judged(open, place, running('nowhere'))), 'ask built in shell', 'no such program');
});

test('the first rule that matches decides, and says its name, its line and why', (t) => {
  const place = placeFor(t);
  const policy = policyOf(`rules:
  - {name: open, class: safe, paths: [docs/open/]}
  - {name: docs, class: ask, paths: ["docs/**"], why: they are printed}
  - {class: never, paths: [docs/closed/, billing/]}
  - {name: tests, class: safe, commands: [[npm, test]]}
  - {name: npm, class: never, commands: [[npm]]}
`);
  for (const [path, expected] of [
    ['docs/open/a', 'safe rule open'],
    ['docs/a', 'ask rule docs'],
    ['docs/closed/a', 'ask rule docs'],
    ['billing/a', 'never rule rule 3'],
    ['src/a', 'safe default defaults.paths'],
  ] as const)
    assert.equal(verdict(judged(policy, place, writing(path))), expected, path);
  assert.equal(verdict(judged(policy, place, running('npm test'))), 'safe rule tests');
  assert.equal(verdict(judged(policy, place, running('npm publish'))), 'never rule npm');
  const [ruling] = judged(policy, place, writing('docs/a')).rulings;
  assert.deepEqual(
    [ruling?.line, ruling?.why, ruling && ruleText(ruling), ruling && subjectText(ruling.subject)],
    [4, 'they are printed', 'rule "docs" (policy.yaml:4)', 'docs/a'],
  );
});

test('the strictest of all paths, commands and checks decides about an order', (t) => {
  const place = placeFor(t);
  const policy = policyOf(`rules:
  - {class: ask, paths: [a]}
  - {class: never, paths: [n]}
  - {class: safe, commands: [git status]}
`);
  const doc = (paths: string[], ...checks: string[]) =>
    ({ ...writing(...paths), post_verify: checks }) as Partial<OrderDocument>;
  assert.equal(judged(policy, place, doc(['s'], 'git status')).class, 'safe');
  assert.equal(judged(policy, place, doc(['s', 'a'], 'git status')).class, 'ask');
  assert.equal(judged(policy, place, doc(['s'], 'git status', 'git log')).class, 'ask', 'a check is a command');
  assert.equal(judged(policy, place, doc(['a', 'n'], 'git log')).class, 'never');
});

test('a rule may be limited to lanes and requesters; the requester is who owns the file', (t) => {
  const place = placeFor(t);
  const policy = policyOf(`rules:
  - {name: lane, class: safe, commands: [[npm, test]], lanes: [code]}
  - {name: number, class: safe, commands: [[npm, test]], requesters: [502]}
  - {name: user, class: safe, commands: [[npm, test]], requesters: [bob]}
  - {name: both, class: never, commands: [[npm, test]], lanes: [OPS], requesters: [eve]}
`);
  const as = (lane: string, uid: number, user: string | null) =>
    verdict(judged(policy, place, running('npm test'), { lane, requester: { uid, user } }));
  assert.equal(as('CODE', 1, 'eve'), 'safe rule lane');
  assert.equal(as('MAIN', 502, null), 'safe rule number');
  assert.equal(as('MAIN', 7, 'bob'), 'safe rule user');
  assert.equal(as('MAIN', 5020, 'bobby'), 'ask default defaults.commands');
  assert.equal(as('MAIN', 1, null), 'ask default defaults.commands');
  assert.equal(as('OPS', 1, 'eve'), 'never rule both');
  assert.equal(as('MAIN', 1, 'eve'), 'ask default defaults.commands');
  const claims = { ...running('npm test'), declared_by: 'bob', owner: 'bob' } as Partial<OrderDocument>;
  assert.equal(
    verdict(judged(policy, place, claims)),
    'ask default defaults.commands',
    'a name in the file is a claim',
  );
});

test('rule 8: a list covers a program by its first arguments, never a part of a line', (t) => {
  const place = placeFor(t);
  const policy = policyOf(
    `rules: [{name: it, class: safe, commands: [[npm, test], [git, log], [scripts/run.sh, a]]}]\n`,
  );
  program(join(place.root, 'other/npm'));
  for (const run of ['npm test', 'npm  "test" -- --grep x', ['git', 'log', '$(x)', ';', 'rm'], './scripts/run.sh a b'])
    assert.equal(verdict(judged(policy, place, running(run))), 'safe rule it', String(run));
  for (const run of [
    'npm',
    'npm run test',
    'npm testing',
    ['npm', 'test '],
    'npm test; rm x',
    'npm test && git log',
    'npm test > out',
    'npm $x test',
    'A=b npm test',
    'other/npm test',
    'env npm test',
    'sh -c "npm test"',
    'scripts/run.sh b',
    '"npm test"',
    ['npm test'],
    'NPM test',
  ])
    assert.equal(judged(policy, place, running(run)).class, 'ask', String(run));
});

test('rule 8: programs that are one file under many names are each its own', (t) => {
  const place = placeFor(t);
  for (const name of ['first', 'second']) symlinkSync('busybox', join(place.path, name));
  const policy = policyOf('rules: [{name: it, class: safe, commands: [[first]]}]\n');
  assert.equal(verdict(judged(policy, place, running('first x'))), 'safe rule it');
  assert.equal(judged(policy, place, running('second x')).class, 'ask');
  assert.equal(judged(policy, place, running('busybox x')).class, 'ask');
});

test('rule 8: a prefix never covers a call that carries code or another command; only all of its words do', (t) => {
  const place = placeFor(t);
  const policy = policyOf(`rules:
  - name: it
    class: safe
    commands: [[node], [git], [find], [sh, scripts/run.sh], [sh, -c, git status], [xargs], [tar, -xf, a.tar]]
`);
  for (const run of [['node', 'scripts/check.mjs'], 'git log', 'find . -name x', 'sh scripts/run.sh', 'tar -xf a.tar'])
    assert.equal(verdict(judged(policy, place, running(run))), 'safe rule it', String(run));
  assert.equal(verdict(judged(policy, place, running(['sh', '-c', 'git status']))), 'safe rule it', 'all of its words');
  for (const run of [
    ['node', '-e', 'x'],
    'git -c core.pager=x log',
    'find . -exec rm x ;',
    ['find', '.', '-exec', 'rm', '{}', ';'],
    ['sh', '-c', 'git status; x'],
    ['xargs', 'rm'],
    ['tar', '-xf', 'a.tar', '--to-command=x'],
  ])
    assert.equal(judged(policy, place, running(run)).class, 'ask', String(run));
});

test('rule 8: a text covers just this line, as a whole, or the simple command that it is; * alone covers anything', (t) => {
  const place = placeFor(t);
  const policy = policyOf(`rules: [{name: it, class: safe, commands: ["git log | head -3", "npm test"]}]\n`);
  for (const run of ['git log | head -3', ' git log | head -3\n', 'npm test', "npm 'test'", ['npm', 'test']])
    assert.equal(verdict(judged(policy, place, running(run))), 'safe rule it', String(run));
  for (const run of [
    'git log | head -3; x',
    'git log |  head -3',
    'git log',
    'npm test a',
    ['git log | head -3'],
    'npm',
  ])
    assert.equal(judged(policy, place, running(run)).class, 'ask', String(run));
  const anything = policyOf('rules: [{name: all, class: safe, commands: ["*"]}]\n');
  for (const run of ['git log | head -3; x', 'nowhere', ['sh', '-c', 'x']])
    assert.equal(verdict(judged(anything, place, running(run))), 'safe rule all', String(run));
  const star = policyOf('rules: [{name: all, class: safe, commands: [["*"]]}]\n');
  assert.equal(judged(star, place, running('npm test')).class, 'ask', 'in a list it is a name');
});

test('built-in never comes before every rule, trust and default', (t) => {
  const place = placeFor(t);
  const policy = policyOf(`rules:
  - {class: safe, commands: ["*", [sudo], "git push --force origin main"]}
  - {class: safe, paths: ["**", "~/.ssh/", /etc/]}
`);
  const all = { isTrusted: () => true };
  for (const run of [
    'sudo ls',
    'git push --force origin main',
    'cat ~/.ssh/id_rsa',
    'echo x > policy.yaml',
    'git config core.hooksPath x',
    'waybill approve WO-1',
    'npm test; sudo ls',
  ])
    assert.equal(verdict(judged(policy, place, running(run), all)), 'never built in commands', run);
  const path = (at: string) => verdict(judged(policy, place, writing(at), all));
  assert.equal(path(join(homedir(), '.ssh/authorized_keys')), 'never built in credentials');
  assert.equal(path('/etc/sudoers'), 'never built in credentials');
  assert.equal(path('.husky/pre-commit'), 'never built in hooks');
  assert.equal(path('sub/.Githooks/x'), 'never built in hooks');
  assert.equal(
    verdict(judged(policy, place, writing('my/hooks/x'), { hooksPath: 'my/hooks', ...all })),
    'never built in hooks',
  );
});

test("files by which somebody's tools run programs ask by default, and a rule may say otherwise", (t) => {
  const place = placeFor(t);
  for (const path of ['.vscode/tasks.json', '.envrc', 'sub/.gitattributes', '.claude/settings.json', '.mcp.json'])
    assert.equal(verdict(judged(policyOf(), place, writing(path))), 'ask built in tools', path);
  const rule = policyOf('rules: [{name: mine, class: safe, paths: [.vscode/]}]\n');
  assert.equal(verdict(judged(rule, place, writing('.vscode/tasks.json'))), 'safe rule mine');
  const closed = policyOf('defaults: {paths: never}\n');
  assert.equal(judged(closed, place, writing('.envrc')).class, 'never', 'never less strict than the default');
});

test('rule 8: an order that writes what its own command runs by asks, whatever rule allows the command', (t) => {
  const place = placeFor(t);
  const policy = policyOf(
    `rules: [{name: it, class: safe, commands: [[npm, test], [sh, scripts/new.sh], "make all && echo ok"]}]\n`,
  );
  const doc = (path: string, run: string) => ({ ...writing(path), ...running(run) });
  const of = (path: string, run: string) => judged(policy, place, doc(path, run)).rulings.at(-1);
  for (const [path, run] of [
    ['package.json', 'npm test'],
    ['scripts/new.sh', 'sh scripts/new.sh'],
    ['Makefile', 'make all && echo ok'],
  ] as const) {
    assert.equal(judged(policy, place, running(run)).class, 'safe', run);
    const ruling = of(path, run);
    assert.deepEqual([ruling?.class, ruling?.rule, ruling?.pattern], ['ask', 'own script', null], run);
    assert.match(ruling?.why ?? '', new RegExp(`itself writes ${path}`));
  }
  assert.equal(of('notes.txt', 'npm test')?.class, 'safe', 'another file');
  const trusting = { isTrusted: () => true };
  assert.equal(judged(policyOf(), place, doc('package.json', 'npm test'), trusting).class, 'ask', 'trust or not');
  const anything = policyOf('rules: [{class: safe, commands: ["*"]}]\n');
  assert.equal(judged(anything, place, doc('package.json', 'npm test')).class, 'safe', '* says so');
});

test('trust makes safe just what was approved: these words, this program, this folder, these files', (t) => {
  const place = placeFor(t);
  const policy = policyOf('rules: [{name: asks, class: ask, commands: [[npm, test]], proof: terminal}]\n');
  const pattern = (run: string | string[], more = {}) =>
    judged(policy, place, running(run), more).rulings.at(-1)?.pattern ?? null;
  const approved = pattern('npm test');
  assert.match(approved ?? '', /^sha256:/);
  const trusting = { isTrusted: (p: string) => p === approved };
  const again = judged(policy, place, running(['npm', 'test']), trusting);
  assert.equal(verdict(again), 'safe trust asks');
  assert.equal(judged(policy, place, running('npm test -- x'), trusting).class, 'ask', 'other words');
  const elsewhere = { actions: [{ action: 'command', command: 'npm test', cwd: 'scripts' }] } as Partial<OrderDocument>;
  assert.equal(judged(policy, place, elsewhere, trusting).class, 'ask', 'another folder');
  put(join(place.root, 'package.json'), '{"scripts": {"test": "rm -rf /"}}');
  assert.equal(judged(policy, place, running('npm test'), trusting).class, 'ask', 'another script');
  put(join(place.root, 'package.json'));
  assert.equal(judged(policy, place, running('npm test'), trusting).class, 'safe');
  program(join(place.root, '../other/npm'));
  const other = { ...trusting, searchPath: `${join(place.root, '../other')}:${place.path}` };
  assert.equal(judged(policy, place, running('npm test'), other).class, 'ask', 'another program');
  assert.equal(pattern('npm test | tail'), null, 'a line for a shell is never promoted');
});

test('trust of a path is of this path alone, and undoes no never', (t) => {
  const place = placeFor(t);
  const policy = policyOf('rules: [{class: ask, paths: [docs/]}, {class: never, paths: [billing/]}]\n');
  const approved = judged(policy, place, writing('docs/a')).rulings[0]?.pattern;
  const trusting = { isTrusted: (p: string) => p === approved };
  assert.equal(judged(policy, place, writing('docs/a'), trusting).class, 'safe');
  assert.equal(judged(policy, place, writing('docs/b'), trusting).class, 'ask');
  assert.equal(judged(policy, place, writing('billing/a'), { isTrusted: () => true }).class, 'never');
});

test('always_ask is never promoted, however a rule came to ask', (t) => {
  const place = placeFor(t);
  const policy = policyOf(
    'always_ask: {paths: [docs/], commands: [[npm, publish]]}\nrules: [{class: ask, paths: [docs/]}]\n',
  );
  const all = { isTrusted: () => true };
  for (const doc of [writing('docs/a'), running('npm publish'), running('npm publish --tag x')]) {
    const judgement = judged(policy, place, doc, all);
    assert.deepEqual([judgement.class, judgement.rulings[0]?.pattern], ['ask', null], JSON.stringify(doc));
  }
  assert.equal(judged(policy, place, running('npm test'), all).class, 'safe');
});

test('rule 13: what asks says which proof is enough and who may decide; the rest asks for none', (t) => {
  const place = placeFor(t);
  const key = 'ssh-ed25519 AAAA anna';
  const policy = policyOf(`approvers: [{name: anna, keys: ["${key}"]}, {name: bob}]
approvals: {proof: ssh}
rules:
  - {name: weak, class: ask, paths: [docs/], proof: terminal, approvers: [bob]}
  - {name: strong, class: ask, paths: [src/]}
  - {name: free, class: safe, paths: [free/], proof: ssh}
`);
  const of = (doc: Partial<OrderDocument>) => {
    const [ruling] = judged(policy, place, doc).rulings;
    return [ruling?.class, ruling?.proof, ruling?.approvers];
  };
  assert.deepEqual(of(writing('docs/a')), ['ask', 'terminal', ['bob']]);
  assert.deepEqual(of(writing('src/a')), ['ask', 'ssh', null]);
  assert.deepEqual(of(writing('free/a')), ['safe', null, null]);
  assert.deepEqual(of(running('npm test')), ['ask', 'ssh', null]);
  assert.deepEqual(of(writing('.envrc')), ['ask', 'ssh', null]);
});

test('an order may ask for itself, and name who decides, but only among approvers; it is never promoted', (t) => {
  const place = placeFor(t);
  const policy = policyOf('approvers: [{name: anna}, {name: bob}]\n');
  const asking = (by: string[]) => ({ ...writing('a'), approval: { by, why: 'look first' } }) as Partial<OrderDocument>;
  const all = { isTrusted: () => true };
  for (const [by, expected] of [
    [['bob'], ['bob']],
    [['eve', 'anna'], ['anna']],
    [['eve'], null],
    [[], null],
  ] as const) {
    const { rulings } = judged(policy, place, asking([...by]), all);
    assert.deepEqual(
      rulings.map((r) => [r.class, r.by, r.rule, r.why, r.approvers, r.pattern]),
      [
        [
          'ask',
          'order',
          'approval',
          by.length === 0 ? 'look first' : `look first; asks ${by.join(', ')}`,
          expected,
          null,
        ],
        ['safe', 'default', 'defaults.paths', 'inside the fence', null, null],
      ],
      by.join(),
    );
  }
});

test('an order that carries a secret asks, and so does a mission over budget', (t) => {
  const place = placeFor(t);
  const secret = judged(policyOf(), place, writing('a'), { secrets: ['aws key'] });
  assert.equal(verdict(secret), 'ask order secret, safe default defaults.paths');
  const policy = policyOf('budgets: {usd: 5}\n');
  for (const [usd, expected] of [
    [6, 'ask order budget'],
    [5, ''],
    [null, ''],
  ] as const) {
    const question = questionOf(place, writing('a'), { paths: [] });
    const mission = { budget: { usd, tokens: null, seconds: null } } as unknown as Mission;
    assert.equal(verdict(judge(policy, { ...question, order: { ...question.order, mission } })), expected, String(usd));
  }
  for (const key of ['tokens', 'usd', 'seconds', 'attempts', 'diff_lines']) {
    const question = questionOf(place, writing('a'), { paths: [] });
    const asks = (wanted: number) =>
      judge(policyOf(`budgets: {${key}: 5}\n`), {
        ...question,
        order: { ...question.order, mission: { budget: { [key]: wanted } } as unknown as Mission },
      }).rulings.map(({ why }) => why);
    assert.deepEqual(asks(5), [], key);
    assert.deepEqual(asks(6), [`asks for 6 ${key.replace('_', ' ')}, policy gives 5`]);
  }
});

test('a judgement tells what each command was recognised as, with the hashes of what it runs by', (t) => {
  const place = placeFor(t);
  const { commands } = judged(policyOf(), place, running('npm test'));
  const [command] = commands;
  assert.ok(command?.recognised.kind === 'program');
  assert.equal(command.recognised.program, join(place.path, 'npm'));
  assert.deepEqual(
    command.reads.map(({ path }) => path),
    ['package.json'],
  );
  assert.match(command.reads[0]?.sha256 ?? '', /^sha256:[0-9a-f]{64}$/);
  assert.ok(!('place' in command));
});

test.run();
