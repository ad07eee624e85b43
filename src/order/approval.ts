import { hashOf, sha256 } from './canonical-json.ts';
import type { Change, Content } from './change.ts';
import type { ApprovalSubject } from './generated.ts';

/**
 * What a person is asked to approve, and what the answer is about (rule 13). A decision binds the hash of the approval subject: plan, commands,
 * pre-images of the targets and deciding rules. Landings of other orders are not in it, so they void nothing.
 */

/** The hash that a decision names. */
export function subjectHash(subject: ApprovalSubject): string {
  return hashOf(subject);
}

/** A plan's changes as the subject has them. */
export function subjectChanges(changes: readonly Change[]): ApprovalSubject['changes'] {
  const side = (content: Content | null) =>
    content === null ? null : { mode: content.mode, sha256: sha256(content.bytes), size: content.bytes.length };
  return [...changes]
    .sort((a, b) => (a.path < b.path ? -1 : 1))
    .map(({ path, before, after }) => ({ path, before: side(before), after: side(after) }));
}

/** What is other in a subject than in the one that was decided on before, in words; empty where they ask for the same. */
export function changedSince(before: ApprovalSubject, now: ApprovalSubject): string[] {
  const told: string[] = [];
  const same = (a: unknown, b: unknown) => hashOf(a) === hashOf(b);
  const [old, fresh] = [byPath(before.changes), byPath(now.changes)];
  for (const path of new Set([...old.keys(), ...fresh.keys()])) {
    const [was, is] = [old.get(path), fresh.get(path)];
    if (was === undefined) told.push(`${path} is changed now too`);
    else if (is === undefined) told.push(`${path} is not changed any more`);
    else if (!same(was.before, is.before)) told.push(`${path} is not what it was`);
    else if (!same(was.after, is.after)) told.push(`${path} would become something else`);
  }
  if (before.request_sha256 !== now.request_sha256) told.push('the order itself');
  if (before.isolation !== now.isolation) told.push(`it runs ${now.isolation} now, not ${before.isolation}`);
  if (before.sandbox !== now.sandbox) told.push(`its sandbox is ${now.sandbox} now, not ${before.sandbox}`);
  for (const [n, command] of now.commands.entries()) {
    const was = before.commands[n];
    if (was === undefined || same(was, command)) continue;
    const read = command.reads.find((r) => was.reads.find((w) => w.path === r.path)?.sha256 !== r.sha256);
    const isSameCall = same({ ...was, reads: [] }, { ...command, reads: [] });
    told.push(
      isSameCall && read !== undefined
        ? `${read.path}, which ${JSON.stringify(command.name)} runs by`
        : `the command ${JSON.stringify(command.name)}`,
    );
  }
  if (before.commands.length !== now.commands.length) told.push('how many commands it has');
  const rules = ({ rulings }: ApprovalSubject) => rulings.map((ruling) => ({ ...ruling, pattern: null }));
  if (!same(rules(before), rules(now))) told.push('the rules that decide');
  if (told.length === 0 && !same({ ...before, ask: '' }, { ...now, ask: '' })) told.push('what is asked');
  return told;
}

function byPath(changes: ApprovalSubject['changes']): Map<string, ApprovalSubject['changes'][number]> {
  return new Map(changes.map((change) => [change.path, change]));
}

/** What was decided, apart from who did and what shows it. */
export interface Decision {
  readonly station: string;
  readonly woId: string;
  readonly ask: string;
  readonly sha256: string;
  readonly decision: 'approve' | 'deny';
  readonly always: boolean;
  readonly reason: string;
}

/** The namespace of `ssh-keygen -Y sign -n` for decisions. */
export const SIGNATURE_NAMESPACE = 'waybill';

/** The text that a key signs. One decision has one text: the station writes it again from its own records to check the signature. */
export function decisionText(decision: Decision): string {
  const { station, woId, ask, sha256: subject, always, reason } = decision;
  return [
    'waybill decision 1',
    `station ${station}`,
    `order ${woId}`,
    `ask ${ask}`,
    `subject ${subject}`,
    `decision ${decision.decision}${always ? ' always' : ''}`,
    `reason ${JSON.stringify(reason)}`,
    '',
  ].join('\n');
}
