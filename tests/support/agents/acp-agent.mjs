import { writeFileSync } from 'node:fs';
import { Readable, Writable } from 'node:stream';
import { agent, ndJsonStream, RequestError } from '@agentclientprotocol/sdk';
import { play, script } from './script.mjs';

/**
 * A real agent of the Agent Client Protocol, with the SDK's own side of agents, and no model. Beside `steps` its script may say: `modes` (as in the
 * answer to session/new), `configOptions`, `setMode` ('refuse', or what it reports instead), `hello` (merged into the answer to initialize),
 * `answer` (merged into the answer to the prompt), `sessions` (those it still has),
 * `ownSessions` (each process names its own).
 */

const asIs = (params) => params;
let cancelled = false;
const log = (line) => script.log && writeFileSync(script.log, `${line}\n`, { flag: 'a' });

const opened = () => ({
  ...(script.modes && { modes: script.modes }),
  ...(script.configOptions && { configOptions: script.configOptions }),
});
const app = agent({ name: 'acp-agent' })
  .onRequest('initialize', asIs, ({ params }) => {
    log(`initialize ${JSON.stringify(params.clientCapabilities)}`);
    return {
      protocolVersion: 1,
      agentCapabilities: { loadSession: false },
      agentInfo: { name: 'acp-agent', version: '1.2.3' },
      ...script.hello,
    };
  })
  .onRequest('session/new', asIs, ({ params }) => {
    log(`new ${params.cwd}`);
    if (script.login) throw RequestError.authRequired();
    return { sessionId: script.ownSessions ? `session-of-${process.pid}` : 'session-1', ...opened() };
  })
  .onRequest('session/resume', asIs, ({ params }) => {
    log(`resume ${params.sessionId}`);
    if (!script.sessions?.includes(params.sessionId)) throw RequestError.resourceNotFound(params.sessionId);
    return opened();
  })
  .onRequest('session/set_mode', asIs, async ({ params, client }) => {
    log(`set_mode ${params.modeId}`);
    if (script.setMode === 'refuse') throw RequestError.internalError({ details: 'not today' });
    const currentModeId = script.setMode ?? params.modeId;
    const update = { sessionUpdate: 'current_mode_update', currentModeId };
    if (script.setMode !== 'silent') await client.notify('session/update', { sessionId: 'session-1', update });
    return {};
  })
  .onRequest('session/set_config_option', asIs, ({ params }) => {
    log(`set_config_option ${params.configId} ${params.value}`);
    const value = script.setMode ?? params.value;
    return {
      configOptions: script.configOptions.map((option) =>
        option.id === params.configId ? { ...option, currentValue: value } : option,
      ),
    };
  })
  .onNotification('session/cancel', asIs, () => {
    cancelled = true;
    log('cancel');
  })
  .onRequest('session/prompt', asIs, async ({ params, client }) => {
    const { sessionId, prompt } = params;
    log(`prompt ${sessionId}`);
    const tell = (update) => client.notify('session/update', { sessionId, update });
    const own = {
      say: ({ text }) => tell({ sessionUpdate: 'agent_message_chunk', content: { type: 'text', text } }),
      update: ({ update, method = 'session/update', session = sessionId }) =>
        client.notify(method, { sessionId: session, update }),
      ask: async ({ toolCall, options, file }) => {
        const answer = await client.request('session/request_permission', { sessionId, toolCall, options });
        writeFileSync(file, JSON.stringify(answer.outcome));
      },
      try: async ({ method, params: asked, file }) => {
        const answer = await client.request(method, { sessionId, ...asked }).then(
          () => 'granted',
          (error) => `refused ${error.code}`,
        );
        writeFileSync(file, answer);
      },
      usage: ({ figures }) => {
        script.answer = { ...script.answer, usage: figures };
      },
      untilCancelled: async () => {
        while (!cancelled) await new Promise((resolve) => setTimeout(resolve, 10));
        script.answer = { ...script.answer, stopReason: 'cancelled' };
      },
    };
    await play({ prompt: Buffer.from(prompt[0].text), packet: script.packet, own });
    return { stopReason: 'end_turn', ...script.answer };
  });
app.connect(ndJsonStream(Writable.toWeb(process.stdout), Readable.toWeb(process.stdin)));
