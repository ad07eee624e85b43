import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { ModelScript } from '../support/model/script.ts';
import { type FakeModel, startModel } from '../support/model/server.ts';
import { assert, suite, type TestContext } from '../support/suite.ts';

/** The fake model by itself, with plain requests as the four real agents send them; `npm run test:agents` has the agents. */

const PROMPT = 'You build.\nRole: builder\nPacket file: /w/.waybill/build.json\nGo.';
const BUILDER: ModelScript = {
  roles: {
    builder: [[{ write: 'a.txt', content: "it's\n" }, { packet: { ok: true } }, { say: 'All done.' }]],
  },
};

const test = suite('fake model');

test('Messages: a file, the packet and a last word, by what the history holds', async (t) => {
  const model = await started(t, BUILDER);
  const messages: unknown[] = [{ role: 'user', content: PROMPT }];
  const tools = [tool('Bash', ['command', 'description']), tool('Write', ['file_path', 'content'])];
  const ask = () => events(model, '/v1/messages?beta=true', { model: 'm', stream: true, messages, tools });
  const turn = async (id: string) => {
    const told = await ask();
    messages.push({ role: 'assistant', content: [{ type: 'tool_use', id, name: 'x', input: {} }] });
    messages.push({ role: 'user', content: [{ type: 'tool_result', tool_use_id: id, content: 'ok' }] });
    return JSON.parse(String(at(told, 2, 'delta', 'partial_json')));
  };
  assert.deepEqual(await turn('1'), { file_path: '/w/a.txt', content: "it's\n" });
  assert.deepEqual(await turn('2'), { file_path: '/w/.waybill/build.json', content: '{\n  "ok": true\n}\n' });
  const last = await ask();
  assert.equal(at(last, 2, 'delta', 'text'), 'All done.');
  assert.deepEqual(
    last.map((event) => at(event, 'type')),
    [
      'message_start',
      'content_block_start',
      'content_block_delta',
      'content_block_stop',
      'message_delta',
      'message_stop',
    ],
  );
  // a hook or a reminder asks once more: that is no new beginning
  messages.push({ role: 'assistant', content: 'All done.' }, { role: 'user', content: 'Are you sure?' });
  assert.equal(at(await ask(), 2, 'delta', 'text'), 'Nothing is left to do.');
  // the same work anew, in a session of its own
  messages.splice(1);
  assert.deepEqual(await turn('1'), { file_path: '/w/a.txt', content: "it's\n" });
});

test('Messages: structured output gets the packet too; without a stream; a count of tokens', async (t) => {
  const model = await started(t, { roles: { builder: [[{ packet: { ok: 1 } }, { say: 'x' }]] } });
  const called = { role: 'assistant', content: [{ type: 'tool_use' }] };
  const answer = await post(model, '/v1/messages', {
    messages: [{ role: 'user', content: [{ type: 'text', text: PROMPT }] }, called],
    tools: [tool('Write', ['file_path', 'content']), tool('StructuredOutput', ['ok'])],
  });
  assert.deepEqual(at(answer, 'content', 0, 'input'), { ok: 1 });
  assert.equal(at(answer, 'content', 0, 'name'), 'StructuredOutput');
  assert.equal(at(answer, 'stop_reason'), 'tool_use');
  assert.equal(at(await post(model, '/v1/messages/count_tokens', {}), 'input_tokens'), 100);
});

test('Responses: a shell does it where there is no tool for files', async (t) => {
  const model = await started(t, BUILDER);
  const input = [{ type: 'message', role: 'user', content: [{ type: 'input_text', text: PROMPT }] }];
  const tools = [{ type: 'function', name: 'exec_command', parameters: { properties: { cmd: {} } } }];
  const told = await events(model, '/responses', { model: 'm', stream: true, input, tools });
  const { cmd } = JSON.parse(String(at(told, 1, 'item', 'arguments'))) as { cmd: string };
  assert.equal(cmd, `mkdir -p '/w' && printf %s 'it'\\''s\n' > '/w/a.txt'`);
  const usage = at(told, 2, 'response', 'usage');
  assert.deepEqual([at(usage, 'input_tokens'), at(usage, 'input_tokens_details', 'cached_tokens')], [100, 20]);
});

test('Chat Completions and generateContent', async (t) => {
  const model = await started(t, BUILDER);
  const chat = await events(model, '/v1/chat/completions', {
    stream: true,
    messages: [
      { role: 'system', content: 'x' },
      { role: 'user', content: PROMPT },
    ],
    tools: [
      { type: 'function', function: { name: 'write', parameters: { properties: { filePath: {}, content: {} } } } },
    ],
  });
  const called = at(chat, 0, 'choices', 0, 'delta', 'tool_calls', 0, 'function', 'arguments');
  assert.deepEqual(JSON.parse(String(called)), { filePath: '/w/a.txt', content: "it's\n" });
  assert.deepEqual(chat.at(-1), '[DONE]');
  const declared = { name: 'write_file', parametersJsonSchema: { properties: { file_path: {}, content: {} } } };
  const contents = [
    { role: 'user', parts: [{ text: PROMPT }] },
    { role: 'model', parts: [{ functionCall: { name: 'write_file' } }] },
    { role: 'user', parts: [{ functionResponse: {} }] },
  ];
  const path = '/v1beta/models/fake:streamGenerateContent?alt=sse&key=SECRET';
  const [told] = await events(model, path, { contents, tools: [{ functionDeclarations: [declared] }] });
  const call = at(told, 'candidates', 0, 'content', 'parts', 0, 'functionCall');
  assert.equal(at(call, 'args', 'file_path'), '/w/.waybill/build.json');
  assert.equal(JSON.stringify(model.requests).includes('SECRET'), false, 'no key is kept');
});

