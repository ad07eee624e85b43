import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { agentOf } from '../../src/agents/adapters.ts';
import type { AgentConfig } from '../../src/agents/config.ts';
import { until } from '../platform/children.ts';
import { assert, suite, type TestContext } from '../support/suite.ts';
import { bench, contract, type Script, type Subject } from './contract.ts';

/** The adapter for the Agent Client Protocol, against a real agent of it (tests/support/agents/acp-agent.mjs). */

const test = suite('agents/acp', { needs: ['linux'] });

const PROGRAM = resolve(import.meta.dirname, '../support/agents/acp-agent.mjs');
const PLAIN: AgentConfig = { name: 'own', command: [], args: [], mode: null, model: null, usage: null };

/** An agent that tells its figures as those of a turn. */
function subject(config: Partial<AgentConfig> = {}): Subject {
  return {
    agent: (script) => agentOf('acp', { ...PLAIN, command: ['node', PROGRAM, script], ...config }),
    usage: (inputTokens, outputTokens) => ({
      do: 'usage',
      figures: { inputTokens, outputTokens, totalTokens: inputTokens + outputTokens },
    }),
  };
}

contract(test, subject());

const GOOD = { do: 'packet', text: '{"done":true}' };

function acp(t: TestContext, script: Partial<Script>, config: Partial<AgentConfig> = {}) {
  const log = join(t.tempDir(), 'log');
  const b = bench(t, subject(config), { steps: [GOOD], log, ...script });
  return { ...b, log: () => (existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : []) };
}

const modes = {
  currentModeId: 'agent',
  availableModes: ['read-only', 'agent', 'agent-full-access'].map((id) => ({ id, name: id })),
};

test('nothing of files or terminals is offered, and what is asked for nevertheless is refused', async (t) => {
  const files = ['a', 'b'].map((name) => join(t.tempDir(), name));
  const b = acp(t, {
    steps: [
      { do: 'try', method: 'fs/read_text_file', params: { path: '/etc/hostname' }, file: files[0] },
      { do: 'try', method: 'terminal/create', params: { command: 'id' }, file: files[1] },
      GOOD,
    ],
  });
  const result = await b.run();
  assert.equal(result.outcome, 'ended');
  assert.equal(b.log()[0], 'initialize {"fs":{"readTextFile":false,"writeTextFile":false},"terminal":false}');
  assert.deepEqual(
    files.map((file) => readFileSync(file, 'utf8')),
    ['refused -32601', 'refused -32601'],
  );
  assert.ok(b.events.some((event) => event.kind === 'unknown' && event.name === 'terminal/create'));
});

test('rule 7: the mode is always set and looked at before the prompt, whatever the session begins in', async (t) => {
  for (const setMode of [undefined, 'silent']) {
    const b = acp(t, { modes, setMode }, { mode: 'read-only' });
    assert.equal((await b.run()).outcome, 'ended');
    assert.deepEqual(b.log().slice(2), ['set_mode read-only', 'prompt session-1']);
  }
  const b = acp(t, { modes: { ...modes, currentModeId: 'read-only' } }, { mode: 'read-only' });
  await b.run();
  assert.ok(b.log().includes('set_mode read-only'));
});

test('rule 7: without the mode that is wanted no prompt is given', async (t) => {
  const cases: [Partial<Script>, Partial<AgentConfig>, RegExp][] = [
    [{ modes }, { mode: 'plan' }, /has no mode plan, only read-only, agent, agent-full-access/],
    [{ modes }, {}, /`mode` does not say/],
    [{}, { mode: 'plan' }, /offers no modes/],
    [{ modes, setMode: 'refuse' }, { mode: 'read-only' }, /did not go to mode read-only/],
    [{ modes, setMode: 'agent' }, { mode: 'read-only' }, /is in mode agent, not in read-only/],
  ];
  for (const [script, config, why] of cases) {
    const b = acp(t, script, config);
    const result = await b.run();
    assert.equal(result.outcome, 'refused');
    assert.match(result.why ?? '', why);
    assert.deepEqual([result.packet, b.log().some((line) => line.startsWith('prompt'))], [null, false]);
    assert.equal((await b.agent.probe(b.context, b.cwd)).ok, false);
  }
});

