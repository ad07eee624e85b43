import { storyOf } from '../../../src/views/story/story.ts';
import { History } from '../../record/metrics/history.ts';
import { atTerminal } from '../../support/deciding.ts';
import { decide, ledgerOf, mission, missionStation } from '../../support/missions.ts';
import { ANYTHING, type TestStation, testStation, until } from '../../support/station.ts';
import { assert, suite } from '../../support/suite.ts';

/** What `waybill show` and an order's page tell of it, held against stations that really did it. */

const test = suite('views/story', { needs: ['git', 'script'], timeoutMs: 120_000 });

/** An order's story, with what is another one each time taken out: ids of commits, times, names of claims, numbers of processes. */
function story(s: TestStation, woId: string): string[] {
  return storyOf(ledgerOf(s, woId)).map(
    ({ kind, ok, text }) => `${kind} ${ok === null ? '.' : ok ? '+' : '-'} ${same(text)}`,
  );
}

function same(text: string): string {
  const user = process.env['USER'] ?? 'root';
  return text
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replace(/\b[0-9A-HJKMNP-TV-Z]{26}\b/g, 'CLAIM')
    .replace(/\b[0-9a-f]{10}\b/g, 'COMMIT')
    .replaceAll(user, 'me')
    .replace(/\/dev\/pts\/\d+/g, 'TTY');
}

const order = (woId: string, more: object) => ({ wo_id: woId, title: `Order ${woId}`, ...more });
const file = (path: string, content = 'x\n') => ({ files: [{ path, content }] });

test('done: came, started, what ran, what it changed, as which commit', (t) => {
  const s = testStation(t, { policy: ANYTHING });
  s.drop(
    order('WO-1', {
      actions: [
        { action: 'write', path: 'a.txt', content: 'a\n' },
        { action: 'command', name: 'copy', command: 'cp a.txt b.txt', outputs: ['b.txt'] },
      ],
      tests: [{ name: 'there', command: 'test -f b.txt' }],
    }),
  );
  s.drain();
  assert.deepEqual(story(s, 'WO-1'), [
    'came . dropped by me into MAIN as WO-1.json',
    'work . was started on main at COMMIT',
    'work + ran copy',
    'check + check there passed',
    'work + its work changed a.txt, b.txt; 1 check passed',
    'landing + landed as COMMIT',
    'end + is done: 2 files in commit COMMIT',
  ]);
  const lengths = storyOf(ledgerOf(s, 'WO-1')).map(({ duration_ms: ms }) => ms !== null);
  assert.deepEqual(lengths, [false, true, true, true, false, false, true]);
});

test('a failed check, tried again by itself and then by a person: attempts apart, with what was taken back', (t) => {
  const s = testStation(t, { policy: ANYTHING, settings: 'retry: {backoff_seconds: 0.001}\n' });
  s.drop(
    order('WO-1', {
      ...file('a.txt'),
      retries: 1,
      tests: [
        { name: 'fine', command: 'true' },
        { name: 'bad', command: 'sleep 0.1; exit 3' },
      ],
    }),
  );
  s.drain();
  s.drain();
  const tried = [
    'check + check fine passed',
    'check - check bad failed with exit code 3',
    'note . took back a.txt',
    'end - failed with CHECK_FAILED: check "bad" ended with 3',
  ];
  assert.deepEqual(story(s, 'WO-1'), [
    'came . dropped by me into MAIN as WO-1.json',
    'work . was started on main at COMMIT',
    ...tried,
    'waits . waits to be tried again, at TIME',
    'goes . went on: its pause before the next try is over',
    'work . was started on main at COMMIT',
    ...tried,
  ]);
  s.waybill('retry', 'WO-1');
  s.drain();
  const lines = storyOf(ledgerOf(s, 'WO-1'));
  assert.deepEqual([...new Set(lines.map(({ attempt }) => attempt))], [1, 2, 3, 4]);
  const bad = lines.filter(({ text }) => text.startsWith('check bad'));
  assert.ok(bad.every(({ duration_ms: ms }) => (ms ?? 0) >= 100));
  assert.ok(lines.some(({ kind, text }) => kind === 'goes' && /^was taken up again by /.test(text)));
});

test('rejected, and the same id accepted after that', (t) => {
  const s = testStation(t);
  s.drop(order('WO-1', { fils: [] }));
  s.drain();
  const [line, ...none] = story(s, 'WO-1');
  assert.deepEqual(none, []);
  assert.match(
    line ?? '',
    /^end - WO-1\.json in MAIN was rejected with [A-Z_]+: .*; it is kept as bridge\/quarantine\//,
  );
  s.drop(order('WO-1', file('a.txt')));
  s.drain();
  assert.deepEqual(story(s, 'WO-1').slice(1, 3), [
    'came . came again with other content, by me into MAIN as WO-1.json',
    'work . was started on main at COMMIT',
  ]);
});

