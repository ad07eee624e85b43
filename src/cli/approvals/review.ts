import pc from 'picocolors';
import type { ApprovalSubject } from '../../order/generated.ts';
import type { Request } from '../../views/approvals.ts';
import { missionLines } from '../../views/mission-lines.ts';
import { age, plain, print } from '../output.ts';

const WHERE: Readonly<Record<ApprovalSubject['isolation'], string>> = {
  in_place: 'at the root, in place',
  worktree: 'in a worktree of its own, then onto the branch',
  branch: 'in a worktree of its own, onto a branch of its own',
};

/** Shows exactly what would happen, and by which rules it asks. */
export function printReview({ state, asked, subject, diff }: Request): void {
  const { requester } = state;
  const line = (name: string, text: string) =>
    print(`  ${pc.dim(name.padEnd(10))}  ${plain(text).replaceAll('\n', ' ')}`);
  print(`${pc.bold(state.wo_id)}  ${plain(subject.title).replaceAll('\n', ' ')}`);
  line('from', `${requester.user ?? `uid ${requester.uid}`} in ${subject.lane}${claimed(requester.declared_by)}`);
  line(
    'asked',
    `${age(Date.now() - Date.parse(asked.asked_at))} ago${asked.expires_at === null ? '' : `, expires ${asked.expires_at}`}`,
  );
  if (asked.changed.length > 0) line('changed', `since it was approved: ${asked.changed.join('; ')}`);
  if (asked.stage === 'landing') line('stage', 'the work is done in a worktree of its own, and asks before it lands');
  if (subject.mission === undefined)
    for (const { subject: about, rule, why } of asked.rulings) line('because', `${about}: ${why} (${rule})`);
  else for (const [name, text] of missionLines(state.wo_id, subject.stage, subject.mission)) line(name, text);
  line('needs', needs(state.wo_id, asked));
  for (const command of subject.commands) {
    const top = subject.isolation === 'in_place' ? 'the root' : 'its worktree';
    const where = `in ${command.cwd ?? top}${command.program === null ? '' : `, ${command.program}`}`;
    line(command.kind, command.argv === null ? `sh -c ${JSON.stringify(command.run)}` : command.run);
    line(
      '',
      `${where}, at most ${command.timeout_seconds ?? '?'} s${command.idempotent ? '' : ', not to be repeated'}`,
    );
    for (const { path } of command.reads) line('', `runs by ${path}`);
    for (const path of command.outputs) line('', `makes ${path}`);
  }
  if (subject.commands.length > 0)
    line('runs', `${WHERE[subject.isolation]}${subject.sandbox === 'off' ? '' : `, sandbox: ${subject.sandbox}`}`);
  for (const { path, before, after } of subject.changes)
    line('file', `${path} ${before === null ? 'is made' : after === null ? 'is deleted' : 'is changed'}`);
  line('subject', asked.sha256);
  if (diff !== '') print(`\n${coloured(plain(diff).trimEnd())}`);
  print('');
}

function claimed(declaredBy: string | null): string {
  return declaredBy === null ? '' : `, who says to be ${declaredBy}`;
}

function needs(woId: string, { proof, approvers }: Request['asked']): string {
  const who = approvers === null ? '' : ` of ${approvers.join(' or ')}`;
  return proof === 'ssh'
    ? `a signature${who}: waybill approve ${woId} --key FILE`
    : `a decision${who} at a terminal, or a signature`;
}

function coloured(diff: string): string {
  return diff
    .split('\n')
    .map((text) => (text.startsWith('+') ? pc.green(text) : text.startsWith('-') ? pc.red(text) : text))
    .join('\n');
}
