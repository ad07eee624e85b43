import { WaybillError } from '../../order/error.ts';
import type { Requester } from '../../order/generated.ts';
import { pathMatches } from '../paths.ts';
import type { Policy } from '../policy.ts';
import type { BudgetLimits, FailureRules, MissionPolicy, MissionRule } from './missions.ts';
import { mayOverlap, surelyCovers } from './scope.ts';

/** What is asked about a mission, before it begins or after it changed something. */
export interface MissionQuestion {
  /** The station's root. */
  readonly root: string;
  readonly lane: string;
  readonly requester: Pick<Requester, 'uid' | 'user'>;
  /** `may`: paths and globs that it may change, null where it names none. `did`: the files that it really changed. */
  readonly scope:
    | {
        readonly kind: 'may';
        readonly paths: readonly string[] | null;
        /** The most lines that it wants to change; null where it does not say. */
        readonly diffLines: number | null;
        /** Which of the paths are known to be files, and no folders. Without it all of them may be folders. */
        readonly isFile?: (path: string) => boolean;
      }
    | { readonly kind: 'did'; readonly paths: readonly string[]; readonly diffLines: number };
  /** The chain that it asks for; null or absent where it asks for none. */
  readonly chain?: string | null;
}

/** What counts for one mission. */
export interface MissionRules extends FailureRules {
  readonly chain: string;
  readonly reviewers: number;
  readonly revisions: number;
  /** Steps before which a person is asked. */
  readonly checkpoints: readonly string[];
  /** The agents that may do it, by name; null for all. Empty where rules leave nobody. */
  readonly agents: readonly string[] | null;
  /** What it may change; null for all that rules allow. */
  readonly paths: readonly string[] | null;
  /** What it may use up where it does not say so itself. */
  readonly budget: BudgetLimits;
  /** The most that is set aside for one step. */
  readonly step: MissionPolicy['step'];
  readonly requireUsage: boolean;
  /** The rules that have a say in it, in their order. */
  readonly by: readonly MissionRule[];
}

/**
 * What policy says of one mission. For each path that it may change the first rule that matches decides; where paths come under several rules, the
 * strictest of each counts: the later chain of `chains`, most reviewers, all checkpoints, the agents that all of them allow. What is not declared
 * may be anything (rule 7). A mission may ask for a stricter chain than policy wants, never for a lighter one. Throws POLICY_DENIED where it asks
 * for a chain that missions may not run under.
 */
export function missionRulesFor(policy: Pick<Policy, 'missions' | 'budgets'>, question: MissionQuestion): MissionRules {
  const { missions } = policy;
  const { chains } = missions;
  const wanted = question.chain ?? null;
  if (wanted !== null && !chains.includes(wanted))
    throw new WaybillError('POLICY_DENIED', `missions may not run under the chain ${wanted}`, {
      hint: `Leave \`chain\` out, or take one of: ${chains.join(', ')}. An operator can add it to \`missions.chains\` in policy.yaml.`,
    });
  const deciding = decidingRules(missions, question);
  const own = [...deciding].map((rule) => ({
    chain: rule?.chain ?? missions.chain,
    reviewers: rule?.reviewers ?? missions.reviewers,
    checkpoints: rule?.checkpoints ?? missions.checkpoints,
    agents: rule?.agents ?? null,
  }));
  const asked = [...own.map(({ chain }) => chain), ...(wanted === null ? [] : [wanted])];
  return {
    chain: asked.reduce((a, b) => (chains.indexOf(b) > chains.indexOf(a) ? b : a)),
    reviewers: Math.max(...own.map(({ reviewers }) => reviewers)),
    revisions: missions.revisions,
    checkpoints: [...new Set(own.flatMap(({ checkpoints }) => checkpoints))],
    agents: allowedByAll(own.map(({ agents }) => agents)),
    paths: declaredPaths(missions, question),
    budget: defaultBudget(policy),
    step: missions.step,
    requireUsage: missions.requireUsage,
    retries: missions.retries,
    routing: missions.routing,
    progress: missions.progress,
    by: missions.rules.filter((rule) => deciding.has(rule)),
  };
}

/**
 * Why what a mission really changed needs more than it ran under: a stricter chain, more reviewers, a checkpoint. null where it does not. `did` is
 * the files that it changed, relative to the root, and their lines.
 */
