import { mkdirSync } from 'node:fs';
import { decide, HELLO, mission, missionStation, type Script, stepped, steps, whyOf } from '../../support/missions.ts';
import { assert, suite } from '../../support/suite.ts';

const test = suite('pipeline/missions: what one may change', { needs: ['script'] });

const hello = { 'src/hello.txt': 'hello\n' };

test('rules 9 and 14: whatever a builder changes beside its paths is found, taken back, kept and asked about; nothing of it lands', (t) => {
  const outside = t.tempDir();
  mkdirSync(outside, { recursive: true });
  // what is done, and a part of why it was found
  const bad: Record<string, { turn: Script[string][number]; why: RegExp }> = {
    'WO-ELSEWHERE': { turn: { write: { ...hello, 'docs/a.md': 'a\n' } }, why: /docs\/a\.md/ },
    'WO-AGENTS': {
      turn: { write: { ...hello, 'agents/reviewer/agent.yaml': 'version: 1\n' } },
      why: /agents\/reviewer/,
    },
    'WO-POLICY': { turn: { write: { ...hello, 'policy.yaml': 'version: 1\n' } }, why: /policy\.yaml/ },
    'WO-LINK': { turn: { write: hello, run: `ln -s ${outside} src/out` }, why: /src\/out/ },
    'WO-NESTED': { turn: { write: hello, run: 'git init -q src/nested && touch src/nested/a' }, why: /src\/nested/ },
    'WO-PROTECTED': { turn: { write: { ...hello, 'src/secret/key.txt': 'k\n' } }, why: /src\/secret\/key\.txt/ },
    'WO-DELETES': { turn: { write: hello, delete: ['README.md'] }, why: /README\.md/ },
  };
  const { station: s, agents } = missionStation(
    t,
    Object.fromEntries(Object.entries(bad).map(([woId, { turn }]) => [`${woId}/build`, [turn]])),
    {
      policy: 'version: 1\nrules: [{class: never, paths: ["src/secret/**"]}]\n',
      files: { 'README.md': 'read\n', 'docs/b.md': 'b\n' },
    },
  );
  const head = s.git('rev-parse', 'HEAD');
  for (const woId of Object.keys(bad)) s.drop(mission(woId));
  s.drain();
  for (const [woId, { why }] of Object.entries(bad)) {
    const build = steps(s, woId).find(({ step }) => step === 'build');
    assert.equal(build?.ok, false, `${woId}: ${whyOf(s, woId)}`);
    assert.equal(build?.failure, 'governance_violation', `${woId}: ${build?.why}`);
    assert.match(build?.why ?? '', why, woId);
    assert.equal(s.state(woId).waiting_for, 'checkpoint', `${woId}: a person decides`);
    assert.equal(agents.calls().filter(({ order }) => order === woId).length, 2, `${woId}: it is not tried again`);
    assert.match(s.waybill('keep', 'show', woId).stdout, /src\/hello\.txt/, `${woId}: kept`);
  }
  assert.equal(s.git('rev-parse', 'HEAD'), head);
  assert.equal(s.git('status', '--short'), '');
});

test('rule 14: who only designs or reviews and changes files is found; what it changed is taken back and kept', (t) => {
  const { station: s } = missionStation(t, {
    ...HELLO,
    'WO-ONCE/design': [
      { write: { 'src/util/crypto.py': 'def hash_json(): ...\n' }, say: 'Done. Added hash_json.' },
      {},
    ],
    'WO-REVIEW/review': [{ write: { 'src/hello.txt': 'as I like it\n' } }],
  });
  s.drop(mission('WO-ONCE'));
  s.drain();
  assert.equal(s.state('WO-ONCE').status, 'done', whyOf(s, 'WO-ONCE'));
  assert.deepEqual(stepped(s, 'WO-ONCE').slice(2, 5), ['design!ENVELOPE_VIOLATION', 'design', 'build']);
  assert.equal(s.exists('src/util/crypto.py'), false);
  assert.match(s.waybill('keep', 'show', 'WO-ONCE').stdout, /crypto\.py/);
  s.git('revert', '--no-edit', 'HEAD');
  s.drop(mission('WO-REVIEW'));
  s.drain();
  assert.equal(s.state('WO-REVIEW').last_error?.code, 'RETRIES_EXHAUSTED', whyOf(s, 'WO-REVIEW'));
  assert.match(s.state('WO-REVIEW').last_error?.message ?? '', /ENVELOPE_VIOLATION/);
  assert.equal(s.commitsOf('WO-REVIEW').length, 0);
});

