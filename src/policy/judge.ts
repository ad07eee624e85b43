import { homedir } from 'node:os';
import { isAbsolute, resolve } from 'node:path';
import { hashOf } from '../order/canonical-json.ts';
import type { Requester } from '../order/generated.ts';
import { type Invocation, invocationText, type Order } from '../order/order.ts';
import { commandMatches } from './command-rules.ts';
import { type GuardedPlace, whyNever } from './commands/never.ts';
import { type Recognised, recognise } from './commands/recognise.ts';
import { isCredentialPath } from './credentials.ts';
import { isHookPath, makesToolsRun } from './hook-paths.ts';
import { pathMatches } from './paths.ts';
import type { Policy, PolicyClass, ProofKind, Rule } from './policy.ts';

/** What a decision is about. */
export type Subject =
  | { readonly kind: 'path'; readonly path: string }
  | { readonly kind: 'command'; readonly text: string }
  | { readonly kind: 'order' };

/** How policy decides one path, one command, or the order as a whole, and by which rule. */
export interface Ruling {
  readonly class: PolicyClass;
  readonly subject: Subject;
  readonly by: 'built in' | 'rule' | 'trust' | 'default' | 'order';
  /** The rule's name; for the others a word for it. */
  readonly rule: string;
  /** Line of policy.yaml. */
  readonly line: number | null;
  readonly why: string;
  /** What a decision about it must carry; null where it needs none. */
  readonly proof: ProofKind | null;
  /** Who may decide; null: every approver. */
  readonly approvers: readonly string[] | null;
  /** Under what approvals of it are counted; null where it is never promoted. */
  readonly pattern: string | null;
}

/** What is asked of policy: an order with its paths as they really are. */
export interface Question {
  readonly order: Order;
  readonly lane: string;
  readonly requester: Pick<Requester, 'uid' | 'user'>;
  /** Every path that the order writes, as the fence gives it. */
  readonly paths: readonly string[];
  /** The value of PATH that commands get. */
  readonly searchPath: string;
  readonly root: string;
  readonly gitDir: string;
  /** What core.hooksPath names; null for git's own folder. */
  readonly hooksPath: string | null;
  /** Kinds of secrets that were found in the order. */
  readonly secrets: readonly string[];
  /** The hash of a file's bytes below the root, null where there is none. */
  readonly contentHash: (path: string) => string | null;
  /** Whether approvals have promoted a pattern for this requester in this lane. */
  readonly isTrusted: (pattern: string) => boolean;
}

/** A command or check, and what it was recognised as. */
export interface JudgedCommand {
  readonly name: string;
  /** How it is run: a line that is safe because of its words is run as these words, and no shell reads it. */
  readonly run: Invocation;
  readonly recognised: Recognised;
  /** Files below the root that say what it does, with their hashes. */
  readonly reads: readonly { readonly path: string; readonly sha256: string | null }[];
}

export interface Judgement {
  readonly class: PolicyClass;
  readonly rulings: readonly Ruling[];
  readonly commands: readonly JudgedCommand[];
}

/** The files below the root that say what an order's commands and checks do, by which they are judged. */
export function filesRead(question: Question): string[] {
  const { commands, checks } = question.order;
  return [...new Set([...commands, ...checks].flatMap((item) => recognised(item, question).recognised.reads))];
}

/** Decides an order: every path, every command and check, and the order itself; the strictest of them counts. Looks at files, runs nothing. */
export function judge(policy: Policy, question: Question): Judgement {
  const { order } = question;
  const runs = [...order.commands, ...order.checks].map((item) => recognised(item, question));
  const decided = runs.map((run) => ({ run, ...judgeCommand(policy, question, run) }));
  const rulings = [
    ...judgeWhole(policy, question),
    ...judgePaths(policy, question),
    ...decided.map(({ ruling }) => ruling),
  ];
  const commands = decided.map(({ run: { place: _, ...run }, isByWords }) => ({
    ...run,
    run: isByWords ? asWords(run) : run.run,
  }));
  return { class: strictest(rulings), rulings, commands };
}

/** Where words made it safe, exactly these words are run. */
function asWords({ run, recognised: found }: JudgedCommand): Invocation {
  return 'shell' in run && found.kind === 'program' ? { argv: found.argv } : run;
}

export function strictest(rulings: readonly Pick<Ruling, 'class'>[]): PolicyClass {
  const classes = new Set(rulings.map((ruling) => ruling.class));
  return classes.has('never') ? 'never' : classes.has('ask') ? 'ask' : 'safe';
}

/** What paths alone are judged by. */
export type PathQuestion = Pick<Question, 'lane' | 'requester' | 'paths' | 'root' | 'hooksPath' | 'isTrusted'>;

