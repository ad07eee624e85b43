import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256 } from '../../../src/order/canonical-json.ts';
import { parsePolicy } from '../../../src/policy/policy.ts';
import { checkEvidence, projectEvidence } from '../../../src/record/evidence.ts';
import { ask } from '../../../src/spine/gates/gate.ts';
import { type AfterWork, askAfterWork } from '../../../src/spine/gates/post-gates.ts';
import { askBeforeWork, type BeforeWork } from '../../../src/spine/gates/pre-gates.ts';
import { assert, suite } from '../../support/suite.ts';
import { BASE, begun, CHANGE, hash, missionOf, REVIEWED, stepped } from '../missions.ts';

const test = suite('gates', { needs: ['git'] });

const BEFORE: BeforeWork = {
  policySha256: hash('e'),
  paths: ['src/**', 'docs/guide.md'],
  protected: ['.github/**', 'policy.yaml'],
  files: ['src/a.js', 'src2/b.js', 'docs/guide.md', 'policy.yaml', '.github/workflows/ci.yml', 'README.md'],
  base: BASE,
  dirty: [],
};
const AFTER: AfterWork = {
  mission: missionOf(REVIEWED),
  policySha256: hash('e'),
  approvals: 1,
  checks: {
    declared: ['npm test'],
    results: [{ name: 'npm test', ok: true }],
    ranOn: BASE,
    result: BASE,
    dirty: [],
  },
  changed: ['src/a.js', 'docs/guide.md'],
  paths: ['src/**', 'docs/guide.md'],
  protected: ['.github/**', 'policy.yaml'],
  evidence: {
    faults: [],
    required: ['receipt.json'],
    present: ['receipt.json', 'manifest.json'],
  },
  packets: [{ name: 'verdict', recorded: hash('2'), found: hash('2') }],
  requiredPackets: ['verdict'],
  commit: { id: BASE, differing: [] },
  ledger: { intact: true, recordedDiff: hash('d'), measuredDiff: hash('d') },
};
const NAMES = {
  pre: ['policy_hash', 'envelope', 'protected_paths', 'clean_base'],
  post: ['policy_unchanged', 'reviewed', 'checks', 'changed_files', 'evidence', 'packets', 'commit', 'ledger'],
};
const closed = (results: ReturnType<typeof ask>) => results.filter(({ ok }) => !ok).map(({ name }) => name);
const before = (more: Partial<BeforeWork>) => closed(askBeforeWork({ ...BEFORE, ...more }));
const after = (more: Partial<AfterWork>) => closed(askAfterWork({ ...AFTER, ...more }));

test('good work passes every gate, and each is named', () => {
  for (const [phase, results] of Object.entries({ pre: askBeforeWork(BEFORE), post: askAfterWork(AFTER) })) {
    assert.deepEqual(closed(results), []);
    assert.deepEqual(
      results.map(({ name }) => name),
      NAMES[phase as 'pre' | 'post'],
    );
    assert.ok(results.every((result) => result.phase === phase && result.why === null));
  }
});

test('rule 14: a chain that only reads is not passed where no check was run', () => {
  const reads = { ...AFTER, readsOnly: true, changed: [], ledger: { ...AFTER.ledger, recordedDiff: '' } as never };
  const none = { declared: [], results: [], ranOn: BASE, result: BASE, dirty: [] };
  assert.ok(!closed(askAfterWork(reads)).includes('checks'));
  assert.ok(closed(askAfterWork({ ...reads, checks: none })).includes('checks'));
  assert.ok(!after({ checks: none }).includes('checks'), 'reviewers looked at what was built');
});

