import { join } from 'node:path';
import { sha256 } from '../order/canonical-json.ts';
import { readDocument } from '../order/document.ts';
import { asWaybillError, type Place, WaybillError } from '../order/error.ts';
import type { CommandPattern, PolicyDocument, PolicyRule } from '../order/generated.ts';
import type { Isolation } from '../order/order.ts';
import { readIfThere } from '../platform/durable.ts';
import { lstatIfThere } from '../platform/fs.ts';
import { conform } from '../platform/schema.ts';
import { POLICY_FILE } from '../station/settings.ts';
import { type BudgetLimits, type MissionPolicy, missionPolicyOf } from './missions/missions.ts';

/** safe runs, ask parks until a person decides, never is refused. */
export type PolicyClass = 'safe' | 'ask' | 'never';
/** What a decision must carry. */
export type ProofKind = 'terminal' | 'ssh';

/** A rule of policy.yaml, and where it stands. */
export interface Rule {
  readonly name: string;
  readonly line: number | null;
  readonly class: PolicyClass;
  readonly paths: readonly string[];
  readonly commands: readonly (string | readonly string[])[];
  /** null: of every lane. */
  readonly lanes: readonly string[] | null;
  /** null: of every requester. */
  readonly requesters: readonly string[] | null;
  readonly why: string | null;
  readonly proof: ProofKind | null;
  readonly approvers: readonly string[] | null;
}

/** What one order may come to. `seconds` bounds each command and check. */
export interface Limits {
  readonly files: number;
  readonly bytes: number;
  readonly diffLines: number;
  readonly seconds: number;
}

/** Where the work of an order is done. */
export interface IsolationPolicy {
  readonly commands: Isolation;
  readonly files: Isolation;
  readonly allow: readonly Isolation[];
  readonly link: readonly string[];
  readonly copy: readonly string[];
  /** null: all folders are checked out. */
  readonly sparse: readonly string[] | null;
}

/** Whether commands run in a sandbox, and what that lets them do. */
export interface SandboxPolicy {
  readonly use: 'off' | 'prefer' | 'require';
  readonly network: boolean;
  readonly writable: readonly string[];
  readonly hidden: readonly string[];
}

/** Somebody who may decide. `users` are names or numbers of this machine's users. */
export interface Approver {
  readonly name: string;
  readonly users: readonly string[];
  readonly keys: readonly string[];
}

/** policy.yaml with every default filled in. */
export interface Policy {
  /** Hash of the file's exact bytes, as `sha256sum` tells it; it stands in every record. */
  readonly sha256: string;
  readonly rules: readonly Rule[];
  readonly defaults: { readonly paths: PolicyClass; readonly commands: PolicyClass };
  readonly alwaysAsk: { readonly paths: readonly string[]; readonly commands: readonly (string | readonly string[])[] };
  readonly roots: readonly string[];
  /** The most that a mission may ask for without an approval. */
  readonly budgets: BudgetLimits;
  readonly missions: MissionPolicy;
  readonly approvals: { readonly proof: ProofKind; readonly remindHours: number; readonly trustAfter: number };
  readonly approvers: readonly Approver[];
  readonly limits: Limits;
  readonly isolation: IsolationPolicy;
  readonly sandbox: SandboxPolicy;
  readonly lanes: Readonly<Record<string, LanePolicy>>;
}

/** What counts for the orders of one lane. */
export interface LanePolicy {
  readonly limits: Limits;
  readonly isolation: IsolationPolicy;
  readonly sandbox: SandboxPolicy;
}

/** A policy larger than this was not written by a person. */
const MOST_BYTES = 1024 * 1024;

/** Reads policy.yaml at a station's root. Throws POLICY_INVALID, with line and column, also where there is none (rule 7). */
export function loadPolicy(root: string): Policy {
  const bytes = readPolicy(root);
  if (bytes === undefined)
    throw new WaybillError('POLICY_INVALID', `there is no ${POLICY_FILE}`, {
      hint: '`waybill policy init` writes one; or bring yours back, from git or from a copy. Until then nothing is started.',
      place: { file: POLICY_FILE },
    });
  // a page that is open asks every second, and it seldom changes
  if (last?.bytes.equals(bytes) !== true) last = { bytes, policy: parsePolicy(bytes) };
  return last.policy;
}

let last: { readonly bytes: Buffer; readonly policy: Policy } | null = null;

function readPolicy(root: string): Buffer | undefined {
  if (lstatIfThere(join(root, POLICY_FILE))?.isSymbolicLink() === true)
    throw new WaybillError(
      'POLICY_INVALID',
      `${POLICY_FILE} is a symbolic link, and what it leads to is not closed to orders`,
      {
        hint: 'Put the file itself there.',
        place: { file: POLICY_FILE },
      },
    );
  try {
    return readIfThere(join(root, POLICY_FILE));
  } catch (error) {
    throw new WaybillError('POLICY_INVALID', `${POLICY_FILE} cannot be read: ${asWaybillError(error).message}`, {
      place: { file: POLICY_FILE },
    });
  }
}

/** Throws POLICY_INVALID. */
export function parsePolicy(bytes: Uint8Array): Policy {
  try {
    const document = readDocument(bytes, 'yaml', { maxBytes: MOST_BYTES, maxDepth: 16 });
    const doc = conform('policy', document.value, 'POLICY_INVALID', document);
    return withDefaults(doc, sha256(bytes), (...at) => document.locate(at));
  } catch (thrown) {
    const error = asWaybillError(thrown);
    throw new WaybillError('POLICY_INVALID', error.message, {
      hint: error.hint,
      place: { file: POLICY_FILE, ...error.place },
    });
  }
}