test('a mode, and a model, that are configuration options are set as such, and must be in the answer', async (t) => {
  const option = (id: string, values: readonly string[]) => ({
    id,
    name: id,
    type: 'select',
    category: id,
    currentValue: values[0],
    options: values.map((value) => ({ value, name: value })),
  });
  const configOptions = [option('mode', ['build', 'plan']), option('model', ['small', 'large'])];
  const b = acp(t, { configOptions }, { mode: 'plan', model: 'large' });
  assert.equal((await b.run()).outcome, 'ended');
  assert.deepEqual(b.log().slice(2, 4), ['set_config_option mode plan', 'set_config_option model large']);
  const deaf = await acp(t, { configOptions, setMode: 'build' }, { mode: 'plan' }).run();
  assert.deepEqual([deaf.outcome, deaf.why], ['refused', 'it is in mode build, not in plan']);
  const other = await acp(t, { configOptions }, { mode: 'plan', model: 'huge' }).run();
  assert.deepEqual([other.outcome, other.why], ['refused', 'it has no model huge, only small, large']);
});

test('an agent that leaves its mode in the middle of its work is ended', async (t) => {
  const update = { sessionUpdate: 'current_mode_update', currentModeId: 'agent-full-access' };
  const b = acp(t, { modes, steps: [{ do: 'update', update }, { do: 'hang' }] }, { mode: 'read-only' });
  const result = await b.run();
  assert.deepEqual([result.outcome, result.why], ['refused', 'it is in mode agent-full-access, not in read-only']);
});

const OPTIONS = ['allow_always', 'allow_once', 'reject_once', 'reject_always'].map((kind) => ({
  kind,
  optionId: `id-${kind}`,
  name: kind,
}));

test('permissions: what is allowed is allowed once, all else is rejected once, and nothing is ever for always', async (t) => {
  const folder = t.tempDir();
  const call = (toolCallId: string, kind?: unknown) => ({
    toolCallId,
    title: toolCallId,
    ...(kind === undefined ? {} : { kind }),
  });
  const started = (toolCallId: string, kind: string) => ({
    do: 'update',
    update: { sessionUpdate: 'tool_call', toolCallId, title: toolCallId, kind },
  });
  const asks: [string, unknown, string | null][] = [
    ['read', call('read', 'read'), 'id-allow_once'],
    ['execute', call('execute', 'execute'), 'id-reject_once'],
    ['other-kind', call('other-kind', 'quantum'), 'id-reject_once'],
    ['switch', call('switch', 'switch_mode'), 'id-reject_once'],
    ['odd', call('odd', 7), 'id-reject_once'],
    ['unsaid', call('unsaid'), 'id-reject_once'],
    ['known-edit', call('known-edit'), 'id-allow_once'],
    ['known-execute', call('known-execute', 'read'), 'id-reject_once'],
  ];
  const ask = ([name, toolCall]: (typeof asks)[number]) => ({
    do: 'ask',
    toolCall,
    options: OPTIONS,
    file: join(folder, name),
  });
  const steps = [started('known-edit', 'edit'), started('known-execute', 'execute'), ...asks.map(ask), GOOD];
  const b = acp(t, { steps });
  assert.equal((await b.run()).outcome, 'ended');
  for (const [name, , optionId] of asks)
    assert.deepEqual(JSON.parse(readFileSync(join(folder, name), 'utf8')), { outcome: 'selected', optionId }, name);
  const told = b.events.flatMap((event) => (event.kind === 'permission' ? [`${event.title} ${event.allowed}`] : []));
  assert.deepEqual(told.slice(0, 2), ['read true', 'execute false']);
});

