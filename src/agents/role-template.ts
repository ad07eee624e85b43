import { BUILDER_TOOLS, TOOLS } from './role-file.ts';

/** The roles that the built-in chains ask for, and what each does. */
export const ROLES = {
  designer: 'Says what is to be built, and how.',
  planner: 'Breaks an approved design into steps.',
  builder: 'Changes files until the plan is done.',
  reviewer: 'Holds what was made against what was asked, and decides.',
  steward: 'Sums up what was done, and closes the mission.',
} as const satisfies Record<string, string>;

/** How an agent stands in a role's file. */
export interface TemplateAgent {
  readonly name: string;
  readonly adapter: 'acp' | 'claude' | 'command';
  readonly command: readonly string[];
  readonly mode: string | null;
  /** Variables by which it is made to ask before it does something, so that `tools` decide. */
  readonly set?: Readonly<Record<string, string>>;
  /** How to get it; null where nobody knows. */
  readonly install: string | null;
  /** The variable with its key; null for none. */
  readonly key: string | null;
}

/** Agents that are known by name. */
export const KNOWN_AGENTS: Readonly<Record<string, TemplateAgent>> = {
  claude: {
    name: 'claude',
    adapter: 'acp',
    command: ['claude-agent-acp'],
    mode: 'acceptEdits',
    install: 'npm install --global @agentclientprotocol/claude-agent-acp',
    key: 'ANTHROPIC_API_KEY',
  },
  codex: {
    name: 'codex',
    adapter: 'acp',
    command: ['codex-acp'],
    mode: 'agent',
    install: 'npm install --global @agentclientprotocol/codex-acp',
    key: 'OPENAI_API_KEY',
  },
  opencode: {
    name: 'opencode',
    adapter: 'acp',
    command: ['opencode', 'acp'],
    mode: 'build',
    set: { OPENCODE_PERMISSION: '{"edit":"ask","bash":"ask","webfetch":"ask"}' },
    install: 'npm install --global opencode-ai',
    key: null,
  },
  gemini: {
    name: 'gemini',
    adapter: 'acp',
    command: ['gemini', '--acp'],
    mode: 'default',
    install: 'npm install --global @google/gemini-cli',
    key: 'GEMINI_API_KEY',
  },
};

/** agents/<role>/agent.yaml for a role, commented. */
export function roleText(role: string, agents: readonly TemplateAgent[]): string {
  const description = role in ROLES ? ROLES[role as keyof typeof ROLES] : 'What it is for, in a line.';
  const tools = role === 'builder' ? BUILDER_TOOLS : TOOLS;
  return `# The role ${role} of this station's missions: who does it, and what it may do. docs/agents.md tells every key.
# People write this file; orders never do.
version: 1
description: ${description}

# What its agents may do without a question; everything else is refused. Kinds of the Agent Client Protocol:
# read edit delete move search execute think fetch other. What they change is measured afterwards in any case.
tools: [${tools.join(', ')}]

# The longest that one step may take.
timeout_seconds: 1800

# What it is told beside each step's own prompt: text, or a file beside this one.
# prompt: {file: prompt.md}

# Who can do it: the first that is usable does the work. \`waybill agents check ${role}\` tells which that is.
use:
${agents.map(entryText).join('')}`;
}

function entryText({ name, adapter, command, mode, set, install, key }: TemplateAgent): string {
  return [
    ...(install === null ? [] : [`  # ${install}`]),
    `  - name: ${name}`,
    `    adapter: ${adapter}`,
    `    command: ${list(command)}`,
    ...(mode === null ? [] : [`    mode: ${mode}`]),
    ...(set === undefined
      ? []
      : [
          `    # by itself it asks about nothing: so it does, and \`tools\` above decide`,
          `    set: ${JSON.stringify(set)}`,
        ]),
    ...(key === null
      ? []
      : [
          `    # where it is not logged in by itself; the value is cut from all that is recorded`,
          `    # env: [${key}]`,
        ]),
    '',
  ].join('\n');
}

/** A list of words on one line, each in quotes where YAML could read it otherwise. */
function list(words: readonly string[]): string {
  return `[${words.map((word) => (/^[A-Za-z/-][\w@./=-]*$/.test(word) && !WORDS_OF_YAML.test(word) ? word : JSON.stringify(word))).join(', ')}]`;
}

const WORDS_OF_YAML = /^(?:true|false|null|yes|no|on|off|-+)$/i;
