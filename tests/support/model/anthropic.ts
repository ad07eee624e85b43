import { type Dialogue, type Entry, object, objects, offer, textOf } from './dialogue.ts';
import type { ModelAnswer, Protocol, ServerEvent } from './protocol.ts';

/** Anthropic's Messages. */
export const anthropic: Protocol = {
  takes: (path) => path.endsWith('/v1/messages'),
  beside: (path) => (path.endsWith('/count_tokens') ? { input_tokens: 100 } : null),
  dialogue,
  events,
  whole: (answer) => ({ ...message(answer), content: [block(answer)], stop_reason: stopReason(answer) }),
};

function dialogue(body: Readonly<Record<string, unknown>>): Dialogue {
  return {
    model: String(body['model']),
    stream: body['stream'] === true,
    tools: objects(body['tools']).flatMap((tool) => offer(tool['name'], tool['input_schema'])),
    entries: objects(body['messages']).flatMap(entries),
  };
}

function entries({ role, content }: Readonly<Record<string, unknown>>): Entry[] {
  if (role === 'assistant')
    return [{ kind: objects(content).some((part) => part['type'] === 'tool_use') ? 'call' : 'said' }];
  const results = objects(content).filter((part) => part['type'] === 'tool_result');
  const text = textOf(content);
  return [
    ...results.map((): Entry => ({ kind: 'result' })),
    ...(text.trim() === '' ? [] : [{ kind: 'prompt' as const, text }]),
  ];
}

function message({ id, model, usage }: ModelAnswer) {
  return {
    id: `msg_${id}`,
    type: 'message',
    role: 'assistant',
    model,
    content: [] as unknown[],
    stop_reason: null as string | null,
    stop_sequence: null,
    usage: {
      input_tokens: usage.input,
      cache_creation_input_tokens: usage.cacheWrite,
      cache_read_input_tokens: usage.cacheRead,
      output_tokens: usage.output,
    },
  };
}

const stopReason = ({ reply }: ModelAnswer) => ('say' in reply ? 'end_turn' : 'tool_use');

function block({ id, reply }: ModelAnswer) {
  return 'say' in reply
    ? { type: 'text', text: reply.say }
    : { type: 'tool_use', id: `toolu_${id}`, name: reply.call, input: object(reply.args) };
}

function events(answer: ModelAnswer): ServerEvent[] {
  const { reply } = answer;
  const empty = 'say' in reply ? { text: '' } : { input: {} };
  const delta =
    'say' in reply
      ? { type: 'text_delta', text: reply.say }
      : { type: 'input_json_delta', partial_json: JSON.stringify(reply.args) };
  const start = message(answer);
  const named = (data: { type: string }): ServerEvent => ({ event: data.type, data });
  return [
    { type: 'message_start', message: { ...start, usage: { ...start.usage, output_tokens: 1 } } },
    { type: 'content_block_start', index: 0, content_block: { ...block(answer), ...empty } },
    { type: 'content_block_delta', index: 0, delta },
    { type: 'content_block_stop', index: 0 },
    {
      type: 'message_delta',
      delta: { stop_reason: stopReason(answer), stop_sequence: null },
      usage: { output_tokens: answer.usage.output },
    },
    { type: 'message_stop' },
  ].map(named);
}