test('permissions: where only always is offered, neither is chosen', async (t) => {
  const file = join(t.tempDir(), 'answer');
  const options = OPTIONS.filter(({ kind }) => kind.endsWith('always'));
  await acp(t, { steps: [{ do: 'ask', toolCall: { toolCallId: '1', kind: 'read' }, options, file }, GOOD] }).run();
  assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')), { outcome: 'cancelled' });
});

test('unknown updates and notifications are told by name, and those of other sessions decide nothing', async (t) => {
  const mode = { sessionUpdate: 'current_mode_update', currentModeId: 'agent' };
  const steps = [
    { do: 'update', update: { sessionUpdate: 'hologram', depth: 3 } },
    { do: 'update', update: null },
    { do: 'update', method: '_vendor/thing', update: {} },
    { do: 'update', session: 'another', update: mode },
    GOOD,
  ];
  const b = acp(t, { modes, steps }, { mode: 'read-only' });
  assert.equal((await b.run()).outcome, 'ended');
  const names = b.events.flatMap((event) => (event.kind === 'unknown' ? [event.name] : []));
  assert.deepEqual(names, ['hologram', 'session/update', '_vendor/thing', 'current_mode_update of another session']);
  assert.ok(b.raw.out.includes('"depth":3'));
});

const FIGURES = { inputTokens: 160, outputTokens: 30, cachedReadTokens: 40, cachedWriteTokens: 20, totalTokens: 250 };

const count = (inputTokens: number, cachedInputTokens: number, outputTokens: number) => ({
  model: 'any',
  token_count: {
    inputTokens,
    cachedInputTokens,
    outputTokens,
    totalTokens: inputTokens + cachedInputTokens + outputTokens,
  },
});

test('usage: what the figures are of decides whether they count', async (t) => {
  const figures = (config: Partial<AgentConfig>, hello: object = {}) =>
    acp(t, { answer: { usage: FIGURES }, hello }, config).run();
  const turn = { input: 160, cache_read: 40, cache_write: 20, output: 30, tokens: 250, usd: null };
  assert.deepEqual((await figures({})).usage, turn);
  assert.deepEqual((await figures({ usage: 'cumulative' })).usage, turn, 'a new session has used nothing before');
  assert.equal((await figures({ usage: 'last_step' })).usage, null);
  assert.equal((await figures({ usage: 'none' })).usage, null);
  const opencode = { agentInfo: { name: 'OpenCode', version: '1' } };
  assert.equal((await figures({}, opencode)).usage, null, 'it is known to tell its last step only');
  const answers: [object, number | null][] = [
    [{ _meta: { quota: { token_count: { input_tokens: 100, output_tokens: 7 } } } }, 107],
    // as Claude tells it: the turn, and by model with the calls beside it
    [{ usage: FIGURES, _meta: { quota: { model_usage: [count(300, 60, 39), count(10, 0, 1)] } } }, 410],
    [{ usage: FIGURES, _meta: { quota: { model_usage: [count(300, 60, 39), { token_count: 'many' }] } } }, 250],
    [{ usage: { ...FIGURES, inputTokens: '160' } }, null],
  ];
  for (const [answer, tokens] of answers) assert.equal((await acp(t, { answer }).run()).usage?.tokens ?? null, tokens);
});

const meter = (used: number, amount?: number, currency = 'USD') => ({
  do: 'update',
  update: {
    sessionUpdate: 'usage_update',
    used,
    size: 100_000,
    ...(amount === undefined ? {} : { cost: { amount, currency } }),
  },
});