/** Decides paths alone: also what commands made in a work tree is held against it. */
export function judgePaths(policy: Policy, question: PathQuestion): Ruling[] {
  return [...new Set(question.paths)].map((path) => judgePath(policy, question, path));
}

/** Decides one command alone, as a command of an order that writes `paths`. */
export function judgeRun(policy: Policy, question: RunQuestion, run: Invocation): Ruling {
  return judgeCommand(policy, question, recognised({ name: '', run }, question)).ruling;
}

/** What commands are judged by. */
type RunQuestion = Omit<Question, 'order' | 'secrets'>;

function judgeWhole(policy: Policy, { order, secrets }: Question): Ruling[] {
  const ask = (rule: string, why: string, approvers: readonly string[] | null = null): Ruling => ({
    class: 'ask',
    subject: { kind: 'order' },
    by: 'order',
    rule,
    line: null,
    why,
    proof: policy.approvals.proof,
    approvers,
    pattern: null,
  });
  const rulings: Ruling[] = [];
  if (order.approval !== null) {
    // an order can narrow who decides, never widen it
    const named = order.approval.by.filter((name) => policy.approvers.some((a) => a.name === name));
    const { by, why } = order.approval;
    const asks = by.length === 0 ? why : `${why}; asks ${by.join(', ')}`;
    rulings.push(ask('approval', asks, named.length > 0 ? named : null));
  }
  if (secrets.length > 0)
    rulings.push(ask('secret', `it carries what looks like a secret (${secrets.join(', ')}), and would commit it`));
  for (const key of ['usd', 'tokens', 'seconds', 'attempts', 'diff_lines'] as const) {
    const [wanted, most] = [order.mission?.budget[key] ?? null, policy.budgets[key]];
    if (wanted !== null && most !== null && wanted > most)
      rulings.push(ask('budget', `asks for ${wanted} ${key.replace('_', ' ')}, policy gives ${most}`));
  }
  return rulings;
}

function judgePath(policy: Policy, question: PathQuestion, path: string): Ruling {
  const subject: Subject = { kind: 'path', path };
  const { root, hooksPath } = question;
  const absolute = isAbsolute(path) ? path : resolve(root, path);
  if (isCredentialPath(absolute, homedir()))
    return builtIn('never', subject, 'credentials', 'a well-known credential file');
  if (!isAbsolute(path) && isHookPath(path, hooksPath))
    return builtIn('never', subject, 'hooks', 'git would run it: a hook');
  const pattern = policy.alwaysAsk.paths.some((glob) => pathMatches(root, glob, path))
    ? null
    : hashOf({ kind: 'path', path });
  const rule = policy.rules.find((r) => counts(r, question) && r.paths.some((glob) => pathMatches(root, glob, path)));
  if (rule !== undefined) return trusted(byRule(policy, rule, subject, pattern), question);
  if (!isAbsolute(path) && makesToolsRun(path) && policy.defaults.paths === 'safe')
    return trusted(
      asking(policy, builtIn('ask', subject, 'tools', "somebody's tools run what it says"), pattern),
      question,
    );
  return trusted(byDefault(policy, policy.defaults.paths, subject, pattern), question);
}

interface PlacedCommand extends JudgedCommand {
  readonly place: GuardedPlace;
}

function recognised(
  item: { readonly name: string; readonly run: Invocation; readonly cwd?: string | null },
  question: RunQuestion,
): PlacedCommand {
  const { root, gitDir, hooksPath, searchPath, contentHash, paths } = question;
  const cwd = item.cwd == null ? root : resolve(root, item.cwd);
  const place: GuardedPlace = { root, cwd, path: searchPath, home: homedir(), gitDir, hooksPath };
  const found = recognise(item.run, place, paths);
  const reads = found.reads.map((path) => ({ path, sha256: contentHash(path) }));
  return { name: item.name, run: item.run, recognised: found, reads, place };
}

/** `isByWords`: it is safe because of the words that it was recognised by. */
function judgeCommand(
  policy: Policy,
  question: RunQuestion,
  command: PlacedCommand,
): { ruling: Ruling; isByWords: boolean } {
  const { run, recognised: found, reads, place } = command;
  const text = invocationText(run);
  const subject: Subject = { kind: 'command', text };
  const never = whyNever(found, place);
  if (never !== null) return { ruling: builtIn('never', subject, 'commands', never), isByWords: false };
  const matches = (pattern: string | readonly string[]) => commandMatches(pattern, run, found, place);
  const isPromotable = found.kind === 'program' && !policy.alwaysAsk.commands.some(matches);
  // never broader than what was approved: these words, this program, in this folder, with the files that say what it does
  const pattern =
    isPromotable && found.kind === 'program'
      ? hashOf({ kind: 'command', argv: found.argv, program: found.program, cwd: place.cwd, reads })
      : null;
  const rule = policy.rules.find((r) => counts(r, question) && r.commands.some(matches));
  const ruling =
    rule === undefined ? byNoRule(policy, found, subject, pattern) : byRule(policy, rule, subject, pattern);
  const decided = trusted(ruling, question);
  const own = reads.find(({ path }) => question.paths.includes(path));
  if (decided.class !== 'safe' || isAnything(rule)) return { ruling: decided, isByWords: false };
  if (own === undefined) return { ruling: decided, isByWords: true };
  const why = `the order itself writes ${own.path}, which decides what this runs`;
  return { ruling: asking(policy, builtIn('ask', subject, 'own script', why), null), isByWords: false };
}

