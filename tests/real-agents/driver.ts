import { agentOf } from '../../src/agents/adapters.ts';
import type { AgentRequest } from '../../src/agents/agent.ts';
import { configOf, REAL_AGENTS } from './agents.ts';
import { contextOf } from './bench.ts';

/** A process of its own that gives a step to an agent, so that it can be killed. Its argument: what it needs, as JSON. */
export interface Drive {
  readonly name: string;
  readonly bin: string;
  readonly env: Readonly<Record<string, string>>;
  readonly mark: string;
  readonly raw: string;
  readonly request: Omit<AgentRequest, 'signal'>;
}

const drive = JSON.parse(process.argv[2] ?? '') as Drive;
const real = REAL_AGENTS.find(({ name }) => name === drive.name);
if (real === undefined) throw new Error(`no agent ${drive.name}`);
const context = contextOf(
  drive,
  () => {},
  ({ pgid }) => void process.stdout.write(`${pgid}\n`),
);
const request = { ...drive.request, signal: new AbortController().signal };
await agentOf(real.adapter, configOf(real, drive.bin)).run(request, context);