const LIMITS: Limits = { files: 1000, bytes: 256 * 1024 * 1024, diffLines: 100_000, seconds: 86_400 };
const ISOLATION: IsolationPolicy = {
  commands: 'worktree',
  files: 'in_place',
  allow: ['worktree', 'branch'],
  link: [],
  copy: [],
  sparse: null,
};
const SANDBOX: SandboxPolicy = { use: 'off', network: true, writable: [], hidden: [] };

type Locate = (...at: (string | number)[]) => Place;

function withDefaults(doc: PolicyDocument, hash: string, locate: Locate): Policy {
  const limits = limitsOf(doc.limits, LIMITS);
  const isolation = isolationOf(doc.isolation, ISOLATION);
  const sandbox = sandboxOf(doc.sandbox, SANDBOX);
  const lanes = Object.entries(doc.lanes ?? {}).map(([name, lane]) => [
    name,
    {
      limits: limitsOf(lane.limits, limits),
      isolation: isolationOf(lane.isolation, isolation),
      sandbox: sandboxOf(lane.sandbox, sandbox),
    },
  ]);
  const policy: Policy = {
    sha256: hash,
    rules: (doc.rules ?? []).map((rule, n) => ruleOf(rule, n, locate)),
    defaults: { paths: doc.defaults?.paths ?? 'safe', commands: doc.defaults?.commands ?? 'ask' },
    alwaysAsk: {
      paths: doc.always_ask?.paths ?? [],
      commands: (doc.always_ask?.commands ?? []).map(patternOf),
    },
    roots: doc.roots ?? [],
    budgets: {
      usd: doc.budgets?.usd ?? null,
      tokens: doc.budgets?.tokens ?? null,
      seconds: doc.budgets?.seconds ?? null,
      attempts: doc.budgets?.attempts ?? null,
      diff_lines: doc.budgets?.diff_lines ?? null,
    },
    missions: missionPolicyOf(doc.missions, locate, (message, ...at) => invalid(message, locate(...at))),
    approvals: {
      proof: doc.approvals?.proof ?? 'terminal',
      remindHours: doc.approvals?.remind_hours ?? 24,
      trustAfter: doc.approvals?.trust_after ?? 5,
    },
    approvers: (doc.approvers ?? []).map(({ name, users, keys }) => ({
      name,
      users: (users ?? []).map(String),
      keys: keys ?? [],
    })),
    limits,
    isolation,
    sandbox,
    lanes: Object.fromEntries(lanes) as Policy['lanes'],
  };
  assertDecidable(policy, locate);
  return policy;
}

/** Approvers that a rule names must be there, each once, and a key that is asked for must be somebody's: else nobody could ever decide. */
function assertDecidable(policy: Policy, locate: Locate): void {
  const names = policy.approvers.map(({ name }) => name);
  for (const [n, name] of names.entries())
    if (names.indexOf(name) !== n) throw invalid(`approvers.${n}: ${name} stands there twice`, locate('approvers', n));
  for (const [n, rule] of policy.rules.entries()) {
    for (const name of rule.approvers ?? [])
      if (!names.includes(name))
        throw invalid(`rules.${n}: ${name} is none of the approvers`, locate('rules', n, 'approvers'));
    const able = policy.approvers.filter(({ name }) => rule.approvers?.includes(name) ?? true);
    if (rule.class === 'ask' && rule.proof === 'ssh' && able.every(({ keys }) => keys.length === 0))
      throw invalid(`rules.${n}: asks for proof by ssh, and no approver has a key`, locate('rules', n, 'proof'));
  }
  if (policy.approvals.proof === 'ssh' && policy.approvers.every(({ keys }) => keys.length === 0))
    throw invalid('approvals.proof: ssh, and no approver has a key', locate('approvals', 'proof'));
}

function invalid(message: string, place: Place): WaybillError {
  return new WaybillError('POLICY_INVALID', message, { place });
}

function ruleOf(rule: PolicyRule, n: number, locate: Locate): Rule {
  return {
    name: rule.name ?? `rule ${n + 1}`,
    line: locate('rules', n).line ?? null,
    class: rule.class,
    paths: rule.paths ?? [],
    commands: (rule.commands ?? []).map(patternOf),
    lanes: rule.lanes ?? null,
    requesters: rule.requesters?.map(String) ?? null,
    why: rule.why ?? null,
    proof: rule.proof ?? null,
    approvers: rule.approvers ?? null,
  };
}

function patternOf(pattern: CommandPattern): string | readonly string[] {
  return pattern;
}

function limitsOf(doc: PolicyDocument['limits'], from: Limits): Limits {
  return {
    files: doc?.files ?? from.files,
    bytes: doc?.bytes ?? from.bytes,
    diffLines: doc?.diff_lines ?? from.diffLines,
    seconds: doc?.seconds ?? from.seconds,
  };
}

function isolationOf(doc: PolicyDocument['isolation'], from: IsolationPolicy): IsolationPolicy {
  return {
    commands: doc?.commands ?? from.commands,
    files: doc?.files ?? from.files,
    allow: doc?.allow ?? from.allow,
    link: doc?.link ?? from.link,
    copy: doc?.copy ?? from.copy,
    sparse: doc?.sparse ?? from.sparse,
  };
}

function sandboxOf(doc: PolicyDocument['sandbox'], from: SandboxPolicy): SandboxPolicy {
  return {
    use: doc?.use ?? from.use,
    network: doc?.network ?? from.network,
    writable: doc?.writable ?? from.writable,
    hidden: doc?.hidden ?? from.hidden,
  };
}

/** What counts in a lane: its own where policy names it, in any capitals. */
export function lanePolicy(policy: Policy, lane: string): LanePolicy {
  const own = Object.entries(policy.lanes).find(([name]) => name.toLowerCase() === lane.toLowerCase());
  return own === undefined ? policy : own[1];
}
