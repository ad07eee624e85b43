import type { ApprovalSubject } from '../order/generated.ts';
import type { Asked, Request } from './approvals.ts';
import { missionLines } from './missions/mission-lines.ts';

const WHERE: Readonly<Record<ApprovalSubject['isolation'], string>> = {
  in_place: 'at the root, in place',
  worktree: 'in a worktree of its own, then onto the branch',
  branch: 'in a worktree of its own, onto a branch of its own',
};

/** One line of a review. The text is other people's, in part: show it with care. */
export interface ReviewLine {
  /** Empty where it goes on with the line before. */
  readonly name: string;
  readonly text: string;
  /** When that was, ISO-8601; the text follows it. */
  readonly at?: string;
}

/** Exactly what would happen, and by which rules it asks. The diff is beside it. */
export function reviewLines({ state, asked, subject }: Request): ReviewLine[] {
  const { requester } = state;
  const lines: ReviewLine[] = [
    {
      name: 'from',
      text: `${requester.user ?? `uid ${requester.uid}`} in ${subject.lane}${claimed(requester.declared_by)}`,
    },
    { name: 'asked', at: asked.asked_at, text: asked.expires_at === null ? '' : `, expires ${asked.expires_at}` },
  ];
  const line = (name: string, text: string) => lines.push({ name, text });
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
  return lines;
}

function claimed(declaredBy: string | null): string {
  return declaredBy === null ? '' : `, who says to be ${declaredBy}`;
}

function needs(woId: string, { proof, approvers }: Asked): string {
  const who = approvers === null ? '' : ` of ${approvers.join(' or ')}`;
  return proof === 'ssh'
    ? `a signature${who}: waybill approve ${woId} --key FILE`
    : `a decision${who} at a terminal or in a browser, or a signature`;
}

/** Why it asks, in one line for lists. */
export function reasonOf({ rulings, changed, stage }: Pick<Asked, 'rulings' | 'changed' | 'stage'>): string {
  const [first] = rulings;
  const more = rulings.length > 1 ? ` and ${rulings.length - 1} more` : '';
  const again = changed.length === 0 ? '' : `asks again, changed: ${changed.join('; ')}; `;
  return `${again}${first === undefined ? '' : `${aboutText(first.subject, stage)}${more}: ${first.why}${ruleNamed(first.rule)}`}`;
}

/** A mission in the middle asks about itself, which goes without saying. */
function aboutText(subject: string, stage: Asked['stage']): string {
  return stage === 'checkpoint' || stage === 'budget' ? stage : subject;
}

/** A rule of policy.yaml is worth its name; what is built in or a default says enough by its reason. */
function ruleNamed(rule: string): string {
  return rule.startsWith('rule ') ? ` (${rule})` : '';
}
