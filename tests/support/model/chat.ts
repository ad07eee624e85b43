import { type Dialogue, type Entry, object, objects, offer, textOf } from './dialogue.ts';
import type { ModelAnswer, Protocol, ServerEvent } from './protocol.ts';

/** OpenAI's Chat Completions, which many others speak. */
export const chat: Protocol = {
  takes: (path) => path.endsWith('/chat/completions'),
  beside: () => null,
  dialogue,
  events,
  whole: (answer) => ({
    ...head(answer, 'chat.completion'),
    choices: [{ index: 0, message: message(answer), finish_reason: finish(answer) }],
    usage: usage(answer),
  }),
};

function dialogue(body: Readonly<Record<string, unknown>>): Dialogue {
  const tools = objects(body['tools']).map((tool) => object(tool['function']));
  return {
    model: String(body['model']),
    stream: body['stream'] === true,
    tools: tools.flatMap((tool) => offer(tool['name'], tool['parameters'])),
    entries: objects(body['messages']).flatMap(entries),
  };
}

function entries({ role, content, tool_calls }: Readonly<Record<string, unknown>>): Entry[] {
  if (role === 'user') return [{ kind: 'prompt', text: textOf(content) }];
  if (role === 'tool') return [{ kind: 'result' }];
  return role === 'assistant' ? [{ kind: objects(tool_calls).length > 0 ? 'call' : 'said' }] : [];
}

const head = ({ id, model }: ModelAnswer, kind: string) => ({ id: `chat_${id}`, object: kind, created: 1, model });

const finish = ({ reply }: ModelAnswer) => ('say' in reply ? 'stop' : 'tool_calls');

function message({ id, reply }: ModelAnswer) {
  if ('say' in reply) return { role: 'assistant', content: reply.say };
  const called = { name: reply.call, arguments: JSON.stringify(reply.args) };
  return { role: 'assistant', tool_calls: [{ index: 0, id: `call_${id}`, type: 'function', function: called }] };
}

function usage({ usage: used }: ModelAnswer) {
  const input = used.input + used.cacheRead + used.cacheWrite;
  return {
    prompt_tokens: input,
    completion_tokens: used.output,
    total_tokens: input + used.output,
    prompt_tokens_details: { cached_tokens: used.cacheRead },
  };
}

function events(answer: ModelAnswer): ServerEvent[] {
  const chunk = head(answer, 'chat.completion.chunk');
  return [
    { data: { ...chunk, choices: [{ index: 0, delta: message(answer), finish_reason: null }] } },
    { data: { ...chunk, choices: [{ index: 0, delta: {}, finish_reason: finish(answer) }], usage: usage(answer) } },
    { data: '[DONE]' },
  ];
}