test('what real agents do with git in their folder changes nothing: commits, branches, a broken .git', (t) => {
  const { station: s } = missionStation(t, {
    'WO-HIDES/build': [
      { write: { ...hello, 'src/.git/hooks/pre-commit': 'exit 1\n', 'src/.gitignore': 'x\n', 'src/x': 'x\n' } },
    ],
    'WO-COMMITS/build': [
      {
        write: { 'src/a.txt': 'a\n' },
        run: 'git checkout -q -b mine && git add -A && git -c user.name=A -c user.email=a@b commit -qm mine --no-verify',
      },
    ],
    'WO-BREAKS/build': [
      { write: { 'src/b.txt': 'b\n' }, run: 'rm .git && git init -q .' },
      { write: { 'src/b.txt': 'b\n' } },
    ],
  });
  s.drop(mission('WO-HIDES'));
  s.drop(mission('WO-COMMITS'));
  s.drop(mission('WO-BREAKS'));
  s.drain();
  assert.equal(s.state('WO-COMMITS').status, 'done', whyOf(s, 'WO-COMMITS'));
  assert.equal(s.read('src/a.txt'), 'a\n');
  assert.equal(s.git('log', '-1', '--format=%an', '--', 'src/a.txt'), 'Anna', "the station's own commit");
  assert.equal(s.git('symbolic-ref', 'HEAD'), 'refs/heads/main');
  const landed = s.git('show', '--name-only', '--format=', s.commitsOf('WO-HIDES')[0] ?? '').split('\n');
  assert.deepEqual(landed, ['src/.gitignore', 'src/hello.txt'], 'what git does not see is no part of the work');
  // nobody can say what is in a folder that is not ours any more: a person decides, or it ends, and nothing lands
  assert.notEqual(s.state('WO-BREAKS').status, 'done');
  assert.equal(s.commitsOf('WO-BREAKS').length, 0);
  assert.match(whyOf(s, 'WO-BREAKS'), /WORKTREE_BROKEN/);
});

test('lesson 13: an envelope that is empty, is no path, or is not there ends it before any agent is asked', (t) => {
  const { station: s, agents } = missionStation(t, HELLO, {
    policy: 'version: 1\nrules: [{class: never, paths: ["closed/**"]}]\n',
    files: { 'closed/a.txt': 'a\n' },
  });
  const cases: Record<string, readonly string[]> = {
    'WO-EMPTY': [],
    'WO-MISSING': ['nowhere/**'],
    'WO-PROSE': ['tests only'],
    'WO-UP': ['../elsewhere/**'],
    'WO-CLOSED': ['closed/**'],
  };
  for (const [woId, paths] of Object.entries(cases)) s.drop(mission(woId, { constraints: { paths } }));
  s.drain();
  for (const woId of Object.keys(cases)) {
    const isRefused = !s.exists(`state/orders/${woId}.json`);
    const code = isRefused
      ? s.rejections().find(({ wo_id: id }) => id === woId)?.error?.code
      : s.state(woId).last_error?.code;
    const expected = woId === 'WO-CLOSED' ? 'GATE_FAILED' : 'ENVELOPE_INVALID';
    assert.equal(code, expected, `${woId}: ${isRefused ? 'rejected' : whyOf(s, woId)}`);
  }
  assert.deepEqual(agents.calls(), []);
});

test('a mission of problem, requirements and success_criteria works; one riskier than its chain asks before it closes', (t) => {
  const { station: s, agents } = missionStation(
    t,
    { 'WO-WORDS/build': [{ write: hello }], 'WO-RISKY/build': [{ write: { 'src/risky.txt': 'a\n'.repeat(8) } }] },
    {
      policy: 'version: 1\nmissions: {rules: [{min_diff_lines: 5, chain: full, reviewers: 2}]}\n',
    },
  );
  const words = {
    problem: 'Nobody says hello.',
    requirements: ['src/hello.txt says hello'],
    success_criteria: ['the file is there'],
  };
  s.drop({ wo_id: 'WO-WORDS', type: 'mission', title: 'Say hello', ...words, constraints: { max_diff_lines: 4 } });
  s.drain();
  assert.equal(s.state('WO-WORDS').status, 'done', whyOf(s, 'WO-WORDS'));
  const [design] = agents.calls();
  for (const text of [words.problem, ...words.requirements, ...words.success_criteria])
    assert.ok(design?.prompt.includes(text), text);
  s.drop(mission('WO-RISKY', { constraints: { paths: ['src/**'], max_diff_lines: 3 } }));
  s.drain();
  assert.equal(s.state('WO-RISKY').waiting_for, 'budget', whyOf(s, 'WO-RISKY'));
  assert.match(whyOf(s, 'WO-RISKY'), /8 of 3 diff lines/);
  decide(s, 'WO-RISKY');
  s.drain();
  assert.equal(s.state('WO-RISKY').waiting_for, 'checkpoint', whyOf(s, 'WO-RISKY'));
  assert.match(whyOf(s, 'WO-RISKY'), /needs the chain full, and it ran under short; 2 reviewers/);
  assert.equal(s.commitsOf('WO-RISKY').length, 0);
  decide(s, 'WO-RISKY');
  s.drain();
  assert.equal(s.state('WO-RISKY').status, 'done', whyOf(s, 'WO-RISKY'));
});

test.run();
