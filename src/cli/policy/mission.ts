import type { DryRun } from '../../pipeline/dry-run.ts';
import { BUDGET_KEYS } from '../../policy/missions/budget.ts';

type Mission = NonNullable<DryRun['mission']>;

/** What counts for a mission, as `--json` tells it. */
export function missionDocument({ chain, reviewers, revisions, checkpoints, agents, paths, limits, by }: Mission) {
  return {
    chain,
    reviewers,
    revisions,
    checkpoints,
    agents,
    paths,
    budget: limits,
    rules: by.map(({ name, line, why }) => ({ name, line, why })),
  };
}

/** The same for people: a line each. */
export function missionText({
  chain,
  reviewers,
  revisions,
  checkpoints,
  agents,
  paths,
  limits,
  by,
}: Mission): string[] {
  const budget = BUDGET_KEYS.flatMap((key) => {
    const limit = limits[key];
    return limit === null ? [] : [`${limit} ${key === 'attempts' ? 'steps' : key.replace('_', ' ')}`];
  });
  const rules = by.map(({ name, line, why }) => {
    const at = line === null ? '' : ` (policy.yaml:${line})`;
    return `rule ${JSON.stringify(name)}${at}${why === null ? '' : `: ${why}`}`;
  });
  return [
    `mission  chain ${chain}, ${reviewers} ${reviewers === 1 ? 'reviewer' : 'reviewers'}, at most ${revisions} revisions`,
    ...(checkpoints.length === 0 ? [] : [`mission  a person is asked before ${checkpoints.join(', ')}`]),
    ...(agents === null
      ? []
      : [`mission  only by ${agents.length === 0 ? 'nobody: its rules name no agent in common' : agents.join(', ')}`]),
    `mission  may change ${paths === null ? 'all that rules allow' : paths.join(', ')}`,
    `mission  may use up ${budget.length === 0 ? 'as much as it likes' : budget.join(', ')}`,
    ...rules.map((rule) => `mission  by ${rule}`),
  ];
}
