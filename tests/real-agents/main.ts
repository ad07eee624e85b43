/**
 * Drives the real agents, each through its adapter, with a model of ours on loopback:
 *
 *   npm run test:agents [-- NAME...]
 *
 * They are installed by npm into a folder of their own (install.ts), and see a home that nothing was in, keys that are none, and no variable of
 * whoever runs this. An agent that cannot be had is skipped, and says why.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { agentOf } from '../../src/agents/adapters.ts';
import type { Usage } from '../../src/order/mission.ts';
import { signalProcess } from '../../src/platform/process.ts';
import { groupMembers, withEnvironment } from '../../src/platform/processes.ts';
import { assert, suite } from '../support/suite.ts';
import { configOf, REAL_AGENTS, type RealAgent } from './agents.ts';
import { BUILD, faulty, promptOf, type RealBench, realBench } from './bench.ts';
import type { Drive } from './driver.ts';
import { CACHE, install } from './install.ts';
import { PACKAGES } from './versions.ts';

const wanted = process.argv.slice(2);
const chosen = REAL_AGENTS.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
if (chosen.length === 0) throw new Error(`no such agent; there are ${REAL_AGENTS.map(({ name }) => name).join(', ')}`);
console.log(`agents in ${CACHE}`);

for (const agent of chosen) {
  const found = install(agent.name);
  if ('why' in found) console.log(`skipped  ${agent.name}: ${found.why}`);
  else declare(agent, found.bin);
}

function declare(real: RealAgent, bin: string): void {
  const test = suite(`${real.name} (${PACKAGES[real.name]})`, { timeoutMs: 200_000 });
  const agent = agentOf(real.adapter, configOf(real, bin));
  /** All calls of its step, and at most the ones that it made beside it (a title, a classification). */
  const tellsUsage = (b: RealBench, told: Usage | null, from = 0) => {
    const calls = b.model.requests.slice(from).flatMap(({ role, usage }) => (usage === null ? [] : [{ role, usage }]));
    const sum = (of: typeof calls) =>
      of.reduce((tokens, { usage }) => tokens + usage.input + usage.cacheRead + usage.output, 0);
    const [step, all] = [sum(calls.filter(({ role }) => role !== null)), sum(calls)];
    console.log(
      `  usage ${told === null ? `unknown: ${real.usage}` : JSON.stringify(told)}; tokens given ${step}, with what was beside ${all}`,
    );
    if (real.usage !== true) assert.equal(told, null);
    else assert.ok(told !== null && told.tokens >= step && told.tokens <= all, `${told?.tokens} tokens were told`);
  };
  const nothingLives = (mark: string) => assert.deepEqual(withEnvironment('WAYBILL_RUN', mark), [], 'nothing lives');

  test('a look at it tells its version and its modes', async (t) => {
    const b = await realBench(t, real, BUILD);
    const probe = await agent.probe(b.context, b.worktree);
    console.log(`  ${probe.version}: modes ${probe.modes.join(' ')}; resumes ${probe.resumes}`);
    assert.deepEqual([probe.ok, probe.why, probe.modes], [true, null, real.modes]);
    assert.deepEqual(
      b.model.requests.filter(({ role }) => role !== null),
      [],
      'it costs nothing',
    );
    nothingLives(b.mark);
  });

  test('a step: a file in the worktree, a packet, usage, the raw stream; nothing lives afterwards', async (t) => {
    const b = await realBench(t, real, BUILD);
    const result = await agent.run(b.request(), b.context);
    assert.deepEqual([result.outcome, result.why], ['ended', null]);
    assert.deepEqual(JSON.parse(result.packet?.toString() ?? ''), { summary: 'Said hello.' });
    assert.equal(readFileSync(join(b.worktree, 'hello.txt'), 'utf8'), "hello, it's me\n");
    assert.equal(b.changed(), '?? hello.txt\n', 'and the packet is no part of the work');
    tellsUsage(b, result.usage);
    const raw = readFileSync(b.raw, 'utf8');
    assert.ok(raw.includes('in> ') && raw.includes('out> ') && raw.includes('hello.txt'), 'the raw stream is evidence');
    assert.ok(b.events.some(({ kind }) => kind === 'session') && result.session !== null);
    nothingLives(b.mark);
  });

  test('prose alone is no packet; the repair goes on in the same session and tells its own usage', async (t) => {
    const b = await realBench(t, real, [{ say: 'Done. Added everything.' }], BUILD);
    const prose = await agent.run(b.request(), b.context);
    assert.deepEqual([prose.outcome, prose.packet], ['ended', null]);
    const before = b.model.requests.length;
    const prompt = `That was no packet.\n${promptOf(b.packet)}`;
    const repaired = await agent.run(b.request({ prompt, session: prose.session }), b.context);
    assert.equal(repaired.outcome, 'ended');
    assert.deepEqual(JSON.parse(repaired.packet?.toString() ?? ''), { summary: 'Said hello.' });
    console.log(`  session ${real.resumes === true ? 'resumed' : `not resumed: ${real.resumes}`}`);
    assert.equal(repaired.session === prose.session, real.resumes === true);
    tellsUsage(b, repaired.usage, before);
    nothingLives(b.mark);
  });

  test('a model that is overloaded is asked again', async (t) => {
    const b = await realBench(t, real, faulty({ status: 503 }));
    const result = await agent.run(b.request(), b.context);
    assert.deepEqual([result.outcome, result.why], ['ended', null]);
    assert.deepEqual(JSON.parse(result.packet?.toString() ?? ''), { summary: 'Said hello.' });
    nothingLives(b.mark);
  });

  test('an answer that breaks off is asked for again, or the step fails', async (t) => {
    const b = await realBench(t, real, faulty({ cut: true }));
    const result = await agent.run(b.request(), b.context);
    const handedIn = result.packet?.toString() ?? null;
    console.log(`  ${result.outcome}, ${handedIn === null ? `no packet: ${real.asksAgain}` : 'with its packet'}`);
    if (real.asksAgain === true) assert.deepEqual([result.outcome, handedIn !== null], ['ended', true]);
    // half an answer must not look like a step that was done
    if (handedIn !== null) assert.deepEqual(JSON.parse(handedIn), { summary: 'Said hello.' });
    else assert.notEqual(result.why, null);
    nothingLives(b.mark);
  });

  test('rule 9: its tools write in the folder of work', async (t) => {
    const links = t.tempDir();
    const out = (name: string) => ({ write: name, content: 'out' });
    const b = await realBench(t, real, [out('../escaped.txt'), out('link/linked.txt'), ...BUILD]);
    symlinkSync(links, join(b.worktree, 'link'));
    const result = await agent.run(b.request({ tools: ['read', 'edit'] }), b.context);
    const escaped = [join(b.worktree, '../escaped.txt'), join(links, 'linked.txt')].filter(existsSync);
    console.log(
      `  ${result.outcome}; outside ${escaped.length}${real.staysInside === true ? '' : `: ${real.staysInside}`}`,
    );
    assert.equal(escaped.length === 0, real.staysInside === true);
    nothingLives(b.mark);
  });

  test('the signal ends it while the model says nothing', async (t) => {
    const b = await realBench(t, real, [{ say: 'x', faults: Array.from({ length: 9 }, () => ({ hang: true })) }]);
    const abort = new AbortController();
    const running = agent.run(b.request({ signal: abort.signal }), b.context);
    t.defer(() => {
      abort.abort();
      return running;
    });
    await eventually(() => b.model.requests.some(({ faulty }) => faulty), 'the model is asked');
    abort.abort();
    assert.equal((await running).outcome, 'aborted');
    nothingLives(b.mark);
  });

  test('after a SIGKILL of whoever gave it work, it is found by its mark and ended', async (t) => {
    const b = await realBench(t, real, [{ say: 'x', faults: Array.from({ length: 9 }, () => ({ hang: true })) }]);
    const { signal: _, ...request } = b.request();
    const drive: Drive = { name: real.name, bin, env: b.env, mark: b.mark, raw: b.raw, request };
    const program = join(import.meta.dirname, 'driver.ts');
    const child = spawn(process.execPath, ['--import', 'tsx', program, JSON.stringify(drive)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    t.defer(() => child.kill('SIGKILL'));
    const [group] = (await once(createInterface(child.stdout), 'line')) as [string];
    await eventually(() => b.model.requests.some(({ faulty }) => faulty), 'the model is asked');
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
    const left = withEnvironment('WAYBILL_RUN', b.mark);
    console.log(`  ${left.length} processes were left`);
    for (const pid of left) signalProcess(pid, 'SIGKILL');
    // a process that is being ended has lost its environment before it is gone
    await eventually(() => groupMembers(Number(group)).length === 0, 'nothing of its group lives');
    nothingLives(b.mark);
    assert.equal(existsSync(b.packet), false);
  });

  test.run();
}

/** A first start in an empty home takes some agents long. */
async function eventually(condition: () => boolean, what: string): Promise<void> {
  for (const end = Date.now() + 120_000; !condition(); await sleep(50))
    if (Date.now() > end) throw new Error(`never: ${what}`);
}
