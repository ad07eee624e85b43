import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Agent, AgentContext, AgentEvent, AgentRequest, AgentResult } from '../../src/agents/agent.ts';
import { groupMembers, isAlive, withEnvironment } from '../../src/platform/processes.ts';
import { until } from '../platform/children.ts';
import { assert, type Suite, type TestContext } from '../support/suite.ts';

/** What every adapter must do, whatever its agent does. Each is run with a real program that does what a script says. */

/** What the agent of a test does: steps of tests/support/agents/script.mjs, and what else its kind of agent reads. */
export interface Script {
  readonly steps: readonly ({ readonly do: string } & Readonly<Record<string, unknown>>)[];
  readonly [key: string]: unknown;
}

export interface Subject {
  /** An agent whose program does what the JSON file at `script` says. */
  agent(script: string): Agent;
  /** What the script must say besides, so that this kind of agent works at all. */
  readonly script?: Readonly<Record<string, unknown>>;
  /** A step that tells these figures; null where usage is not told by steps. */
  usage(input: number, output: number): Script['steps'][number];
}

/** One agent with a folder to work in, and all that is seen of it. */
export interface Bench {
  readonly agent: Agent;
  readonly cwd: string;
  readonly packet: string;
  readonly request: AgentRequest;
  readonly context: AgentContext;
  readonly events: AgentEvent[];
  readonly raw: Record<'in' | 'out' | 'err', string>;
  readonly mark: string;
  group(): number;
  run(more?: Partial<AgentRequest>): Promise<AgentResult>;
}

const SCHEMA = { type: 'object', required: ['done'], properties: { done: { type: 'boolean' } } };
let count = 0;

export function bench(t: TestContext, subject: Subject, script: Script): Bench {
  const cwd = realpathSync(t.tempDir());
  const folder = join(cwd, '.waybill');
  mkdirSync(folder);
  const packet = join(folder, 'step.json');
  const scriptFile = join(t.tempDir(), 'script.json');
  writeFileSync(scriptFile, JSON.stringify({ packet, ...subject.script, ...script }));
  const mark = `contract.${process.pid}.${++count}`;
  const events: AgentEvent[] = [];
  const raw = { in: '', out: '', err: '' };
  let group = 0;
  const request: AgentRequest = {
    prompt: 'Do what the script says.',
    cwd,
    tools: ['read', 'edit'],
    output: { name: 'build_report', schema: SCHEMA, file: packet },
    limits: { tokens: null, usd: null, seconds: 60 },
    session: null,
    signal: new AbortController().signal,
  };
  const context: AgentContext = {
    env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', HOME: cwd },
    mark: { name: 'WAYBILL_RUN', value: mark },
    wrap: (argv) => argv,
    graceMs: 300,
    onStarted: ({ pgid, startTime }) => {
      assert.ok(isAlive(pgid, startTime) && groupMembers(pgid).includes(pgid), 'the group can be put on record');
      group = pgid;
    },
    onRaw: (source, bytes) => {
      raw[source] += Buffer.from(bytes).toString('latin1');
    },
    onEvent: (event) => void events.push(event),
  };
  const agent = subject.agent(scriptFile);
  const run = async (more: Partial<AgentRequest> = {}) => {
    const result = await agent.run({ ...request, ...more }, context);
    assert.deepEqual(withEnvironment('WAYBILL_RUN', mark), [], 'nothing of the agent lives');
    if (group !== 0) assert.deepEqual(groupMembers(group), [], 'its group is empty');
    return result;
  };
  return { agent, cwd, packet, request, context, events, raw, mark, group: () => group, run };
}

const GOOD = '{"done":true}';
const handIn = { do: 'packet', text: GOOD };

