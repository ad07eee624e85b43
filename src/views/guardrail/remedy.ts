import type { GuardrailFault } from '../../order/generated.ts';

/** What helps against a fault, in words and as a command, and the page of docs/runbooks/ that says it all. */
export interface Remedy {
  readonly text: string;
  /** To be pasted at the station's root; null where no one command helps. */
  readonly command: string | null;
  readonly runbook: string;
}

/** What to do about a fault, by its kind; runbooks are named as in docs/runbooks/README.md. */
export function remedyOf({ kind, component, message, escalated }: GuardrailFault): Remedy {
  const path = quoted(component);
  const restore = `git restore --source=HEAD --staged --worktree -- ${path}`;
  const of = (text: string, command: string | null, runbook: string): Remedy => ({ text, command, runbook });
  if (component === 'waybill.yaml' && (kind === 'missing' || kind === 'unreadable'))
    return of('Bring back waybill.yaml as it was committed last.', restore, 'settings-broken');
  if (component === 'canary')
    return of('No order comes through: look at what the station waits for.', 'waybill status', 'canary-failed');
  if (escalated === true)
    return of(
      'It breaks again and again, and is not repaired any more today. End what takes it away, then bring it back.',
      restore,
      'repair-escalated',
    );
  switch (kind) {
    case 'missing':
      return message.startsWith('the folder')
        ? of('Bring the folder back as it was committed last.', restore, 'folder-missing')
        : of('Bring it back as it was committed last.', restore, 'file-missing');
    case 'not_executable':
      return of('Make it executable again.', `chmod +x -- ${path}`, 'not-executable');
    case 'truncated':
      return of('It lost its end. Bring it back as it was committed last.', restore, 'truncated');
    case 'altered':
      return of(
        'See what was changed. Commit it if it is right; else put it aside with git stash.',
        `git diff -- ${path}`,
        'altered',
      );
    case 'moved_back':
      return of(
        'HEAD was moved to a commit that is older. See where it was before, and go back there.',
        'git reflog -5',
        'moved-back',
      );
    case 'not_a_file':
      return of(
        'Something else stands there: move it aside, then bring the file back.',
        `mv -- ${path} ${quoted(`${component}.found`)}`,
        'not-what-it-should-be',
      );
    case 'too_few':
      return of(
        'Files that match are gone. See which git has and the disk has not.',
        'git ls-files --deleted',
        'too-few-files',
      );
    case 'not_alive':
      return component === 'processor:guardrail'
        ? of(
            'No guardrail looks: start it, or let a service do so.',
            'waybill service install guardrail',
            'guardrail-silent',
          )
        : message.includes('is stopped')
          ? of('The process is stopped (SIGSTOP): let it go on.', 'waybill status', 'station-stopped')
          : of('Start the station, or let a service do so.', 'waybill service install', 'station-died');
    case 'not_running':
      return of('See why the service ended, then start it again.', 'waybill service status', 'service-not-running');
    case 'not_found':
      return of('Install the program again, or link it into a folder of PATH.', 'waybill doctor', 'program-not-found');
    case 'low_disk':
      return of(
        'Make room: git packs what it can; keeps and old telemetry may go.',
        'git gc --quiet',
        'disk-nearly-full',
      );
    case 'waits_long':
      return of('See what waits, and give it what it waits for or cancel it.', 'waybill status', 'waits-too-long');
    case 'broken':
      return of(
        'Rebuild the ledger from the journal, with no station running.',
        'waybill restore --ledger',
        'ledger-broken',
      );
    case 'too_old':
      return of('Make a backup now; it says why where it cannot.', 'waybill backup', 'backup-too-old');
    case 'unreadable':
      return of('Correct the entry that is named.', 'git diff -- waybill.yaml', 'component-unreadable');
    default:
      return of(
        'The check itself could not be made: give it what it needs.',
        'waybill guardrail --once',
        'check-failed',
      );
  }
}

/** A word for the shell, whatever stands in it. */
export function quoted(word: string): string {
  return /^[\w./:@%+=-]+$/.test(word) && !word.startsWith('-') ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
