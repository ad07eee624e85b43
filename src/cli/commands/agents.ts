import { command } from '../command.ts';

/** Who does the work of missions. */

const collect = (word: string, before: string[]) => [...before, word];

command(
  'agents <what> [role]',
  'who does the work of missions: ls, check [ROLE], init',
  [
    'waybill agents init',
    'waybill agents init --agent claude --agent codex --role builder',
    'waybill agents init --agent "/opt/agents/own --quiet" --role builder',
    'waybill agents ls',
    'waybill agents check',
    'waybill agents check builder --json',
  ],
  (c) =>
    c
      .option(
        '--agent <agent>',
        'init: claude, codex, opencode, gemini or a command line; repeat for fallbacks',
        collect,
        [],
      )
      .option('--adapter <adapter>', 'init: how a command line is spoken to: command or acp (default: command)')
      .option('--role <role>', 'init: only this role; repeat for several', collect, [])
      .addHelpText(
        'after',
        `
What:
  ls     the roles, their agents in the order in which they are tried, and what is wrong with their files; starts nothing
  check  starts each agent, asks what it is and can, and ends it: no model is asked anything
  init   writes agents/ROLE/agent.yaml for designer, planner, builder, reviewer and steward; replaces nothing`,
      ),
  async ([what, role], o) => (await import('../agents/agents.ts')).agents(what ?? '', role ?? null, o),
);
