import { mkdirSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { signalProcess } from '../../src/platform/process.ts';
import { livingIn, withEnvironment } from '../../src/platform/processes.ts';
import { ledgerOf, MISSION, missionStation, ROLES, stepped, steps, whyOf } from '../support/missions.ts';
import type { Answer } from '../support/model/script.ts';
import { type FakeModel, startModel } from '../support/model/server.ts';
import type { TestStation } from '../support/station.ts';
import { assert, type Suite, type TestContext } from '../support/suite.ts';
import type { RealAgent } from './agents.ts';
import { environmentOf } from './bench.ts';

/** Whole missions of the built program, in which a real agent does the work with a model of ours. */

/** What the model hands in as each role of the short chain. */
const PACKETS: Readonly<Record<string, object>> = {
  designer: {
    goal: 'The file says hello.',
    approach: 'Write it.',
    steps: ['write the file'],
    files: [{ path: 'src/hello.txt', change: 'create', why: 'it is asked for' }],
    tests: [],
    risks: [],
  },
  builder: {
    summary: 'It says hello now.',
    changed: [{ path: 'src/hello.txt', what: 'written' }],
    tests_run: [],
    open_questions: [],
  },
  reviewer: { verdict: 'approved', summary: 'Looked at.', findings: [], required_changes: [] },
  steward: { summary: 'It says hello.', follow_ups: [] },
};

const answerOf = (role: string): Answer => [
  ...(role === 'builder' ? [{ write: 'src/hello.txt', content: 'hello\n' }] : []),
  { packet: PACKETS[role] },
  { say: 'All done.' },
];

/** A mission that nobody has begun, the model, and all that belongs to the agent. */
interface Bench {
  readonly station: TestStation;
  readonly model: FakeModel;
  readonly home: string;
}

/** A station whose `roles` are done by a real agent, and the others by ours; the builder's first answers are `first`. */
async function bench(
  t: TestContext,
  real: RealAgent,
  bin: string,
  roles: readonly string[],
  ...first: readonly Answer[]
): Promise<Bench> {
  const answers = (role: string) => [...(role === 'builder' ? first : []), answerOf(role)];
  const model = await startModel({ roles: Object.fromEntries(roles.map((role) => [role, answers(role)])) });
  t.defer(() => model.close());
  const folder = realpathSync(t.tempDir());
  const [home, temp] = [join(folder, 'home'), join(folder, 'tmp')];
  for (const each of [home, temp]) mkdirSync(each);
  // whatever of the agent is left after a failure goes with its test
  t.defer(() => livingWith(home).forEach((pid) => void signalProcess(pid, 'SIGKILL')));
  const set = environmentOf(real, home, temp, model.url);
  const use = {
    name: real.name,
    adapter: real.adapter,
    command: [join(bin, real.program)],
    args: real.args,
    ...(real.mode === null ? {} : { mode: real.mode }),
    set,
  };
  const files = roles.map((role) => [
    `agents/${role}/agent.yaml`,
    `version: 1\ntimeout_seconds: 180\nuse: ${JSON.stringify([use])}\n`,
  ]);
  const { station } = missionStation(t, undefined, { files: Object.fromEntries(files) });
  return { station, model, home };
}

/** What holds of a mission that a real agent took part in, and came to its end. */
function assertDone({ station: s, model }: Bench, real: RealAgent, roles: readonly string[]): void {
  assert.equal(s.state('WO-M').status, 'done', `${whyOf(s, 'WO-M')} ${problems(model)}`);
  assert.equal(s.read('src/hello.txt'), 'hello\n');
  assert.equal(s.commitsOf('WO-M').length, 1);
  assert.equal(s.git('show', '--format=', '--name-only', s.commitsOf('WO-M')[0] ?? '', '--', 'src'), 'src/hello.txt');
  const own = steps(s, 'WO-M').filter(({ role, ok }) => ok && role !== null && roles.includes(role));
  assert.deepEqual(
    own.map(({ role, agent }) => [role, agent]),
    roles.map((role) => [role, real.name]),
  );
  for (const { n, step, role, usage, seconds, outputs, diff_sha256, session } of own) {
    console.log(`  ${step}: ${seconds.toFixed(1)} s, ${usage === null ? `usage unknown: ${real.usage}` : told(usage)}`);
    assert.equal(usage === null, real.usage !== true, 'usage is told where the agent is known to tell it');
    assert.ok(usage === null || usage.tokens > 0);
    assert.equal(outputs.length, 1);
    assert.equal(diff_sha256 === null, role === 'designer', 'what was measured, from the build on');
    assert.notEqual(session, null);
    const folder = `state/evidence/WO-M/mission/${String(n).padStart(2, '0')}-${step}`;
    const names = readdirSync(s.path(folder));
    for (const name of ['prompt.md', 'stream.in', 'stream.out', 'events.jsonl', 'handed-in-0.json'])
      assert.ok(names.includes(name), `${name} of ${step} is evidence, among ${names.join(' ')}`);
    assert.deepEqual(JSON.parse(s.read(`${folder}/handed-in-0.json`)), PACKETS[role ?? '']);
  }
  const verified = s.waybill('verify');
  assert.equal(verified.code, 0, verified.stdout + verified.stderr);
  assert.deepEqual(s.leftovers(), []);
  assert.equal(s.git('status', '--short'), '');
}

const told = ({ tokens, usd }: { tokens: number; usd: number | null }) =>
  `${tokens} tokens${usd === null ? '' : `, ${usd.toFixed(4)} US dollars`}`;

/** What the model could not answer: then it is this test that is wrong. */
function problems({ requests }: FakeModel): string {
  return requests.flatMap(({ problem }) => problem ?? []).join('; ');
}

export function declareMissions(
  test: Suite,
  real: RealAgent,
  bin: string,
  eventually: (condition: () => boolean, what: string) => Promise<void>,
): void {
  // one agent does all of it, so that every packet goes through a real one
  const roles = real.name === 'claude' ? ROLES.filter((role) => role in PACKETS && role !== 'planner') : ['builder'];

  test(`a whole mission, with it as ${roles.join(', ')}`, async (t) => {
    const b = await bench(t, real, bin, roles);
    b.station.drop({ ...MISSION, chain: 'short' });
    const begun = Date.now();
    const station = await b.station.up(t);
    await eventually(() => isOver(b.station), 'the mission is over');
    console.log(`  the mission took ${((Date.now() - begun) / 1000).toFixed(1)} s`);
    await station.stop();
    assertDone(b, real, roles);
    assert.deepEqual(stepped(b.station, 'WO-M'), CHAIN);
    assert.deepEqual(livingWith(b.home), [], 'nothing of it lives');
  });

  test('after a SIGKILL of the station the next start ends what is left of it, and the mission goes on', async (t) => {
    const hung: Answer = [{ say: 'x', faults: Array.from({ length: 9 }, () => ({ hang: true })) }];
    const b = await bench(t, real, bin, ['builder'], hung);
    const { station: s, model, home } = b;
    s.drop({ ...MISSION, chain: 'short' });
    const first = await s.up(t);
    await eventually(() => model.requests.some(({ faulty }) => faulty), 'the model is asked');
    const n = ledgerOf(s, 'WO-M').findLast(({ event }) => event === 'step')?.data as { n: number };
    const mark = `WO-M.m${n.n}.${first.pid}`;
    assert.notDeepEqual(withEnvironment('WAYBILL_RUN', mark), [], 'there is something to end');
    await first.stop('SIGKILL');
    // some end by themselves when nobody talks to them any more
    const left = livingWith(home);
    console.log(`  ${left.length} processes were left, ${withEnvironment('WAYBILL_RUN', mark).length} with the mark`);
    const second = await s.up(t);
    await eventually(() => isOver(s), 'the mission is over');
    await second.stop();
    assert.deepEqual(withEnvironment('WAYBILL_RUN', mark), [], 'nothing has its mark');
    assert.deepEqual(
      livingWith(home).map((pid) => `${pid} ${commandOf(pid)}`),
      [],
      'and nothing else of it lives',
    );
    assertDone(b, real, ['builder']);
    const begun = ledgerOf(s, 'WO-M').flatMap((record) => (record.event === 'step' ? [record.data.step] : []));
    assert.equal(begun.filter((step) => step === 'build').length, 2, 'the step that was lost was begun again');
    assert.equal(begun.filter((step) => step === 'design').length, 1, 'and none that was done');
  });
}

const CHAIN = ['hydrate', 'policy', 'design', 'build', 'review', 'steward', 'close'];

function isOver(s: TestStation): boolean {
  if (!s.exists('state/orders/WO-M.json')) return false;
  const { status } = s.state('WO-M');
  if (status === 'parked') throw new Error(`it waits: ${whyOf(s, 'WO-M')}`);
  return ['done', 'failed', 'cancelled', 'rejected'].includes(status);
}

/** All that was started in a home that is nobody else's, or works in a worktree of this run, with or without a mark. */
function livingWith(home: string): number[] {
  const worktrees = join(process.env['HOME'] ?? '', '.local/state/waybill/worktrees');
  return [...new Set([...withEnvironment('HOME', home), ...livingIn(worktrees)])];
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').slice(0, 200);
  } catch {
    return '(gone)';
  }
}