test('what asks a person: asked with why, decided by whom, how long it waited', (t) => {
  const s = testStation(t);
  for (const id of ['WO-YES', 'WO-NO']) s.drop(order(id, { ...file(`${id}.txt`), approval: { why: 'I am not sure' } }));
  s.drain();
  assert.equal(story(s, 'WO-YES').at(-1), 'waits . waits for approval: the order: I am not sure');
  assert.equal(storyOf(ledgerOf(s, 'WO-YES')).at(-1)?.duration_ms, null, 'it waits still');
  assert.equal(atTerminal(s, 'y\n', ['approve', 'WO-YES']).code, 0);
  assert.equal(atTerminal(s, 'y\n', ['deny', 'WO-NO', '--reason', 'not now']).code, 0);
  s.drain();
  assert.deepEqual(story(s, 'WO-YES').slice(1), [
    'waits . waits for approval: the order: I am not sure',
    'decision + was approved by me at a terminal',
    'work . was started on main at COMMIT',
    'landing + landed as COMMIT',
    'end + is done: 1 file in commit COMMIT',
  ]);
  assert.deepEqual(story(s, 'WO-NO').slice(2), ['decision - was denied by me at a terminal: not now']);
  const decision = storyOf(ledgerOf(s, 'WO-YES')).find(({ kind }) => kind === 'decision');
  assert.ok((decision?.duration_ms ?? 0) > 0);
});

test('cancelled while it runs, and held before it could', async (t) => {
  const s = testStation(t, { policy: ANYTHING });
  s.drop(order('WO-1', { actions: [{ action: 'command', name: 'long', command: 'sleep 60' }] }));
  const up = await s.up(t);
  await until(() => ledgerOf(s, 'WO-1').some(({ event }) => event === 'command'), 'it runs');
  assert.deepEqual(story(s, 'WO-1').at(-1), 'work . runs long');
  s.waybill('cancel', 'WO-1');
  await until(() => s.state('WO-1').status === 'cancelled', 'it is cancelled');
  await up.stop();
  assert.deepEqual(
    story(s, 'WO-1')
      .slice(2)
      .map((line) => line.replace(/ by me.*/, ' by me')),
    ['work - ran long, which was ended', 'end - was cancelled by me'],
  );
});

test('a mission: each step with who did it, its verdict and what it cost', (t) => {
  const { station: s } = missionStation(t, {
    build: [{ write: { 'src/hello.txt': 'hello\n' }, usage: { input: 100, output: 10 } }],
  });
  s.drop(mission('WO-M'));
  s.drain();
  for (let n = 0; n < 4 && s.state('WO-M').status === 'parked'; n++) {
    decide(s, 'WO-M');
    s.drain();
  }
  const lines = story(s, 'WO-M');
  assert.match(
    lines.join('\n'),
    /^work \. was started on main at COMMIT, in a worktree apart; the mission follows the chain \w+$/m,
  );
  const steps = lines.filter((line) => line.startsWith('step '));
  assert.equal(steps.length, ledgerOf(s, 'WO-M').filter(({ event }) => event === 'stepped').length, lines.join('\n'));
  assert.ok(
    steps.some((line) =>
      /^step \+ step \d+, build by own: ok, \d+ lines? changed, (\d+ tokens|tokens not told)/.test(line),
    ),
    lines.join('\n'),
  );
  assert.ok(
    steps.some((line) => /review\w* by own: approved/.test(line)),
    lines.join('\n'),
  );
  assert.equal(lines.at(-1)?.startsWith('end + is done: '), true, lines.join('\n'));
});

test('what a station that ended in the middle left open, a landing by somebody else, a repeated drop: from their records', () => {
  const h = new History().opened();
  h.admitted('WO-1').started('WO-1').add('WO-1', 'command', null, { n: 1, name: 'build', idempotent: true }).wait(3);
  h.add('WO-1', 'interrupted', 'ready', { why: 'the station ended' }).started('WO-1');
  h.add('WO-1', 'landed', null, { commits: ['c'.repeat(40)], how: 'landed_by' })
    .succeeded('WO-1')
    .repeated('WO-1');
  const lines = storyOf(h.records).map(({ text, ok, duration_ms: ms }) => [text, ok, ms]);
  assert.deepEqual(lines.slice(2, 4), [
    ['build was cut short', false, 3000],
    ['was interrupted: the station ended', false, null],
  ]);
  assert.deepEqual(lines[5]?.slice(0, 2), ['somebody else’s commit cccccccccc already holds what it made', true]);
  assert.match(String(lines.at(-1)?.[0]), /^the same was dropped again, by anna into SIDE/);

  const m = new History().opened();
  m.admitted('WO-M', { type: 'mission' }).mission('WO-M').step('WO-M', 1, 'design').wait(5);
  assert.equal(storyOf(m.records).at(-1)?.text, 'step 1, design by own, is at work');
  m.add('WO-M', 'interrupted', 'ready', { why: 'the station ended' });
  const lost = storyOf(m.records).find(({ kind }) => kind === 'step');
  assert.deepEqual([lost?.text, lost?.ok, lost?.duration_ms], ['step 1, design by own, was cut short', false, 5000]);
});

test('what was purged is told without its words, and that it was', (t) => {
  const s = testStation(t);
  s.drop(order('WO-1', { ...file('a.txt'), title: 'tok-secret', tests: [] }));
  s.drain();
  s.waybill('purge', 'WO-1', '--secret', '--reason', 'it was leaked');
  s.drain();
  const lines = story(s, 'WO-1');
  assert.doesNotMatch(lines.join('\n'), /tok-secret/);
  assert.match(lines.at(-1) ?? '', /^note \. .* purged the words of \d+ records?: it was leaked$/);
  assert.ok(lines.includes('end + is done: (purged)'), lines.join('\n'));
});

test.run();