test('lessons 14: a gate that throws, or gives no answer, is not passed, and the ones behind it are asked', () => {
  const asked: string[] = [];
  const gate = (name: string, answer: () => unknown) => ({
    name,
    why: () => {
      asked.push(name);
      return answer() as string | null;
    },
  });
  const results = ask(
    'pre',
    [
      gate('breaks', () => {
        throw new TypeError('boom');
      }),
      gate('nothing', () => undefined),
      gate('empty', () => ''),
      gate('yes', () => true),
      gate('later', () => Promise.resolve(null)),
      gate('good', () => null),
    ],
    {},
  );
  assert.deepEqual(asked, ['breaks', 'nothing', 'empty', 'yes', 'later', 'good']);
  assert.deepEqual(closed(results), ['breaks', 'nothing', 'empty', 'yes', 'later']);
  assert.match(results[0]?.why ?? '', /boom/);
  // also where the whole source is not what it should be
  for (const junk of [{}, { paths: 5, files: 5 }, { changed: 'src/a.js' }] as unknown[]) {
    assert.deepEqual(closed(askBeforeWork(junk as BeforeWork)), NAMES.pre);
    assert.deepEqual(closed(askAfterWork(junk as AfterWork)), NAMES.post);
  }
});

test('rule 7: what nobody could find out is not passed, each at its gate', () => {
  const nothing = Object.fromEntries(Object.keys(BEFORE).map((key) => [key, null])) as unknown as BeforeWork;
  assert.deepEqual(closed(askBeforeWork(nothing)), NAMES.pre);
  const nobody = Object.fromEntries(Object.keys(AFTER).map((key) => [key, null])) as unknown as AfterWork;
  assert.deepEqual(closed(askAfterWork(nobody)), NAMES.post);
  for (const key of Object.keys(BEFORE)) assert.notDeepEqual(before({ [key]: null }), [], key);
  for (const key of Object.keys(AFTER)) assert.notDeepEqual(after({ [key]: null }), [], key);
});

test('lessons 13: an empty scope never passes, nor do words in place of paths', () => {
  assert.deepEqual(before({ paths: [] }), ['envelope']);
  assert.deepEqual(after({ paths: [] }), ['changed_files']);
  for (const path of [
    '',
    ' ',
    'tests only',
    'the source',
    ' src/**',
    '../x',
    'a/../../x',
    '/etc/**',
    '~/x',
    '!src/**',
    'a\\b',
  ])
    assert.ok(before({ paths: ['src/**', path] }).includes('envelope'), path);
  for (const path of ['missing/**', 'missing/', 'missing/a', 'sr', 'newfolder', 'src/*.ts'])
    assert.deepEqual(before({ paths: ['src/**', path] }), ['envelope'], path);
  for (const path of [
    'src',
    'src/',
    'src/a.js',
    '**',
    '*.md',
    'src/new.js',
    './src/new.js',
    'NEW.md',
    'docs/*.md',
    'missing/deep/a.md',
  ])
    assert.deepEqual(before({ paths: [path] }), [], path);
  assert.deepEqual(before({ files: [] }), ['envelope']);
});

test('rule 9: what is protected cannot be declared; what is wider than that can', () => {
  for (const path of [
    'policy.yaml',
    '.github/**',
    '.github',
    '.github/workflows/*.yml',
    'POLICY.yaml',
    '.github/new.yml',
  ])
    assert.ok(before({ paths: ['src/**', path] }).includes('protected_paths'), path);
  assert.deepEqual(before({ paths: ['**'] }), []);
});

test('rule 14: of a mission that writes nothing no review and no change is asked, and whatever is changed is not passed', () => {
  const nothing = missionOf([stepped(1, 'hydrate', { role: null, agent: null, diff_sha256: null })]);
  const looked: Partial<AfterWork> = {
    readsOnly: true,
    mission: nothing,
    changed: [],
    ledger: { intact: true, recordedDiff: null, measuredDiff: null },
  };
  assert.deepEqual(before({ readsOnly: true, paths: [] }), []);
  assert.deepEqual(before({ readsOnly: true, dirty: ['x'] }), ['clean_base']);
  assert.deepEqual(after(looked), []);
  assert.deepEqual(after({ ...looked, readsOnly: false }), ['reviewed', 'changed_files', 'ledger']);
  assert.deepEqual(after({ ...looked, changed: ['src/a.js'] }), ['changed_files']);
  assert.deepEqual(after({ ...looked, changed: null }), ['changed_files']);
  const measured = { intact: true, recordedDiff: null, measuredDiff: hash('d') };
  assert.deepEqual(after({ ...looked, ledger: measured }), ['ledger']);
});