/** Declares the contract's tests in a suite. */
export function contract(test: Suite, subject: Subject): void {
  const play = (t: TestContext, ...steps: Script['steps']) => bench(t, subject, { steps });

  test('rule 14: the packet is what stands in the file, byte for byte, and nothing that is said', async (t) => {
    const b = play(t, { do: 'say', text: 'Done. Added everything: {"done":false}' }, handIn);
    const result = await b.run();
    assert.deepEqual([result.outcome, result.why, result.packet?.toString()], ['ended', null, GOOD]);
    assert.ok(b.raw.out.includes('Done. Added everything'), 'the raw stream is evidence');
    assert.ok(b.events.some((event) => event.kind === 'text' && event.text.includes('Done. Added everything')));
  });

  test('a packet that is not there is none, also where an earlier run left one', async (t) => {
    const b = play(t, { do: 'say', text: GOOD });
    writeFileSync(b.packet, GOOD);
    const result = await b.run();
    assert.deepEqual([result.outcome, result.packet], ['ended', null]);
    assert.match(result.why ?? '', /no packet file/);
  });

  test('rule 9: a packet that is a link is none, wherever it leads, and so is one in a folder that is a link', async (t) => {
    const secret = join(t.tempDir(), 'secret');
    writeFileSync(secret, GOOD);
    const linked = await play(t, { do: 'link', to: secret }).run();
    assert.deepEqual([linked.outcome, linked.packet], ['ended', null]);
    assert.match(linked.why ?? '', /symbolic link/);
    const b = play(t, handIn);
    const elsewhere = t.tempDir();
    symlinkSync(elsewhere, join(b.cwd, 'link'));
    const output = { ...b.request.output, file: join(b.cwd, 'link', 'step.json') };
    assert.equal((await b.agent.run({ ...b.request, output }, b.context)).outcome, 'failed');
    assert.ok(!existsSync(join(elsewhere, 'step.json')));
  });

  test('a packet of more than 4 MiB is not read', async (t) => {
    const result = await play(t, { do: 'huge', bytes: 4 * 1024 * 1024 + 1 }).run();
    assert.deepEqual([result.outcome, result.packet], ['ended', null]);
    assert.match(result.why ?? '', /at most 4194304/);
  });

  test('an agent that hangs is ended at the timeout, with all that it started', async (t) => {
    const b = play(t, { do: 'leave', file: join(t.tempDir(), 'pid') }, { do: 'hang', deaf: true });
    const result = await b.run({ limits: { ...b.request.limits, seconds: 2 } });
    assert.equal(result.outcome, 'timeout');
    assert.match(result.why ?? '', /longer than 2 s/);
  });

  test('the signal ends it, while it works and before it began', async (t) => {
    const here = join(t.tempDir(), 'here');
    const abort = new AbortController();
    const b = play(t, { do: 'hang', file: here, deaf: true });
    const running = b.run({ signal: abort.signal });
    await until(() => existsSync(here), 'it works');
    abort.abort();
    assert.equal((await running).outcome, 'aborted');
    const other = play(t, handIn);
    assert.equal((await other.run({ signal: abort.signal })).outcome, 'aborted');
    assert.deepEqual([other.group(), existsSync(other.packet)], [0, false]);
  });

  test('an agent that dies is no success, whatever it handed in, and its last words are told', async (t) => {
    const result = await play(t, handIn, { do: 'complain', text: 'out of memory\n' }, { do: 'die', code: 3 }).run();
    assert.equal(result.outcome, 'failed');
    assert.match(result.why ?? '', /ended with 3: out of memory/);
  });

  test('nothing that it left running stays, also outside its group', async (t) => {
    const pid = join(t.tempDir(), 'pid');
    const result = await play(t, { do: 'leave', file: pid }, handIn).run();
    assert.equal(result.outcome, 'ended');
    assert.ok(!isAlive(Number(readFileSync(pid, 'utf8'))));
  });

  test('what cannot be understood is kept, and never fatal', async (t) => {
    const noise = '\u0000\ufffd not json\n{"a":\n[1,2]\n"x"\n{"level":"info"}\n{"jsonrpc":"2.0","id":99,"result":{}}\n';
    const b = play(t, { do: 'raw', text: noise }, handIn);
    const result = await b.run();
    assert.deepEqual([result.outcome, result.packet?.toString()], ['ended', GOOD]);
    assert.ok(b.raw.out.includes('{"level":"info"}'));
  });

  test('rule 7: usage that is told is counted, and none, zero or nonsense is unknown', async (t) => {
    const told = await play(t, subject.usage(160, 40), handIn).run();
    assert.deepEqual([told.usage?.input, told.usage?.output, told.usage?.tokens], [160, 40, 200]);
    assert.equal((await play(t, handIn).run()).usage, null);
    assert.equal((await play(t, subject.usage(0, 0), handIn).run()).usage, null);
    assert.equal((await play(t, subject.usage(-5, 10), handIn).run()).usage, null);
  });

  test('it works in the folder that it is given, in the environment that it is given and no more', async (t) => {
    process.env['WAYBILL_TEST_SECRET'] = 'leaked';
    t.defer(() => delete process.env['WAYBILL_TEST_SECRET']);
    const notes = t.tempDir();
    const files = { cwd: join(notes, 'cwd'), env: join(notes, 'env') };
    const b = play(t, { do: 'cwd', file: files.cwd }, { do: 'env', file: files.env }, handIn);
    await b.run();
    assert.equal(readFileSync(files.cwd, 'utf8'), b.cwd);
    const env = JSON.parse(readFileSync(files.env, 'utf8')) as Record<string, string>;
    assert.deepEqual([env['HOME'], env['WAYBILL_RUN'], env['WAYBILL_TEST_SECRET']], [b.cwd, b.mark, undefined]);
  });

  test('a prompt of half a megabyte arrives whole, and never on a command line', async (t) => {
    const notes = t.tempDir();
    const [hash, argv] = [join(notes, 'hash'), join(notes, 'argv')];
    const prompt = `${'Ünïcode $(date) "quoted"\n'.repeat(20_000)}THE-END`;
    const b = play(t, { do: 'prompt', file: hash }, { do: 'argv', file: argv }, handIn);
    assert.equal((await b.run({ prompt })).outcome, 'ended');
    assert.ok(prompt.length > 480_000);
    assert.equal(readFileSync(hash, 'utf8'), createHash('sha256').update(prompt).digest('hex'));
    assert.ok(!readFileSync(argv, 'utf8').includes('THE-END'));
  });

  test('what the caller cannot record ends the agent, and is thrown', async (t) => {
    const b = play(t, { do: 'say', text: 'something' }, { do: 'hang' });
    const full = () => {
      throw new Error('no space left');
    };
    await assert.rejects(() => b.agent.run(b.request, { ...b.context, onRaw: full }), /no space left/);
    await assert.rejects(() => b.agent.run(b.request, { ...b.context, onStarted: full }), /no space left/);
    assert.deepEqual(withEnvironment('WAYBILL_RUN', b.mark), []);
  });

  test('a program that is not there fails, and a probe says so before', async (t) => {
    const b = play(t, handIn);
    const env = { ...b.context.env, PATH: t.tempDir() };
    const result = await b.agent.run(b.request, { ...b.context, env });
    assert.equal(result.outcome, 'failed');
    assert.match(result.why ?? '', /not found/);
    const probe = await b.agent.probe({ ...b.context, env }, b.cwd);
    assert.equal(probe.ok, false);
    assert.match(probe.why ?? '', /not found/);
    assert.equal((await b.agent.probe(b.context, b.cwd)).ok, true);
  });
}