export function riskierThan(
  policy: Pick<Policy, 'missions' | 'budgets'>,
  ran: Pick<MissionRules, 'chain' | 'reviewers' | 'checkpoints'>,
  question: Pick<MissionQuestion, 'root' | 'lane' | 'requester'>,
  did: { readonly paths: readonly string[]; readonly diffLines: number },
): string | null {
  const { chains } = policy.missions;
  const found = missionRulesFor(policy, { ...question, scope: { kind: 'did', ...did } });
  const more: string[] = [];
  if (chains.indexOf(found.chain) > chains.indexOf(ran.chain))
    more.push(`the chain ${found.chain}, and it ran under ${ran.chain}`);
  if (found.reviewers > ran.reviewers) more.push(`${found.reviewers} reviewers, and it had ${ran.reviewers}`);
  const missing = found.checkpoints.filter((step) => !ran.checkpoints.includes(step));
  if (missing.length > 0) more.push(`that a person is asked before ${missing.join(', ')}`);
  if (more.length === 0) return null;
  const by = found.by.map(({ name, line }) => `${name}${line === null ? '' : ` (policy.yaml:${line})`}`).join(', ');
  return `what it changed needs ${more.join('; ')}${by === '' ? '' : `; says ${by}`}`;
}

/** The rules that decide about some path of the mission; null among them where for some path none does. */
function decidingRules(missions: MissionPolicy, question: MissionQuestion): Set<MissionRule | null> {
  const rules = missions.rules.filter((rule) => countsFor(rule, question) && sizeOf(missions, rule, question) !== 'no');
  const found = new Set<MissionRule | null>();
  // null stands for all paths there are
  const scopes: readonly (string | null)[] = declaredPaths(missions, question) ?? [null];
  for (const scope of scopes) {
    let isDecided = false;
    for (const rule of rules) {
      const matched = matches(rule, scope, question);
      if (matched === 'no') continue;
      found.add(rule);
      if (matched === 'may' || sizeOf(missions, rule, question) === 'may') continue;
      isDecided = true;
      break;
    }
    if (!isDecided) found.add(null);
  }
  if (found.size === 0) found.add(null);
  return found;
}

function declaredPaths(missions: MissionPolicy, { scope }: MissionQuestion): readonly string[] | null {
  return scope.kind === 'did' ? scope.paths : (scope.paths ?? missions.paths);
}

/** `may`: for some of what it stands for, or nobody knows. */
type Matched = 'yes' | 'may' | 'no';

function matches(rule: MissionRule, path: string | null, { root, scope }: MissionQuestion): Matched {
  if (rule.paths === null) return 'yes';
  if (path === null) return 'may';
  const isFile = scope.kind === 'did' || scope.isFile?.(path) === true;
  if (isFile) return rule.paths.some((glob) => pathMatches(root, glob, path)) ? 'yes' : 'no';
  if (rule.paths.some((glob) => surelyCovers(root, glob, path))) return 'yes';
  return rule.paths.some((glob) => mayOverlap(root, glob, path)) ? 'may' : 'no';
}

function sizeOf(missions: MissionPolicy, { minDiffLines }: MissionRule, { scope }: MissionQuestion): Matched {
  if (minDiffLines === null) return 'yes';
  if (scope.kind === 'did') return scope.diffLines >= minDiffLines ? 'yes' : 'no';
  const most = scope.diffLines ?? missions.budget.diff_lines;
  return most === null || most >= minDiffLines ? 'may' : 'no';
}

function countsFor(rule: MissionRule, { lane, requester }: MissionQuestion): boolean {
  const { lanes, requesters } = rule;
  if (lanes !== null && !lanes.some((name) => name.toLowerCase() === lane.toLowerCase())) return false;
  return requesters === null || requesters.includes(String(requester.uid)) || requesters.includes(requester.user ?? '');
}

function allowedByAll(lists: readonly (readonly string[] | null)[]): readonly string[] | null {
  const named = lists.filter((list) => list !== null);
  const [first, ...rest] = named;
  return first === undefined ? null : first.filter((name) => rest.every((list) => list.includes(name)));
}

/** A mission that asks for nothing gets no more than one that asks may have without an approval. */
function defaultBudget({ missions, budgets }: Pick<Policy, 'missions' | 'budgets'>): BudgetLimits {
  const least = (a: number | null, b: number | null) => (a === null ? b : b === null ? a : Math.min(a, b));
  const { budget } = missions;
  return {
    tokens: least(budget.tokens, budgets.tokens),
    usd: least(budget.usd, budgets.usd),
    seconds: least(budget.seconds, budgets.seconds),
    attempts: least(budget.attempts, budgets.attempts),
    diff_lines: least(budget.diff_lines, budgets.diff_lines),
  };
}