test('lessons 4: a base that is not clean, or no commit, is not begun on', () => {
  assert.deepEqual(before({ dirty: ['a.txt'] }), ['clean_base']);
  for (const base of ['', 'HEAD', 'main', `${BASE} `, BASE.slice(1)])
    assert.deepEqual(before({ base }), ['clean_base']);
  for (const policySha256 of ['', 'sha256:', hash('e').slice(7), 'none'])
    assert.deepEqual(before({ policySha256 }), ['policy_hash']);
});

test('rule 9, lessons 13: what was changed counts, not what was declared, and by whole parts of a path', () => {
  const bad = [
    'src2/b.js',
    'srcx',
    'docs/guide.md.bak',
    'docs/other.md',
    'README.md',
    '.github/workflows/ci.yml',
    'policy.yaml',
    '/etc/passwd',
    'src/../policy.yaml',
    'src//a.js',
    'src/./a.js',
    'src/.git/config',
    'src/.GIT/config',
    'src\\a.js',
    '',
  ];
  for (const path of bad) assert.deepEqual(after({ changed: ['src/a.js', path] }), ['changed_files'], path);
  // protected outranks allowed, however it is spelled
  for (const path of ['policy.yaml', 'Policy.YAML', '.github/x'])
    assert.deepEqual(after({ changed: [path], paths: ['**'] }), ['changed_files'], path);
  assert.deepEqual(after({ changed: ['src/b.js'], paths: ['src/*/**'] }), ['changed_files']);
  assert.deepEqual(after({ changed: ['src/deep/b.js'], paths: ['src/*'] }), []);
  assert.deepEqual(after({ changed: ['a.md'], paths: ['!src/**'] }), ['changed_files']);
  assert.deepEqual(after({ changed: [] }), ['changed_files']);
});

test('review is never assumed: what was built last is approved after that, by as many as are asked for', () => {
  const build = stepped(1, 'build', { changes: [CHANGE] });
  const review = (n: number, verdict: 'approved' | 'rejected' | 'needs_revision' | 'escalate', ok = true) =>
    stepped(n, 'review', { role: 'reviewer', verdict, ok });
  const reviewed = (...history: Parameters<typeof missionOf>[0]) =>
    !after({ mission: missionOf(history) }).includes('reviewed');
  assert.ok(reviewed(build, review(2, 'approved')));
  assert.ok(reviewed(build, review(2, 'needs_revision'), stepped(3, 'build', { changes: [] }), review(4, 'approved')));
  assert.ok(!reviewed(build));
  assert.ok(!reviewed(review(1, 'approved'), stepped(2, 'build', { changes: [CHANGE] })));
  assert.ok(!reviewed(build, review(2, 'approved'), stepped(3, 'close', { changes: [] })));
  assert.ok(
    !reviewed(build, review(2, 'approved'), { kind: 'rebased', base: '0'.repeat(40), changes: [], review: true }),
  );
  assert.ok(!reviewed(build, review(2, 'approved', false)));
  const failed = stepped(3, 'build', { changes: [CHANGE], ok: false, failure: 'test_failure' });
  assert.ok(!reviewed(build, review(2, 'approved'), failed), 'what a failed step left is the work by now');
  for (const verdict of ['rejected', 'needs_revision', 'escalate'] as const) {
    assert.ok(!reviewed(build, review(2, verdict)), verdict);
    assert.ok(!reviewed(build, review(2, 'approved'), review(3, verdict)), verdict);
  }
  assert.deepEqual(after({ approvals: 2 }), ['reviewed']);
  for (const approvals of [0, -1, 0.5, Number.NaN]) assert.deepEqual(after({ approvals }), ['reviewed']);
});

test('rule 14: checks count where all that are declared passed, on a clean checkout of the result', () => {
  const checks = (more: Partial<NonNullable<AfterWork['checks']>>) =>
    after({ checks: AFTER.checks === null ? null : { ...AFTER.checks, ...more } });
  assert.deepEqual(checks({ results: [] }), ['checks']);
  assert.deepEqual(checks({ results: [{ name: 'npm test', ok: false }] }), ['checks']);
  assert.deepEqual(checks({ declared: ['npm test', 'npm test'] }), ['checks']);
  assert.deepEqual(checks({ declared: ['npm test', 'lint'] }), ['checks']);
  assert.deepEqual(checks({ ranOn: '0'.repeat(40) }), ['checks']);
  assert.deepEqual(checks({ ranOn: '', result: '' }), ['checks']);
  assert.deepEqual(checks({ dirty: ['node_modules/x'] }), ['checks']);
  assert.deepEqual(checks({ results: [{ name: 'npm test', ok: 'yes' as unknown as boolean }] }), ['checks']);
  assert.deepEqual(checks({ declared: [], results: [] }), []);
});