test('the n-th prompt of a role gets its n-th answer, the last one all that follow', async (t) => {
  const model = await started(t, { roles: { designer: [[{ say: 'Done. Added it.' }], [{ packet: {} }]] } });
  const messages: unknown[] = [{ role: 'user', content: 'Role: designer\nPacket file: /w/.waybill/d.json' }];
  const ask = () => post(model, '/v1/messages', { messages, tools: [tool('Write', ['file_path', 'content'])] });
  assert.equal(at(await ask(), 'content', 0, 'text'), 'Done. Added it.');
  messages.push({ role: 'assistant', content: 'Done. Added it.' });
  messages.push({ role: 'user', content: 'That was no packet.\nPacket file: /w/.waybill/d.json' });
  assert.equal(at(await ask(), 'content', 0, 'input', 'file_path'), '/w/.waybill/d.json');
});

test('faults come first, each once: a status, a broken stream, silence', async (t) => {
  const model = await started(t, {
    roles: {
      builder: [
        [{ say: 'Better.', faults: [{ status: 503 }, { status: 429, retryAfter: 1 }, { cut: true }, { hang: true }] }],
      ],
    },
  });
  const body = { stream: true, messages: [{ role: 'user', content: PROMPT }], tools: [tool('Write', [])] };
  const ask = (signal?: AbortSignal) => send(model, '/v1/messages', body, signal);
  assert.equal((await ask()).status, 503);
  const second = await ask();
  assert.deepEqual([second.status, second.headers.get('retry-after')], [429, '1']);
  await assert.rejects((await ask()).text());
  await assert.rejects(ask(AbortSignal.timeout(300)));
  assert.match(await (await ask()).text(), /Better\./);
  assert.deepEqual(
    model.requests.map(({ faulty, usage }) => [faulty, usage?.input ?? null]),
    [...Array.from({ length: 4 }, () => [true, null]), [false, 80]],
  );
});

test('what is no step gets a word; a script that does not fit says so', async (t) => {
  const model = await started(t, BUILDER);
  const titled = await post(model, '/v1/messages', { messages: [{ role: 'user', content: PROMPT }] });
  assert.match(String(at(titled, 'content', 0, 'text')), /title/);
  const messages = [{ role: 'user', content: 'Role: nobody' }];
  assert.equal((await send(model, '/v1/messages', { messages, tools: [tool('Write', [])] })).status, 400);
  assert.match(model.requests.at(-1)?.problem ?? '', /no answer for the role "nobody"/);
  await assert.rejects(startModel({ roles: { a: [[{ sya: 'x' } as never]] } }), /a turn is one of/);
});

test('as a program: says where it listens, keeps its requests, ends with its input', async (t) => {
  const folder = t.tempDir();
  const [script, kept] = [join(folder, 'script.json'), join(folder, 'requests.jsonl')];
  writeFileSync(script, JSON.stringify(BUILDER));
  const main = join(import.meta.dirname, '../support/model/main.ts');
  const child = spawn(process.execPath, ['--import', 'tsx', main, script, '--requests', kept], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  t.defer(() => child.kill('SIGKILL'));
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  const { url } = JSON.parse(line) as { url: string };
  const headers = { 'x-api-key': 'SECRET', authorization: 'Bearer SECRET' };
  const body = JSON.stringify({ messages: [{ role: 'user', content: PROMPT }], tools: [tool('Write', [])] });
  assert.equal((await fetch(`${url}/v1/messages`, { method: 'POST', headers, body })).status, 200);
  child.stdin.end();
  assert.deepEqual(await once(child, 'exit'), [0, null]);
  const [request] = readFileSync(kept, 'utf8').trim().split('\n');
  assert.equal(at(JSON.parse(request ?? ''), 'role'), 'builder');
  assert.equal(request?.includes('SECRET'), false);
});

async function started(t: TestContext, script: ModelScript): Promise<FakeModel> {
  const model = await startModel(script);
  t.defer(() => model.close());
  return model;
}

const tool = (name: string, args: readonly string[]) => ({
  name,
  input_schema: { type: 'object', properties: Object.fromEntries(args.map((arg) => [arg, { type: 'string' }])) },
});

const send = ({ url }: FakeModel, path: string, body: unknown, signal?: AbortSignal) =>
  fetch(url + path, { method: 'POST', body: JSON.stringify(body), ...(signal === undefined ? {} : { signal }) });

const post = async (model: FakeModel, path: string, body: unknown): Promise<unknown> =>
  (await send(model, path, body)).json();

/** The data of each event of a streamed answer. */
async function events(model: FakeModel, path: string, body: unknown): Promise<unknown[]> {
  const text = await (await send(model, path, body)).text();
  const data = text.split('\n').filter((line) => line.startsWith('data: '));
  return data.map((line) => line.slice(6)).map((value) => (value === '[DONE]' ? value : JSON.parse(value)));
}

/** What lies at a path in a JSON value. */
function at(value: unknown, ...path: (string | number)[]): unknown {
  return path.reduce((inner: unknown, key) => (inner as Record<string | number, unknown>)?.[key], value);
}

test.run();
