import { type Dialogue, type Entry, objects, offer } from './dialogue.ts';
import type { ModelAnswer, Protocol, ServerEvent } from './protocol.ts';

/** Gemini's generateContent and streamGenerateContent. */
export const gemini: Protocol = {
  takes: (path) => /:(streamG|g)enerateContent$/.test(path),
  beside: (path) => (path.endsWith(':countTokens') ? { totalTokens: 100 } : null),
  dialogue,
  events: (answer): ServerEvent[] => [{ data: whole(answer) }],
  whole,
};

function dialogue(body: Readonly<Record<string, unknown>>, path: string): Dialogue {
  const tools = objects(body['tools']).flatMap((tool) => objects(tool['functionDeclarations']));
  return {
    model: /models\/([^:]+):/.exec(path)?.[1] ?? '',
    stream: path.endsWith(':streamGenerateContent'),
    tools: tools.flatMap((tool) => offer(tool['name'], tool['parametersJsonSchema'] ?? tool['parameters'])),
    entries: objects(body['contents']).flatMap(({ role, parts }) => entries(role, objects(parts))),
  };
}

function entries(role: unknown, parts: readonly Readonly<Record<string, unknown>>[]): Entry[] {
  if (role === 'model') return [{ kind: parts.some((part) => 'functionCall' in part) ? 'call' : 'said' }];
  return parts.map((part) =>
    'functionResponse' in part ? { kind: 'result' } : { kind: 'prompt', text: String(part['text'] ?? '') },
  );
}

function whole({ model, reply, usage }: ModelAnswer) {
  const part = 'say' in reply ? { text: reply.say } : { functionCall: { name: reply.call, args: reply.args } };
  const prompt = usage.input + usage.cacheRead + usage.cacheWrite;
  return {
    candidates: [{ content: { role: 'model', parts: [part] }, finishReason: 'STOP', index: 0 }],
    usageMetadata: {
      promptTokenCount: prompt,
      candidatesTokenCount: usage.output,
      totalTokenCount: prompt + usage.output,
      cachedContentTokenCount: usage.cacheRead,
    },
    modelVersion: model,
  };
}