test('evidence, packets, commit, policy and ledger: each known to be bad, each for one thing', () => {
  const evidence = (more: object) =>
    after({ evidence: { ...(AFTER.evidence as NonNullable<AfterWork['evidence']>), ...more } });
  assert.deepEqual(evidence({ faults: [{ kind: 'stray', path: 'x' }] }), ['evidence']);
  assert.deepEqual(evidence({ required: [] }), ['evidence']);
  assert.deepEqual(evidence({ present: [] }), ['evidence']);
  assert.deepEqual(evidence({ present: ['elsewhere/receipt.json'] }), ['evidence'], 'a name alone is no path');
  for (const packets of [
    [],
    [{ name: 'verdict', recorded: hash('2'), found: null }],
    [{ name: 'verdict', recorded: hash('2'), found: hash('3') }],
    [{ name: 'verdict', recorded: '', found: '' }],
    [{ name: 'build_report', recorded: hash('2'), found: hash('2') }],
  ])
    assert.deepEqual(after({ packets }), ['packets']);
  assert.deepEqual(after({ requiredPackets: [] }), ['packets']);
  assert.deepEqual(after({ commit: { id: 'HEAD', differing: [] } }), ['commit']);
  assert.deepEqual(after({ commit: { id: BASE, differing: ['src/a.js'] } }), ['commit']);
  assert.deepEqual(after({ policySha256: hash('0') }), ['policy_unchanged']);
  for (const ledger of [
    { intact: false, recordedDiff: hash('d'), measuredDiff: hash('d') },
    { intact: true, recordedDiff: hash('d'), measuredDiff: hash('0') },
    { intact: true, recordedDiff: null, measuredDiff: null },
  ])
    assert.deepEqual(after({ ledger }), ['ledger']);
  assert.deepEqual(after({ mission: missionOf(REVIEWED, begun(3, 'close')) }), ['ledger']);
});

test('rule 14: the gates take what git, policy and evidence really give', (t) => {
  const root = t.tempDir();
  const git = (...argv: string[]) =>
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...argv], { cwd: root, encoding: 'utf8' });
  git('init', '-q');
  writeFileSync(join(root, 'policy.yaml'), 'version: 1\n');
  writeFileSync(join(root, 'a.md'), 'x\n');
  git('add', '.');
  git('commit', '-qm', 'x');
  const lines = (text: string) => text.split('\0').filter((line) => line !== '');
  const looked = (): Partial<BeforeWork> => ({
    policySha256: parsePolicy(Buffer.from('version: 1\n')).sha256,
    paths: ['*.md'],
    files: lines(git('ls-tree', '-r', '-z', '--name-only', 'HEAD')),
    base: git('rev-parse', 'HEAD').trim(),
    dirty: lines(git('status', '-z', '--porcelain')),
  });
  assert.deepEqual(before(looked()), []);
  writeFileSync(join(root, 'left.tmp'), '');
  assert.deepEqual(before(looked()), ['clean_base']);

  const folder = join(t.tempDir(), 'WO-1');
  const bytes = Buffer.from('{}\n');
  const manifest = Buffer.from(
    JSON.stringify({
      v: 1,
      wo_id: 'WO-1',
      attempt: 1,
      files: [{ path: 'receipt.json', sha256: sha256(bytes), size: 3 }],
    }),
  );
  projectEvidence(folder, {
    files: [
      { path: 'receipt.json', bytes },
      { path: 'manifest.json', bytes: manifest },
    ],
  });
  const found = () => {
    const faults = checkEvidence(folder, sha256(manifest));
    return after({ evidence: { faults, required: ['receipt.json'], present: ['receipt.json'] } });
  };
  assert.deepEqual(found(), []);
  rmSync(join(folder, 'receipt.json'));
  assert.deepEqual(found(), ['evidence']);
});

test.run();
