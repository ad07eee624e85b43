import { join } from 'node:path';
import { type Agents, decide, HELLO, mission, missionStation, stepped, whyOf } from '../../support/missions.ts';
import { type TestStation, until } from '../../support/station.ts';
import { assert, suite } from '../../support/suite.ts';

const test = suite('pipeline/missions: what moves while one waits', { needs: ['script'] });

const TEN = Array.from({ length: 10 }, (_, n) => `${n}\n`).join('');
const OTHER_POLICY = 'echo "# other" >> "$WAYBILL_STATION/policy.yaml"';
const SAFE = 'version: 1\nrules: [{class: safe, commands: ["*"]}]\n';
const ESCALATED = [{ verdict: 'escalate' }, {}];

function waitsFor(s: TestStation, woId: string, what: string, why: RegExp): void {
  const { status, waiting_for: waits } = s.state(woId);
  assert.deepEqual([status, waits], ['parked', what], whyOf(s, woId));
  assert.match(whyOf(s, woId), why);
}

function isDone(s: TestStation, woId: string): void {
  assert.equal(s.state(woId).status, 'done', whyOf(s, woId));
}

/** What each of its reviewers was told. */
function promptsOf(agents: Agents, woId: string): string[] {
  return agents.calls().flatMap(({ order, step, prompt }) => (order === woId && step === 'review' ? [prompt] : []));
}

test('a base that moved while it waited is reviewed again; what both changed is merged, or waits for a person with both kept', (t) => {
  const edit = (path: string, text: string) => ({ write: { [path]: text } });
  const { station: s, agents } = missionStation(
    t,
    {
      'WO-OTHER/build': [edit('src/other.txt', 'mine\n')],
      'WO-SAME/build': [edit('src/ten.txt', TEN.replace('9', 'mine'))],
      'WO-CLASH/build': [edit('src/old.txt', 'mine\n')],
      review: ESCALATED,
    },
    { files: { 'src/ten.txt': TEN } },
  );
  const all = ['WO-OTHER', 'WO-SAME', 'WO-CLASH'];
  for (const woId of all) s.drop(mission(woId));
  s.drain();
  for (const woId of all) waitsFor(s, woId, 'checkpoint', /wants a person/);
  s.write('src/ten.txt', TEN.replace('7', 'theirs'));
  s.write('src/old.txt', 'theirs\n');
  s.write('beside.txt', 'theirs\n');
  s.commitAll('Somebody goes on');
  for (const woId of all) decide(s, woId);
  s.drain();
  for (const woId of ['WO-OTHER', 'WO-SAME']) {
    isDone(s, woId);
    const twice = agents.calls().filter(({ order, step }) => order === woId && step === 'review');
    assert.equal(twice.length, 2, `${woId}: what was approved stood on another commit`);
  }
  assert.equal(s.read('src/ten.txt'), TEN.replace('7', 'theirs').replace('9', 'mine'));
  const [before = '', after = ''] = promptsOf(agents, 'WO-SAME');
  assert.match(before, / 7\\n 8\\n-9\\n\+mine/, 'as the first reviewer was told');
  assert.match(after, / theirs\\n 8\\n-9\\n\+mine/, 'rule 14: the next one is told what would land');
  const [first, second] = [before, after].map((prompt) => [...prompt.matchAll(/"base": "(\w+)"/g)].at(-1)?.[1] ?? '');
  const moved = s.git('rev-parse', ':/Somebody goes on').trim();
  assert.equal(first, s.git('rev-parse', `${moved}~`).trim());
  assert.equal(s.git('merge-base', moved, second ?? '').trim(), moved, 'and the commit that it is made to');
  waitsFor(s, 'WO-CLASH', 'hold', /does not fit/);
  assert.equal(s.read('src/old.txt'), 'theirs\n');
  assert.match(s.waybill('keep', 'show', 'WO-CLASH').stdout, /old\.txt/);
  assert.equal(s.git('status', '--short'), '');
});