test('usage: money is what the session cost more than before', async (t) => {
  const answer = { usage: FIGURES };
  assert.equal((await acp(t, { answer, steps: [meter(10, 0.25), meter(20, 0.5), GOOD] }).run()).usage?.usd, 0.5);
  assert.equal((await acp(t, { answer, steps: [meter(10, 0.25, 'EUR'), GOOD] }).run()).usage?.usd, null);
  // nobody knows what the session had cost before
  const hello = { agentCapabilities: { sessionCapabilities: { resume: {} } } };
  const resumed = await acp(t, { hello, sessions: ['old'], answer, steps: [meter(10, 0.5), GOOD] }).run({
    session: 'old',
  });
  assert.deepEqual([resumed.session, resumed.usage?.tokens, resumed.usage?.usd], ['old', 250, null]);
});

test('limits: a turn that is seen to use more than it may is ended', async (t) => {
  const tokens = acp(t, { steps: [meter(900), meter(1100), { do: 'hang' }] });
  const over = await tokens.run({ limits: { tokens: 1000, usd: null, seconds: 60 } });
  assert.deepEqual([over.outcome, over.why], ['over_budget', 'it used at least 1100 tokens of 1000']);
  const money = acp(t, { steps: [meter(1, 0.2), meter(1, 0.3), { do: 'hang' }] });
  assert.equal((await money.run({ limits: { tokens: null, usd: 0.25, seconds: 60 } })).outcome, 'over_budget');
});

test('sessions: one that it still has goes on; one that it has not, or that it cannot resume, begins anew', async (t) => {
  const hello = { agentCapabilities: { sessionCapabilities: { resume: {} } } };
  const goes = acp(t, { hello, sessions: ['old'], modes }, { mode: 'agent' });
  assert.equal((await goes.run({ session: 'old' })).session, 'old');
  assert.deepEqual(goes.log().slice(1), ['resume old', 'set_mode agent', 'prompt old']);
  const lost = acp(t, { hello, sessions: [] });
  assert.equal((await lost.run({ session: 'old' })).session, 'session-1');
  assert.deepEqual(lost.log().slice(1), ['resume old', `new ${lost.cwd}`, 'prompt session-1']);
  const cannot = acp(t, { sessions: ['old'] });
  assert.equal((await cannot.run({ session: 'old' })).session, 'session-1');
});

test('only a turn that ended by itself has ended', async (t) => {
  for (const [stopReason, outcome] of [
    ['max_tokens', 'failed'],
    ['max_turn_requests', 'failed'],
    ['refusal', 'refused'],
    ['cancelled', 'aborted'],
    ['something', 'failed'],
  ])
    assert.equal((await acp(t, { answer: { stopReason } }).run()).outcome, outcome, stopReason);
  const login = await acp(t, { login: true }).run();
  assert.equal(login.outcome, 'failed');
  assert.match(login.why ?? '', /login/);
  const future = await acp(t, { hello: { protocolVersion: 2 } }).run();
  assert.match(future.why ?? '', /version 2/);
});

test('a turn that is ended is cancelled first, and what it tells then counts', async (t) => {
  const here = join(t.tempDir(), 'here');
  const abort = new AbortController();
  const b = acp(t, {
    steps: [{ do: 'write', path: here, text: '' }, { do: 'untilCancelled' }],
    answer: { usage: FIGURES },
  });
  const running = b.run({ signal: abort.signal });
  await until(() => existsSync(here), 'it works');
  abort.abort();
  const result = await running;
  assert.deepEqual([result.outcome, result.usage?.tokens], ['aborted', 250]);
  assert.ok(b.log().includes('cancel'));
});

test('a probe tells who it is and what it can, and gives no prompt', async (t) => {
  const b = acp(t, { modes }, { mode: 'read-only' });
  assert.deepEqual(await b.agent.probe(b.context, b.cwd), {
    ok: true,
    version: 'acp-agent 1.2.3',
    why: null,
    modes: ['read-only', 'agent', 'agent-full-access'],
    resumes: false,
    structured: false,
    tellsUsage: null,
  });
  assert.ok(!b.log().some((line) => line.startsWith('prompt')));
});

test.run();
