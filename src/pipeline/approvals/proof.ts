import { join } from 'node:path';
import { type Decision, decisionText, SIGNATURE_NAMESPACE } from '../../order/approval.ts';
import { WaybillError } from '../../order/error.ts';
import type { ProofData } from '../../order/event.ts';
import type { DecideCommand } from '../../order/generated.ts';
import { ensureDir, removeTree, writeDurable } from '../../platform/durable.ts';
import { newUlid } from '../../platform/ids.ts';
import { runTool } from '../../platform/process.ts';
import { startTimeOf, userOf, whoseChild } from '../../platform/processes.ts';
import { userName } from '../../platform/user.ts';
import type { Approver } from '../../policy/policy.ts';

/** Who sent a decision: the owner of its file, and when that was written, in ms. */
export interface Sender {
  readonly uid: number;
  readonly writtenAt: number;
}

/** What a decision is held against. */
export interface ProofContext {
  readonly approvers: readonly Approver[];
  /** Names that may decide this; null: all. */
  readonly allowed: readonly string[] | null;
  /** What it must carry. */
  readonly needed: 'terminal' | 'ssh';
  readonly tmp: string;
  /** When the station began, in ms: what waited for it comes from processes that may be gone. */
  readonly openedAt: number;
}

/** Who decided, as records have it, and the proof. Throws APPROVAL_REFUSED. */
export async function proveDecision(
  decision: Decision,
  proof: DecideCommand['proof'],
  sender: Sender,
  context: ProofContext,
): Promise<{ by: string; proof: ProofData }> {
  if (proof.kind === 'ssh') return bySignature(decision, proof.signature, context);
  // a denial only makes things stricter
  if (context.needed === 'ssh' && decision.decision === 'approve')
    throw refused(
      `${decision.woId} needs a signature by ssh, and this came from a ${proof.kind}`,
      'Sign it: `waybill approve ID --key FILE`.',
    );
  return byPerson(proof, sender, context);
}

function refused(message: string, hint?: string): WaybillError {
  return new WaybillError('APPROVAL_REFUSED', message, hint === undefined ? {} : { hint });
}

function mayDecide({ approvers, allowed }: ProofContext): Approver[] {
  return approvers.filter(({ name }) => allowed === null || allowed.includes(name));
}

/** How long ssh-keygen may take. */
const VERIFY_MS = 10_000;

/** Holds an SSH signature against the keys of those who may decide. The text is written again from what is on record here. */
async function bySignature(
  decision: Decision,
  signature: string,
  context: ProofContext,
): Promise<{ by: string; proof: ProofData }> {
  const able = mayDecide(context).filter(({ keys }) => keys.length > 0);
  if (able.length === 0) throw refused('no key of an approver is in policy.yaml, so no signature counts');
  const folder = join(context.tmp, `proof-${newUlid()}`);
  ensureDir(folder);
  try {
    const [signers, sig] = [join(folder, 'signers'), join(folder, 'sig')];
    const lines = able.flatMap(({ name, keys }) =>
      keys.map((key) => `${name} namespaces="${SIGNATURE_NAMESPACE}" ${key}\n`),
    );
    writeDurable(signers, lines.join(''));
    writeDurable(sig, `${signature.trimEnd()}\n`);
    const text = decisionText(decision);
    const env = { PATH: process.env['PATH'] ?? '', LC_ALL: 'C' };
    const run = (args: readonly string[], input: string) =>
      runTool(['ssh-keygen', '-Y', ...args], { cwd: folder, env, input, timeoutMs: VERIFY_MS });
    const found = await run(['find-principals', '-s', sig, '-f', signers], '');
    if (found.exitCode === 127) throw refused('ssh-keygen is not installed here, so no signature can be checked');
    const name = found.stdout.toString('utf8').split('\n')[0]?.trim() ?? '';
    if (found.exitCode !== 0 || !able.some((a) => a.name === name))
      throw refused('the signature is by no key of those who may decide this');
    const verified = await run(['verify', '-f', signers, '-I', name, '-n', SIGNATURE_NAMESPACE, '-s', sig], text);
    const said = verified.stdout.toString('utf8');
    if (verified.exitCode !== 0)
      throw refused('the signature does not verify: it is of another decision, or of another text');
    const key = /with (\S+ key \S+)/.exec(said)?.[1] ?? 'key';
    return { by: `${name} by ${key}`, proof: { kind: 'ssh', key, signature } };
  } finally {
    removeTree(folder);
  }
}

/**
 * A decision typed at a terminal, or made on a page of a dashboard that was started at one: one rule for both. Weaker than a key: a program of the same user can fake either
 * (docs/approvals.md says so). What can be told is refused: children of the station, of orders, of git and of coding agents.
 */
function byPerson(
  proof: Exclude<DecideCommand['proof'], { kind: 'ssh' }>,
  sender: Sender,
  context: ProofContext,
): { by: string; proof: ProofData } {
  const user = userName(sender.uid) ?? String(sender.uid);
  const able = mayDecide(context).find(({ users }) => users.includes(user) || users.includes(String(sender.uid)));
  const isOwner = context.approvers.length === 0 && sender.uid === process.geteuid?.();
  if (able === undefined && !isOwner)
    throw refused(
      `${user} is none of those who may decide this${context.allowed === null ? '' : ` (${context.allowed.join(', ')})`}`,
      'policy.yaml names them under `approvers`.',
    );
  const isTyped = proof.kind === 'terminal';
  if (!namesOne(proof))
    throw refused(
      `process ${proof.pid} is no process that somebody decides by${proof.start_time === null ? ' (its start time is not told)' : ''}`,
    );
  const whose = whoseChild(proof.pid, proof.start_time);
  if (whose === 'gone' && sender.writtenAt >= context.openedAt)
    throw refused(`the process that says it asked ${isTyped ? 'at a terminal' : 'in a browser'} is not there`);
  if (whose !== 'gone' && whose !== null)
    throw refused(`it comes from ${whose}, and that decides nothing for a person`);
  if (whose !== 'gone' && (userOf(proof.pid) ?? sender.uid) !== sender.uid)
    throw refused('it comes from one user, and the process that it names is of another');
  const name = able?.name ?? user;
  return isTyped
    ? { by: `${name} at a terminal`, proof: { kind: 'terminal', user, tty: proof.tty, pid: proof.pid } }
    : { by: `${name} in a browser`, proof: { kind: 'browser', user, tty: proof.tty, pid: proof.pid } };
}

/** Whether a proof names one process, and one that can be a person's: neither the station itself nor what the system starts first. */
function namesOne({ pid, start_time }: { readonly pid: number; readonly start_time: string | null }): boolean {
  if (pid <= 1 || pid === process.pid) return false;
  // a number alone names whatever runs; only where the system tells no times it has to do
  return start_time !== null || startTimeOf(process.pid) === null;
}
