import type { ApprovalSubject } from '../../order/generated.ts';

type Stop = NonNullable<ApprovalSubject['mission']>;

/** What a mission did before it stopped, what it used, and what a yes means: a name and a text for each line. */
export function missionLines(woId: string, stage: ApprovalSubject['stage'], stop: Stop): [string, string][] {
  const { at, why, chain, base, steps, budget } = stop;
  return [
    ['stops', `at ${at}: ${why}`],
    ['chain', `${chain}, its work is made to ${base.slice(0, 10)}`],
    ...steps.map((step): [string, string] => ['did', stepText(step)]),
    ...Object.entries(budget ?? {}).flatMap(([key, figure]) => budgetLine(key, figure)),
    ['read', `\`waybill spine status ${woId}\` says where prompts, packets and raw streams of the steps lie`],
    ['a yes', meaning(stage, stop)],
    ['a no', 'ends the mission as DENIED'],
  ];
}

function stepText({ step, ok, agent, verdict, why, outputs }: Stop['steps'][number]): string {
  const gave = (outputs ?? []).map(({ name, sha256 }) => `${name} ${sha256.slice(0, 17)}`);
  return [
    `${step}${agent == null ? '' : ` by ${agent}`}: ${verdict ?? (ok ? 'ok' : 'failed')}`,
    ...(ok || why == null ? [] : [why]),
    ...(gave.length === 0 ? [] : [`gave ${gave.join(', ')}`]),
  ].join(', ');
}

function budgetLine(
  key: string,
  { used, limit, raise_to: raiseTo }: NonNullable<Stop['budget']>[string],
): [string, string][] {
  if (used === 0 && limit === null) return [];
  const figure = (n: number) => (key === 'usd' ? n.toFixed(2) : String(Math.round(n)));
  const unit = key === 'attempts' ? 'steps' : key.replace('_', ' ');
  const of = limit === null ? '' : ` of ${figure(limit)}`;
  return [
    [
      'used',
      `${figure(used)}${of} ${unit}${raiseTo === undefined ? '' : `; a yes raises the limit to ${figure(raiseTo)}`}`,
    ],
  ];
}

/** What follows a yes, as the steps so far have it. */
function meaning(stage: ApprovalSubject['stage'], { at, why, steps }: Stop): string {
  if (stage === 'budget') return `raises what is marked above, and goes on with ${at}`;
  if (why.startsWith('POLICY_CHANGED_MID_RUN')) return `goes on with ${at}, under the policy that counts now`;
  const last = steps.at(-1);
  if (last === undefined || last.step !== at) return `goes on with ${at}`;
  if (!last.ok) return `does ${at} again`;
  return last.verdict === 'needs_revision' || last.verdict === 'escalate'
    ? `stands in for ${at}: what was reviewed counts as approved, by you, and it goes on after it`
    : `goes on after ${at}`;
}
