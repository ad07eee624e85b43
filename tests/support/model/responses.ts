import { type Dialogue, type Entry, objects, offer, textOf } from './dialogue.ts';
import type { ModelAnswer, Protocol, ServerEvent } from './protocol.ts';

/** OpenAI's Responses. */
export const responses: Protocol = {
  takes: (path) => path.endsWith('/responses'),
  beside: () => null,
  dialogue,
  events,
  whole: (answer) => ({ ...response(answer), output: [item(answer)] }),
};

function dialogue(body: Readonly<Record<string, unknown>>): Dialogue {
  const input = body['input'];
  return {
    model: String(body['model']),
    stream: body['stream'] === true,
    tools: objects(body['tools']).flatMap((tool) => offer(tool['name'] ?? tool['type'], tool['parameters'])),
    entries: typeof input === 'string' ? [{ kind: 'prompt', text: input }] : objects(input).flatMap(entries),
  };
}

function entries({ type, role, content }: Readonly<Record<string, unknown>>): Entry[] {
  switch (type) {
    case 'function_call':
    case 'custom_tool_call':
    case 'local_shell_call':
      return [{ kind: 'call' }];
    case 'function_call_output':
    case 'custom_tool_call_output':
    case 'local_shell_call_output':
      return [{ kind: 'result' }];
    case 'message':
    case undefined:
      if (role === 'assistant') return [{ kind: 'said' }];
      return role === 'user' ? [{ kind: 'prompt', text: textOf(content) }] : [];
    default:
      return [];
  }
}

function response({ id, model, usage }: ModelAnswer) {
  const input = usage.input + usage.cacheRead + usage.cacheWrite;
  return {
    id: `resp_${id}`,
    object: 'response',
    model,
    status: 'completed',
    output: [] as unknown[],
    usage: {
      input_tokens: input,
      input_tokens_details: { cached_tokens: usage.cacheRead },
      output_tokens: usage.output,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: input + usage.output,
    },
  };
}

function item({ id, reply }: ModelAnswer) {
  return 'say' in reply
    ? { type: 'message', id: `msg_${id}`, role: 'assistant', content: [{ type: 'output_text', text: reply.say }] }
    : {
        type: 'function_call',
        id: `fc_${id}`,
        call_id: `call_${id}`,
        name: reply.call,
        arguments: JSON.stringify(reply.args),
      };
}

function events(answer: ModelAnswer): ServerEvent[] {
  return [
    { type: 'response.created', response: { id: `resp_${answer.id}` } },
    { type: 'response.output_item.done', output_index: 0, item: item(answer) },
    { type: 'response.completed', response: response(answer) },
  ].map((data) => ({ event: data.type, data }));
}
