import type { Recorded } from '../order/event.ts';
import type { Raise } from '../order/mission.ts';

/** What a yes raised, of a mission that had used up what it was given. */
function raisedText(raise: Raise = {}): string {
  const raised = Object.entries(raise).map(([key, to]) => `${key.replace('_', ' ')} to ${to}`);
  return raised.length === 0 ? '' : `, raises ${raised.join(', ')}`;
}

/** What stands out in a record, in a few words. It may hold an order's text. */
export function gist(r: Recorded): string {
  switch (r.event) {
    case 'admitted':
    case 'revised':
      return `${r.data.file} in ${r.data.lane}, by ${r.data.requester.user ?? r.data.requester.uid}`;
    case 'command':
      return `${r.data.n}: ${r.data.name}`;
    case 'landing':
      return r.data.commit === null
        ? `batch ${r.data.batch}`
        : `commit ${r.data.commit.slice(0, 10)} in batch ${r.data.batch}`;
    case 'landed':
      return `${r.data.how} ${r.data.commits.map((c) => c.slice(0, 10)).join(' ')}`;
    case 'succeeded':
      return r.data.summary;
    case 'failed':
    case 'cancelled':
    case 'rejected':
      return r.data.error === null ? '' : `${r.data.error.code}: ${r.data.error.message}`;
    case 'waits':
    case 'released':
    case 'interrupted':
      return r.data.why;
    case 'held':
      return r.data.reason;
    case 'retried':
      return r.data.by;
    case 'step':
    case 'stepped':
    case 'rebased':
      return stepText(r) ?? '';
    case 'approved':
      return `${r.data.by}${raisedText(r.data.raise)}${r.data.promoted.length === 0 ? '' : '; safe from now on'}`;
    case 'denied':
      return `${r.data.by}${r.data.reason === '' ? '' : `: ${r.data.reason}`}`;
    case 'expired':
      return `nobody decided until ${r.data.at}`;
    case 'executed':
      return `${r.data.changes.length} files, ${r.data.checks.length} checks`;
    case 'restored':
      return `${r.data.paths.length} files${r.data.unrestored.length > 0 ? `, not: ${r.data.unrestored.join(', ')}` : ''}`;
    default:
      return '';
  }
}

/** One record of a mission in a line; null for what is no news. */
export function stepText(record: Recorded): string | null {
  switch (record.event) {
    case 'step': {
      const { n, step, agent } = record.data;
      return `${number(n)} ${step.padEnd(WIDTH)} ${agent === null ? 'begun' : `${agent} is at work`}`;
    }
    case 'stepped': {
      const { n, step, agent, ok, code, why, verdict, seconds, usage, diff_lines: lines } = record.data;
      const parts = [
        ok ? (verdict ?? 'ok') : `${code ?? 'failed'}: ${(why ?? '').replaceAll('\n', ' ')}`,
        `${seconds.toFixed(1)} s`,
        ...(agent === null ? [] : [usage === null ? 'tokens not told' : `${usage.tokens} tokens`]),
        ...(record.data.changes === undefined ? [] : [`${lines} lines changed`]),
      ];
      return `${number(n)} ${step.padEnd(WIDTH)} ${parts.join(', ')}`;
    }
    case 'rebased':
      return `   put onto ${record.data.base.slice(0, 10)}${record.data.review ? ', to be reviewed again' : ''}`;
    case 'interrupted':
      return '   a station ended in the middle of it: it goes on where its records end';
    default:
      return null;
  }
}

const WIDTH = 14;

function number(n: number): string {
  return String(n).padStart(2);
}
