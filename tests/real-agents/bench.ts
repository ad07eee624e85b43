import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AgentContext, AgentEvent, AgentRequest } from '../../src/agents/agent.ts';
import type { Answer, Fault, ModelScript } from '../support/model/script.ts';
import { type FakeModel, startModel } from '../support/model/server.ts';
import type { TestContext } from '../support/suite.ts';
import type { RealAgent } from './agents.ts';
import { PATH } from './install.ts';

/** A repository with a worktree for the agent, a model for it, and a home that nothing was in. */
export interface RealBench {
  readonly model: FakeModel;
  readonly worktree: string;
  readonly packet: string;
  readonly mark: string;
  readonly env: Readonly<Record<string, string>>;
  readonly events: AgentEvent[];
  /** The file with the whole raw stream. */
  readonly raw: string;
  readonly context: AgentContext;
  request(more?: Partial<AgentRequest>): AgentRequest;
  /** What git says of the worktree. */
  changed(): string;
}

export const SCHEMA = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  properties: { summary: { type: 'string' } },
  required: ['summary'],
  additionalProperties: false,
};

/** What a builder does in one step. */
export const BUILD: Answer = [
  { write: 'hello.txt', content: "hello, it's me\n" },
  { packet: { summary: 'Said hello.' } },
  { say: 'All done.' },
];

/** The same, after something went wrong. */
export const faulty = (fault: Fault): Answer => BUILD.map((turn, n) => (n === 0 ? { ...turn, faults: [fault] } : turn));

let count = 0;

export async function realBench(t: TestContext, agent: RealAgent, ...builder: readonly Answer[]): Promise<RealBench> {
  const script: ModelScript = { roles: { builder } };
  const model = await startModel(script);
  t.defer(() => model.close());
  const folder = realpathSync(t.tempDir());
  const [home, temp, repository] = ['home', 'tmp', 'repository'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  for (const each of [home, temp, repository]) mkdirSync(each);
  const worktree = join(folder, 'worktree');
  // Codex keeps its helpers below CODEX_HOME, and refuses that where it is below the folder for temporary files
  const env = { PATH: PATH(), HOME: home, TMPDIR: temp, LANG: 'C.UTF-8', ...agent.settings(home, model.url) };
  git(repository, 'init', '-q', '-b', 'main');
  writeFileSync(join(repository, 'README.md'), 'a repository\n');
  git(repository, 'add', '.');
  git(repository, '-c', 'user.name=t', '-c', 'user.email=t@localhost', 'commit', '-qm', 'Begin');
  git(repository, 'worktree', 'add', '-q', '--detach', worktree);
  writeFileSync(join(repository, '.git/info/exclude'), '.waybill/\n');
  mkdirSync(join(worktree, '.waybill'));
  const packet = join(worktree, '.waybill/build.json');
  const mark = `real.${agent.name}.${process.pid}.${++count}`;
  const raw = join(folder, 'raw');
  const events: AgentEvent[] = [];
  return {
    model,
    worktree,
    packet,
    mark,
    env,
    events,
    raw,
    context: contextOf({ env, mark, raw }, (event) => events.push(event)),
    request: (more = {}) => ({
      prompt: promptOf(packet),
      cwd: worktree,
      tools: ['read', 'search', 'edit', 'execute'],
      output: { name: 'build_report', schema: SCHEMA, file: packet },
      limits: { tokens: null, usd: 5, seconds: 120 },
      session: null,
      signal: new AbortController().signal,
      ...more,
    }),
    changed: () => git(worktree, 'status', '--porcelain', '--untracked-files=all'),
  };
}

export const promptOf = (packet: string) =>
  `You build what is asked for, and hand in a report.\n\nRole: builder\nPacket file: ${packet}\n\nSay hello in hello.txt.\n`;

/** What an adapter is run in; all that is said goes into the file `raw`. */
export function contextOf(
  { env, mark, raw }: Pick<RealBench, 'env' | 'mark' | 'raw'>,
  onEvent: (event: AgentEvent) => void,
  onStarted: AgentContext['onStarted'] = () => {},
): AgentContext {
  return {
    env,
    mark: { name: 'WAYBILL_RUN', value: mark },
    wrap: (argv) => argv,
    graceMs: 2000,
    onStarted,
    onRaw: (source, bytes) => appendFileSync(raw, `${source}> ${Buffer.from(bytes).toString('utf8')}\n`),
    onEvent,
  };
}

function git(cwd: string, ...args: string[]): string {
  const env = { PATH: PATH(), HOME: cwd, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null' };
  return execFileSync('git', args, { cwd, env, encoding: 'utf8' });
}
