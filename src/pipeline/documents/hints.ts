const HINTS: Readonly<Record<string, string>> = {
  'task-open-and-done': 'Make all places say the same.',
  'package-done-task-open': 'Finish or defer the task, or take the mark off the package.',
  'backlog-against-documents': 'Mark the item in the backlog, or mend the document.',
  'backlogs-apart': 'Make both files of the backlog say the same.',
  'claim-against-fact': 'Mend the sentence; documents.claims in waybill.yaml says what it was held against.',
  'commit-not-in-history': 'Name the commit that the branch has; a rebase gives commits other ids.',
  'pointer-against-register': 'Point to the active plan, or register the other one as active.',
  'marker-left-over': 'Finish what is marked, or take the status back.',
  'not-checked': 'Make it readable, then ask again: what cannot be looked at does not pass.',
  'status-missing': 'Write it: `waybill report status`. A running station does so by itself.',
  'status-unread': 'Write it again: `waybill report status`.',
  'status-old': 'Write it again: `waybill report status`. A running station does so by itself.',
  'status-from-the-future': 'Set the clock of the machine that wrote it, then `waybill report status`.',
  'status-fail': 'Mend what it names, then `waybill report status`.',
  'status-contradiction': 'Mend what it names, then write the status file again.',
  'index-missing': 'Make it: `waybill docs build`.',
  'index-stale': 'Make it again: `waybill docs build`.',
  'corpus-missing': 'Make it: `waybill docs build`.',
  'corpus-stale': 'Make it again: `waybill docs build`.',
};

/** How to mend a finding of this kind; kinds of other writers have none of their own. */
export function hintFor(id: string): string {
  if (id.startsWith('register-')) return 'Mend the register: one active plan, no circle, every plan there.';
  return HINTS[id] ?? 'Mend what it names, then write the status file again.';
}
