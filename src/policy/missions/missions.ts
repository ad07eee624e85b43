import type { Place } from '../../order/error.ts';
import type { MissionRule as MissionRuleDocument, PolicyDocument } from '../../order/generated.ts';
import type { FailureClass } from '../../order/mission.ts';
import type { BudgetKey } from '../../order/order.ts';

/** What follows a failed step. */
export type MissionAction = 'retry' | 'terminate' | 'escalate' | 'waive';

/** What a mission may use up; null for what is not bounded. */
export type BudgetLimits = Readonly<Record<BudgetKey, number | null>>;

/** A rule about missions, and where it stands. */
export interface MissionRule {
  readonly name: string;
  readonly line: number | null;
  /** null: whatever it changes. */
  readonly paths: readonly string[] | null;
  readonly minDiffLines: number | null;
  /** null: of every lane. */
  readonly lanes: readonly string[] | null;
  /** null: of every requester. */
  readonly requesters: readonly string[] | null;
  readonly chain: string | null;
  readonly reviewers: number | null;
  readonly checkpoints: readonly string[] | null;
  readonly agents: readonly string[] | null;
  readonly why: string | null;
}

/** How a mission goes on after a failure. */
export interface FailureRules {
  /** `total`: of a whole mission. `classes`: in a row, `perClass` where policy names no other number. */
  readonly retries: {
    readonly total: number;
    readonly perClass: number;
    readonly classes: Readonly<Record<FailureClass, number>>;
  };
  readonly routing: Readonly<Record<FailureClass, MissionAction>>;
  readonly progress: { readonly noProgress: number; readonly oscillation: number };
}

/** `missions` of policy.yaml with every default filled in. */
export interface MissionPolicy extends FailureRules {
  /** From the lightest to the strictest. */
  readonly chains: readonly string[];
  readonly chain: string;
  readonly reviewers: number;
  readonly revisions: number;
  readonly checkpoints: readonly string[];
  /** null: all that rules allow. */
  readonly paths: readonly string[] | null;
  readonly rules: readonly MissionRule[];
  readonly budget: BudgetLimits;
  /** The most that is set aside for one step. */
  readonly step: { readonly tokens: number | null; readonly usd: number | null; readonly seconds: number };
  readonly requireUsage: boolean;
}

const ROUTING: Readonly<Record<FailureClass, MissionAction>> = {
  test_failure: 'retry',
  test_timeout: 'retry',
  timeout: 'retry',
  validation_error: 'terminate',
  tool_invocation_error: 'retry',
  environment_error: 'escalate',
  governance_violation: 'escalate',
  unknown: 'escalate',
};

export const FAILURE_CLASSES = Object.keys(ROUTING) as readonly FailureClass[];

/** Says that something in policy.yaml cannot be as it is. */
type Fault = (message: string, ...at: (string | number)[]) => Error;
type Locate = (...at: (string | number)[]) => Place;

/** Fills in what `missions` does not say. Throws what `fault` makes where a chain is named that missions may not run under. */
export function missionPolicyOf(doc: PolicyDocument['missions'], locate: Locate, fault: Fault): MissionPolicy {
  const { budget, step, retries, progress } = doc ?? {};
  const perClass = retries?.per_class ?? 2;
  const policy: MissionPolicy = {
    chains: doc?.chains ?? ['short', 'full'],
    chain: doc?.chain ?? 'short',
    reviewers: doc?.reviewers ?? 1,
    revisions: doc?.revisions ?? 2,
    checkpoints: doc?.checkpoints ?? [],
    paths: doc?.paths ?? null,
    rules: (doc?.rules ?? []).map((rule, n) => ruleOf(rule, n, locate('missions', 'rules', n).line ?? null)),
    budget: {
      tokens: budget?.tokens ?? null,
      usd: budget?.usd ?? null,
      seconds: budget?.seconds ?? 7200,
      attempts: budget?.attempts ?? 50,
      diff_lines: budget?.diff_lines ?? 2000,
    },
    step: { tokens: step?.tokens ?? null, usd: step?.usd ?? null, seconds: step?.seconds ?? 1800 },
    requireUsage: doc?.require_usage ?? true,
    retries: {
      total: retries?.total ?? 5,
      perClass,
      classes: forEach((name) =>
        // never tried again without a person
        name === 'governance_violation' ? 0 : (retries?.classes?.[name] ?? perClass),
      ),
    },
    routing: forEach((name) => doc?.routing?.[name] ?? ROUTING[name]),
    progress: { noProgress: progress?.no_progress ?? 1, oscillation: progress?.oscillation ?? 3 },
  };
  const known = (chain: string, ...at: (string | number)[]) => {
    if (!policy.chains.includes(chain))
      throw fault(`${at.join('.')}: ${chain} is none of missions.chains (${policy.chains.join(', ')})`, ...at);
  };
  known(policy.chain, 'missions', 'chain');
  for (const [n, rule] of policy.rules.entries())
    if (rule.chain !== null) known(rule.chain, 'missions', 'rules', n, 'chain');
  return policy;
}

/** Every class there is, so that none can be missing. */
function forEach<T>(of: (name: FailureClass) => T): Readonly<Record<FailureClass, T>> {
  return Object.fromEntries(FAILURE_CLASSES.map((name) => [name, of(name)])) as Record<FailureClass, T>;
}

function ruleOf(rule: MissionRuleDocument, n: number, line: number | null): MissionRule {
  return {
    name: rule.name ?? `rule ${n + 1}`,
    line,
    paths: rule.paths ?? null,
    minDiffLines: rule.min_diff_lines ?? null,
    lanes: rule.lanes ?? null,
    requesters: rule.requesters?.map(String) ?? null,
    chain: rule.chain ?? null,
    reviewers: rule.reviewers ?? null,
    checkpoints: rule.checkpoints ?? null,
    agents: rule.agents ?? null,
    why: rule.why ?? null,
  };
}