test('what moved after the review is reviewed as it would land, also where it moved when all was done', (t) => {
  const edit = (path: string) => ({ write: { [path]: TEN.replace('9', 'mine') } });
  const commit = (path: string) =>
    `cd "$WAYBILL_STATION" && sed -i s/7/theirs/ ${path} && git commit -q -m moved ${path}`;
  const { station: s, agents } = missionStation(
    t,
    {
      'WO-CLOSE/build': [edit('src/close.txt')],
      'WO-CLOSE/review': [{ run: commit('src/close.txt') }, {}],
      'WO-LAND/build': [edit('src/land.txt')],
    },
    { files: { 'src/close.txt': TEN, 'src/land.txt': TEN }, policy: SAFE },
  );
  s.drop(mission('WO-CLOSE'));
  s.drain();
  // its checks run when it was built, and at the close: then somebody commits before it lands
  const runs = join(agents.folder, 'runs');
  const once = `echo >> ${runs}; test "$(wc -l < ${runs})" -ne 2 || (${commit('src/land.txt')})`;
  s.drop(mission('WO-LAND', { post_verify: [{ name: 'once', command: once.replace('$WAYBILL_STATION', s.root) }] }));
  s.drain();
  for (const [woId, path] of [
    ['WO-CLOSE', 'src/close.txt'],
    ['WO-LAND', 'src/land.txt'],
  ] as const) {
    isDone(s, woId);
    assert.equal(s.read(path), TEN.replace('7', 'theirs').replace('9', 'mine'));
    const prompts = promptsOf(agents, woId);
    assert.equal(prompts.length, 2, woId);
    assert.match(prompts[1] ?? '', / theirs\\n 8\\n-9\\n\+mine/);
    const [shown = ''] = s.names('state/artifacts/review_packets').filter((name) => name.includes(woId));
    assert.match(s.read(`state/artifacts/review_packets/${shown}`), /^ theirs\n 8\n-9\n\+mine$/m);
    assert.equal(s.waybill('verify', woId).code, 0);
  }
});

test('lesson 9: a changed policy stops it with its work, asks by its name, and then counts; what it would let pass is asked too', (t) => {
  const { station: s, agents } = missionStation(t, {
    ...HELLO,
    'WO-MID/design': [{ run: OTHER_POLICY }],
    'WO-MID/build': [{ write: { 'src/mid.txt': 'mid\n' } }],
    'WO-WAIT/review': ESCALATED,
    'WO-BOTH/review': [{ verdict: 'escalate', run: OTHER_POLICY }],
    'WO-NO/review': [{ verdict: 'rejected', run: OTHER_POLICY }],
  });
  s.drop(mission('WO-WAIT'));
  s.drop(mission('WO-MID'));
  s.drain();
  waitsFor(s, 'WO-MID', 'checkpoint', /POLICY_CHANGED_MID_RUN/);
  assert.deepEqual(stepped(s, 'WO-MID'), ['hydrate', 'policy', 'design'], 'looked at between steps');
  decide(s, 'WO-MID');
  s.drain();
  isDone(s, 'WO-MID');

  s.git('revert', '--no-edit', 'HEAD');
  s.drop(mission('WO-BOTH'));
  s.drop(mission('WO-NO'));
  s.drain();
  // one question for both: a yes to the policy alone must not pass for the review
  waitsFor(s, 'WO-BOTH', 'checkpoint', /review wants a person to decide; POLICY_CHANGED_MID_RUN/);
  assert.equal(s.state('WO-NO').last_error?.code, 'REVIEW_REJECTED', whyOf(s, 'WO-NO'));

  // the other one escalated under the first policy; by now another counts, which wants the full chain
  waitsFor(s, 'WO-WAIT', 'checkpoint', /wants a person/);
  s.write('policy.yaml', 'version: 1\nmissions: {chain: full}\n');
  s.commitAll('Be strict');
  decide(s, 'WO-WAIT');
  s.drain();
  waitsFor(s, 'WO-WAIT', 'checkpoint', /POLICY_CHANGED_MID_RUN/);
  assert.equal(s.commitsOf('WO-WAIT').length, 0);
  decide(s, 'WO-WAIT');
  s.drain();
  waitsFor(s, 'WO-WAIT', 'checkpoint', /the chain full, and it ran under short/);
  decide(s, 'WO-WAIT');
  s.drain();
  isDone(s, 'WO-WAIT');
  assert.equal(agents.calls().filter(({ order, step }) => order === 'WO-WAIT' && step === 'build').length, 1);
});

test('a policy that cannot be used holds a mission in the middle; it ends nothing', async (t) => {
  const { station: s, agents } = missionStation(t, {
    ...HELLO,
    design: [{ run: 'echo "nonsense: [" > "$WAYBILL_STATION/policy.yaml"' }],
  });
  await s.up(t);
  s.drop(mission('WO-1'));
  await until(() => s.exists('state/orders/WO-1.json') && s.state('WO-1').status === 'parked', 'it waits');
  waitsFor(s, 'WO-1', 'hold', /no policy counts/);
  // no stop file is there, so nobody is told to remove one
  const told = JSON.parse(s.waybill('spine', 'status', 'WO-1', '--json').stdout) as { reason: string; next: string[] };
  assert.equal(told.reason, 'POLICY_INVALID');
  assert.match(told.next.join(), /Mend the line/);
  assert.match(s.waybill('why', 'WO-1').stdout, /Mend the line/);
  assert.doesNotMatch(told.next.join() + s.waybill('why', 'WO-1').stdout, /spine go/);
  s.write('policy.yaml', 'version: 1\n');
  await until(() => s.state('WO-1').status === 'done', 'it goes on');
  assert.equal(agents.steps().filter((step) => step === 'design').length, 1);
});

test.run();