/** A command that no rule names: a line for a shell asks, also where commands are safe. */
function byNoRule(policy: Policy, found: Recognised, subject: Subject, pattern: string | null): Ruling {
  const { commands } = policy.defaults;
  if (found.kind === 'program' || commands === 'never') return byDefault(policy, commands, subject, pattern);
  if (commands === 'safe')
    return asking(policy, builtIn('ask', subject, 'shell', `more than one plain command: ${found.why}`), null);
  const why = `no rule names this very line, and a shell reads it: ${found.why}`;
  return { ...byDefault(policy, commands, subject, null), why };
}

/** A rule that allows any command at all has nothing that a changed script could widen. */
function isAnything(rule: Rule | undefined): boolean {
  return rule?.commands.includes('*') === true;
}

/** A target of an approved plan that became another file before it could be changed. */
export function changedTarget(policy: Policy, path: string): Ruling {
  const why = 'it is not what it was when this was approved';
  return asking(policy, builtIn('ask', { kind: 'path', path }, 'changed target', why), null);
}

function counts(rule: Rule, { lane, requester }: Pick<Question, 'lane' | 'requester'>): boolean {
  const { lanes, requesters } = rule;
  if (lanes !== null && !lanes.some((name) => name.toLowerCase() === lane.toLowerCase())) return false;
  return requesters === null || requesters.includes(String(requester.uid)) || requesters.includes(requester.user ?? '');
}

function builtIn(cls: PolicyClass, subject: Subject, rule: string, why: string): Ruling {
  return { class: cls, subject, by: 'built in', rule, line: null, why, proof: null, approvers: null, pattern: null };
}

function asking(policy: Policy, ruling: Ruling, pattern: string | null): Ruling {
  return { ...ruling, class: 'ask', proof: policy.approvals.proof, pattern };
}

function byRule(policy: Policy, rule: Rule, subject: Subject, pattern: string | null): Ruling {
  const asks = rule.class === 'ask';
  return {
    class: rule.class,
    subject,
    by: 'rule',
    rule: rule.name,
    line: rule.line,
    why: rule.why ?? `policy says ${rule.class}`,
    proof: asks ? (rule.proof ?? policy.approvals.proof) : null,
    approvers: asks ? rule.approvers : null,
    pattern: asks ? pattern : null,
  };
}

function byDefault(policy: Policy, cls: PolicyClass, subject: Subject, pattern: string | null): Ruling {
  const what = subject.kind === 'path' ? 'paths' : 'commands';
  return {
    class: cls,
    subject,
    by: 'default',
    rule: `defaults.${what}`,
    line: null,
    why: cls === 'safe' ? 'inside the fence' : `no rule speaks of it, and ${what} are ${cls} then`,
    proof: cls === 'ask' ? policy.approvals.proof : null,
    approvers: null,
    pattern: cls === 'ask' ? pattern : null,
  };
}

/** What was approved often enough in a row is safe, in just this form. */
function trusted(ruling: Ruling, { isTrusted }: Pick<Question, 'isTrusted'>): Ruling {
  if (ruling.class !== 'ask' || ruling.pattern === null || !isTrusted(ruling.pattern)) return ruling;
  return { ...ruling, class: 'safe', by: 'trust', proof: null, why: `approved in a row before (${ruling.rule})` };
}

/** What it is about, as people read it. */
export function subjectText(subject: Subject): string {
  switch (subject.kind) {
    case 'path':
      return subject.path;
    case 'command':
      return JSON.stringify(subject.text);
    case 'order':
      return 'the order';
  }
}

/** Which rule decides, as people read it: `rule "docs" (policy.yaml:14)`. */
export function ruleText({ by, rule, line }: Pick<Ruling, 'by' | 'rule' | 'line'>): string {
  switch (by) {
    case 'rule':
      return `rule ${JSON.stringify(rule)}${line === null ? '' : ` (policy.yaml:${line})`}`;
    case 'built in':
      return `built in: ${rule}`;
    case 'trust':
      return `trust, for ${rule}`;
    case 'default':
      return rule;
    case 'order':
      return `the order: ${rule}`;
  }
}
