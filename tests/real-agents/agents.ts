import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { AdapterName } from '../../src/agents/adapters.ts';
import type { AgentConfig } from '../../src/agents/config.ts';
import type { AgentName } from './versions.ts';

/** How each agent is started, and how it is led to a model on loopback with a key that is none. */
export interface RealAgent {
  readonly name: AgentName;
  readonly adapter: AdapterName;
  readonly program: string;
  readonly args: readonly string[];
  /** Writes files in the folder of work without a question, or asks about each. */
  readonly mode: string | null;
  /** The modes that it offers. */
  readonly modes: readonly string[];
  /** Whether it tells how much a step used; where it does not, why. */
  readonly usage: true | string;
  /** Whether it goes on with a session in another process; where it does not, why. */
  readonly resumes: true | string;
  /** Whether it always asks again when an answer breaks off; where not, what it does. */
  readonly asksAgain: true | string;
  /** Whether its own tools stay in the folder of work in this mode; where not, why. */
  readonly staysInside: true | string;
  /** Its settings below a temporary home; returns what its environment needs besides. */
  settings(home: string, model: string): Readonly<Record<string, string>>;
}

/** Its own guess at what a person would say next is a model call after the turn that nobody tells of: switched off. */
const CLAUDE = (_home: string, model: string) => ({
  ANTHROPIC_BASE_URL: model,
  ANTHROPIC_API_KEY: 'none',
  CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
  CLAUDE_CODE_ENABLE_PROMPT_SUGGESTION: '0',
});

export const REAL_AGENTS: readonly RealAgent[] = [
  {
    name: 'claude',
    adapter: 'claude',
    program: 'claude',
    args: [],
    mode: null,
    modes: ['acceptEdits', 'auto', 'bypassPermissions', 'manual', 'dontAsk', 'plan'],
    usage: true,
    resumes: true,
    asksAgain: true,
    staysInside: true,
    settings: CLAUDE,
  },
  {
    name: 'claude-acp',
    adapter: 'acp',
    program: 'claude-agent-acp',
    args: [],
    mode: 'default',
    modes: ['default', 'acceptEdits', 'plan', 'auto'],
    usage: true,
    resumes: true,
    asksAgain: true,
    staysInside: 'it asks by kind of tool, and edit is allowed',
    settings: CLAUDE,
  },
  {
    name: 'codex',
    adapter: 'acp',
    program: 'codex-acp',
    args: [],
    mode: 'workspace-write',
    modes: ['read-only', 'workspace-write', 'agent', 'agent-full-access'],
    usage: true,
    resumes: true,
    asksAgain: true,
    staysInside: 'its sandbox leaves /tmp open, where this is, also where config.toml says otherwise',
    settings: (home, model) => {
      const provider = `name = "fake"\nbase_url = "${model}/v1"\nwire_api = "responses"\nenv_key = "FAKE_KEY"\n`;
      const config = `model = "fake"\nmodel_provider = "fake"\n[model_providers.fake]\n${provider}`;
      put(join(home, '.codex/config.toml'), config);
      return { CODEX_HOME: join(home, '.codex'), FAKE_KEY: 'none' };
    },
  },
  {
    name: 'opencode',
    adapter: 'acp',
    program: 'opencode',
    args: ['acp'],
    mode: 'build',
    modes: ['build', 'plan'],
    usage: 'it tells the figures of its last model call only',
    resumes: true,
    asksAgain: 'it may take what came for the whole answer',
    staysInside: true,
    settings: (home, model) => {
      const options = { baseURL: `${model}/v1`, apiKey: 'none' };
      const fake = { npm: '@ai-sdk/openai-compatible', options, models: { fake: { name: 'fake' } } };
      const config = { model: 'fake/fake', provider: { fake }, permission: { edit: 'ask', bash: 'ask' } };
      put(join(home, '.config/opencode/opencode.json'), JSON.stringify(config));
      // else it gets a package for plugins from npm's registry at its first start
      return { OPENCODE_DISABLE_MODELS_FETCH: '1', OPENCODE_DISABLE_AUTOUPDATE: '1', npm_config_offline: 'true' };
    },
  },
  {
    name: 'gemini',
    adapter: 'acp',
    program: 'gemini',
    args: ['--acp', '--skip-trust'],
    mode: 'default',
    modes: ['default', 'autoEdit', 'yolo', 'plan'],
    usage: true,
    resumes: 'it does not find the session of another process, and a new one is begun',
    asksAgain: 'its turn fails',
    staysInside: true,
    settings: (home, model) => {
      put(
        join(home, '.gemini/settings.json'),
        JSON.stringify({ security: { auth: { selectedType: 'gemini-api-key' } } }),
      );
      return { GOOGLE_GEMINI_BASE_URL: model, GEMINI_API_KEY: 'none', GEMINI_CLI_NO_RELAUNCH: '1' };
    },
  },
];

/** What the adapter is told, with the program in `bin`. */
export function configOf({ name, program, args, mode }: RealAgent, bin: string): AgentConfig {
  return { name, command: [join(bin, program)], args, mode, model: null, usage: null };
}

function put(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
