import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { agentOf } from '../../src/agents/adapters.ts';
import { argumentsOf } from '../../src/agents/claude/arguments.ts';
import { ClaudeStream } from '../../src/agents/claude/stream.ts';
import type { AgentConfig } from '../../src/agents/config.ts';
import { assert, suite, type TestContext } from '../support/suite.ts';
import { bench, contract, type Script, type Subject } from './contract.ts';

const test = suite('agents/claude', { needs: ['linux'] });

const PROGRAM = resolve(import.meta.dirname, '../support/agents/claude-agent.mjs');
const SESSION = '22222222-2222-4222-8222-222222222222';
const config: AgentConfig = { name: 'claude', command: ['claude'], args: [], mode: null, model: null, usage: null };
const subjectWith = (more: Partial<AgentConfig>): Subject => ({
  agent: (script) => agentOf('claude', { ...config, command: ['node', PROGRAM, script], ...more }),
  usage: (input, output) => ({ do: 'usage', input, output }),
});
const subject = subjectWith({});
const handIn = { do: 'packet', text: '{"done":true}' };
const play = (t: TestContext, ...steps: Script['steps']) => bench(t, subject, { steps });
const result = (fields: Record<string, unknown>) => ({ do: 'result', fields });

contract(test, subject);

test('nobody is asked, no settings count, and only what is allowed is allowed', async (t) => {
  const file = join(t.tempDir(), 'argv');
  const b = play(t, { do: 'argv', file }, handIn);
  const limits = { ...b.request.limits, usd: 2.5 };
  await b.run({ tools: ['read', 'execute'], limits });
  const argv = JSON.parse(readFileSync(file, 'utf8')) as string[];
  const after = (name: string) => argv[argv.indexOf(name) + 1];
  assert.deepEqual(
    [after('--permission-mode'), after('--permission-prompts'), after('--setting-sources'), after('--max-budget-usd')],
    ['dontAsk', 'none', '', '2.5'],
  );
  assert.ok(argv.includes('--restricted') && argv.includes('--strict-mcp-config') && !argv.includes('--resume'));
  assert.equal(after('--tools'), 'Read,Write,Bash');
  // who may not edit writes the packet and nothing else
  const settings = JSON.parse(after('--settings') ?? '');
  assert.deepEqual(settings, { permissions: { allow: ['Read', 'Bash', 'Edit(./.waybill/step.json)'] } });
});

test('the schema goes along without the names that its validator would look up and fail', () => {
  const file = '/w/.waybill/p.json';
  const request = {
    cwd: '/w',
    tools: ['edit' as const],
    session: null,
    limits: { tokens: null, usd: null, seconds: 1 },
  };
  const schemaOf = (schema: Record<string, unknown>) => {
    const argv = argumentsOf({ ...request, output: { name: 'p', schema, file } }, config);
    return argv.includes('--json-schema') ? (argv[argv.indexOf('--json-schema') + 1] ?? '') : null;
  };
  const named = { $schema: 'https://json-schema.org/draft/2020-12/schema', $id: 'x', type: 'object', required: ['a'] };
  assert.equal(schemaOf(named), '{"type":"object","required":["a"]}');
  assert.equal(schemaOf({ type: 'array' }), null, 'a tool takes objects only');
  assert.equal(schemaOf({ type: 'object', description: 'x'.repeat(100_000) }), null, 'no argument may be that long');
});

test('a packet outside of the folder of work is allowed by its whole path', () => {
  const limits = { tokens: null, usd: null, seconds: 1 };
  const output = { name: 'p', schema: {}, file: '/packets/a b/p.json' };
  const argv = argumentsOf({ cwd: '/w', tools: [], session: null, limits, output }, config);
  assert.equal(argv[argv.indexOf('--add-dir') + 1], '/packets/a b');
  assert.match(argv[argv.indexOf('--settings') + 1] ?? '', /"Edit\(\/\/packets\/a b\/p\.json\)"/);
});

test('structured output is the packet where there is no file, and never in its place', async (t) => {
  const structured = result({ structured_output: { done: false } });
  const without = await play(t, structured).run();
  assert.deepEqual([without.outcome, without.why], ['ended', null]);
  assert.deepEqual(JSON.parse(without.packet?.toString() ?? ''), { done: false });
  assert.equal((await play(t, structured, handIn).run()).packet?.toString(), '{"done":true}');
});

test('rule 7: in another mode than it was set to it does nothing more, and a run without a mode counts for nothing', async (t) => {
  const steps = [{ do: 'hang', deaf: true }];
  const other = await bench(t, subject, { mode: 'bypassPermissions', steps }).run();
  assert.deepEqual([other.outcome, other.why], ['refused', 'it is in mode bypassPermissions, not in dontAsk']);
  const silent = await bench(t, subject, { mode: null, steps: [handIn] }).run();
  assert.deepEqual([silent.outcome, silent.why], ['refused', 'it did not tell its mode']);
  // it reports one of its modes by another name
  const manual = await bench(t, subjectWith({ mode: 'manual' }), { mode: 'default', steps: [handIn] }).run();
  assert.equal(manual.outcome, 'ended');
});

test('a mode that refuses nothing, and a session that is none of its own, are refused before anything runs', async (t) => {
  const bypass = bench(t, subjectWith({ mode: 'bypassPermissions' }), { steps: [handIn] });
  assert.equal((await bypass.run()).outcome, 'refused');
  const injected = play(t, handIn);
  assert.equal((await injected.run({ session: '--dangerously-skip-permissions' })).outcome, 'refused');
  assert.deepEqual([bypass.group(), injected.group()], [0, 0]);
});

