import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { agentOf } from '../../src/agents/adapters.ts';
import { assert, suite } from '../support/suite.ts';
import { bench, contract, type Subject } from './contract.ts';

const test = suite('agents/command', { needs: ['linux'] });

const PROGRAM = resolve(import.meta.dirname, '../support/agents/command-agent.mjs');
const config = { name: 'own', args: [], mode: null, model: null, usage: null };
const subject: Subject = {
  agent: (script) => agentOf('command', { ...config, command: ['node', PROGRAM, script] }),
  usage: (input, output) => ({ do: 'usage', figures: { input, output } }),
};

contract(test, subject);

test('it is told where the packet goes, by which schema, and what it may do; nothing of that stays beside the packet', async (t) => {
  const env = join(t.tempDir(), 'env');
  const b = bench(t, subject, {
    steps: [
      { do: 'env', file: env },
      { do: 'usage', figures: { input: 1, output: 2, cache_read: 3, usd: 0.5 } },
      { do: 'packet', text: '{}' },
    ],
  });
  const result = await b.run();
  const told = JSON.parse(readFileSync(env, 'utf8')) as Record<string, string>;
  assert.deepEqual(
    [told['WAYBILL_PACKET'], told['WAYBILL_PACKET_NAME'], told['WAYBILL_TOOLS']],
    [b.packet, 'build_report', 'read,edit'],
  );
  assert.deepEqual(result.usage, { input: 1, cache_read: 3, cache_write: 0, output: 2, tokens: 6, usd: 0.5 });
  assert.ok(!existsSync(told['WAYBILL_PACKET_SCHEMA'] ?? ''));
  assert.deepEqual(readdirSync(join(b.cwd, '.waybill')), ['step.json']);
});

test('the schema can be read while it works', async (t) => {
  const b = bench(
    t,
    {
      ...subject,
      agent: () =>
        agentOf('command', {
          ...config,
          command: ['/bin/sh', '-c', 'cat > /dev/null; cp "$WAYBILL_PACKET_SCHEMA" "$WAYBILL_PACKET"'],
        }),
    },
    { steps: [] },
  );
  const result = await b.run();
  assert.deepEqual(JSON.parse(result.packet?.toString() ?? ''), b.request.output.schema);
});

test('the program of docs/agent-programs.md works as it stands there', async (t) => {
  const page = readFileSync(resolve(import.meta.dirname, '../../docs/agent-programs.md'), 'utf8');
  const program = join(t.tempDir(), 'agent.sh');
  writeFileSync(program, /```sh\n(.*?)```/s.exec(page)?.[1] ?? '', { mode: 0o755 });
  for (const [text, verdict] of [
    ['all done', 'approved'],
    ['TODO: more', 'rejected'],
  ] as const) {
    const agent = agentOf('command', { ...config, command: [program] });
    const b = bench(t, { ...subject, agent: () => agent }, { steps: [] });
    writeFileSync(join(b.cwd, 'a.txt'), text);
    const result = await b.run();
    const handedIn = JSON.parse(result.packet?.toString() ?? '') as { verdict: string };
    assert.deepEqual(
      [result.outcome, handedIn.verdict],
      ['ended', verdict],
      'docs/packets.test.ts holds the packet against its schema',
    );
  }
});

test.run();