test('a session that goes on has sums of its own: only what is told of this run counts', async (t) => {
  const figures = (input: number, output: number) => ({
    m: {
      inputTokens: input,
      outputTokens: output,
      cacheReadInputTokens: 5,
      cacheCreationInputTokens: 0,
      costUSD: 0.25,
    },
  });
  const both = result({ modelUsage: figures(1000, 100), model_usage_since_last_result: figures(10, 1) });
  const run = await play(t, both, handIn).run({ session: SESSION });
  assert.equal(run.session, SESSION);
  assert.deepEqual(run.usage, { input: 10, cache_read: 5, cache_write: 0, output: 1, tokens: 16, usd: 0.25 });
  const old = result({ modelUsage: figures(1000, 100) });
  assert.equal((await play(t, old, handIn).run({ session: SESSION })).usage, null, 'nobody knows what was before');
  assert.equal((await play(t, old, handIn).run()).usage?.tokens, 1105, 'there was nothing before');
});

test('more than one result in a run: their figures are added, and the last one counts', async (t) => {
  const since = { m: { inputTokens: 10, outputTokens: 1, costUSD: 0.25 } };
  const first = { type: 'result', subtype: 'success', is_error: false, model_usage_since_last_result: since };
  const run = await play(t, { do: 'emit', document: first }, subject.usage(20, 2), handIn).run();
  assert.deepEqual([run.outcome, run.usage?.tokens, run.usage?.usd], ['ended', 33, 0.75]);
});

test('a run that failed says why and what it used; what it handed in is there for whoever wants to look', async (t) => {
  const failed = result({ is_error: true, api_error_status: 529, result: 'API Error: 529 overloaded' });
  const run = await play(t, subject.usage(10, 1), handIn, failed).run();
  assert.deepEqual([run.outcome, run.why, run.usage?.tokens], ['failed', 'API Error: 529 overloaded', 11]);
  const dear = result({
    is_error: true,
    subtype: 'error_max_budget_usd',
    errors: ['Reached maximum budget ($1)'],
    result: null,
  });
  const over = await play(t, dear).run();
  assert.deepEqual([over.outcome, over.why], ['over_budget', 'error_max_budget_usd: Reached maximum budget ($1)']);
  const formless = result({ is_error: true, subtype: 'error_max_structured_output_retries', result: null });
  const repaired = await play(t, handIn, formless).run();
  assert.deepEqual([repaired.outcome, repaired.packet?.toString()], ['ended', '{"done":true}']);
  const cut = await play(
    t,
    handIn,
    { do: 'emit', document: { type: 'result', subtype: 'success' } },
    { do: 'die', code: 3 },
  ).run();
  assert.deepEqual([cut.outcome, cut.why], ['failed', 'node ended with 3']);
});

test('a limit on tokens ends it while it runs, and each message counts once', async (t) => {
  const say = { do: 'say', text: 'x', tokens: 60 };
  const limits = (b: ReturnType<typeof play>) => ({ limits: { ...b.request.limits, tokens: 100 } });
  const one = play(
    t,
    say,
    { do: 'emit', document: { type: 'assistant', message: { id: 'msg_1', usage: { input_tokens: 60 } } } },
    handIn,
  );
  assert.equal((await one.run(limits(one))).outcome, 'ended');
  const two = play(t, say, say, { do: 'hang' });
  const over = await two.run(limits(two));
  assert.deepEqual([over.outcome, over.usage], ['over_budget', null]);
});

test('a stream as Claude Code 2.1.329 gave it, with a tool that was refused', () => {
  const stream = new ClaudeStream(false);
  const lines = readFileSync(join(import.meta.dirname, 'fixtures/claude-stream.jsonl'), 'utf8')
    .trim()
    .split('\n');
  const kinds = lines.flatMap((line) => stream.take(line)).map((event) => event.kind);
  assert.deepEqual(kinds, ['session', 'tool', 'permission', 'text', 'usage']);
  assert.deepEqual([stream.mode, stream.session], ['dontAsk', '097a28a8-4ea9-44db-81d6-68b46e1057f5']);
  assert.deepEqual(stream.usage, {
    input: 200,
    cache_read: 40,
    cache_write: 20,
    output: 32,
    tokens: 292,
    usd: 0.001167,
  });
});

test('a look at it: version and modes; an old one, or one without the wanted mode, is not given work', async (t) => {
  const look = (agent: Subject, script: Record<string, unknown> = {}) => {
    const b = bench(t, agent, { steps: [], ...script });
    return b.agent.probe(b.context, b.cwd);
  };
  const good = await look(subject);
  assert.deepEqual([good.ok, good.version, good.structured], [true, '2.1.330 (Claude Code)', true]);
  assert.ok(good.modes.includes('dontAsk'));
  const old = await look(subject, { help: '--json-schema <schema> --permission-mode <mode> (choices: "dontAsk")' });
  assert.match(old.why ?? '', /too old: it has no --restricted/);
  assert.match((await look(subjectWith({ mode: 'careful' }))).why ?? '', /no mode careful, only acceptEdits/);
  assert.equal((await look(subjectWith({ mode: 'bypassPermissions' }))).ok, false);
});

test.run();
