import { short } from '../../git/busy.ts';
import type { Recorded } from '../../order/event.ts';
import type { Requester } from '../../order/generated.ts';
import type { Raise, SteppedData } from '../../order/mission.ts';
import { counted, listText } from '../words.ts';
import type { StoryLine } from './line.ts';

type Told = Pick<StoryLine, 'kind' | 'text' | 'ok'>;

/** So many paths stand in a sentence. */
const MOST_PATHS = 3;

/** One record as a sentence. */
export function told(record: Recorded): Told {
  switch (record.event) {
    case 'admitted': {
      const { requester, lane, file, dry_run: isDry } = record.data;
      const how = requester.via === 'command' ? 'handed in' : 'dropped';
      return came(`${how} by ${whoText(requester)} into ${lane} as ${file}${isDry ? ', as a dry run' : ''}`);
    }
    case 'revised': {
      const { requester, lane, file } = record.data;
      return came(`came again with other content, by ${whoText(requester)} into ${lane} as ${file}`);
    }
    case 'rejected': {
      const { error, file, lane, quarantine } = record.data;
      const kept = quarantine === null ? '' : `; it is kept as ${quarantine}`;
      return end(`${file} in ${lane} was rejected with ${error.code}: ${error.message}${kept}`, false);
    }
    case 'repeated': {
      const { file, lane, requester } = record.data;
      return note(`the same was dropped again, by ${whoText(requester)} into ${lane} as ${file}`);
    }
    case 'released':
      return { kind: 'goes', text: `went on: ${record.data.why}`, ok: null };
    case 'started': {
      const { branch, head, mission, isolation } = record.data;
      const where = branch === '' ? '' : ` on ${short(branch)}${head === null ? '' : ` at ${head.slice(0, 10)}`}`;
      const apart =
        isolation === undefined ? '' : `, in a ${isolation.kind === 'branch' ? 'branch' : 'worktree'} apart`;
      const what = mission === undefined ? '' : `; the mission follows the chain ${mission.chain}`;
      return { kind: 'work', text: `was started${where}${apart}${what}`, ok: null };
    }
    case 'executed': {
      const { changes, checks } = record.data;
      const paths = changes.map(({ path }) => path);
      const what = paths.length === 0 ? 'changed nothing' : `changed ${listText(paths, MOST_PATHS)}`;
      const passed = checks.length === 0 ? '' : `; ${counted(checks.length, 'check')} passed`;
      return { kind: 'work', text: `its work ${what}${passed}`, ok: true };
    }
    case 'stepped':
      return { kind: 'step', text: stepText(record.data), ok: record.data.ok };
    case 'rebased': {
      const { base, review } = record.data;
      const again = review ? ', and is reviewed again' : '';
      return note(`the branch had moved on: what was made was put onto ${base.slice(0, 10)}${again}`);
    }
    case 'restored': {
      const { paths, unrestored } = record.data;
      const parts = [
        ...(paths.length === 0 ? [] : [`took back ${listText(paths, MOST_PATHS)}`]),
        ...(unrestored.length === 0 ? [] : [`left as they are: ${listText(unrestored, MOST_PATHS)}`]),
      ];
      return { kind: 'note', text: parts.join('; '), ok: unrestored.length === 0 ? null : false };
    }
    case 'landing':
      return { kind: 'landing', text: `is landing on ${short(record.data.branch)}`, ok: null };
    case 'landed': {
      const { how, commits } = record.data;
      const ids = commits.map((id) => id.slice(0, 10)).join(', ');
      const text =
        how === 'landed'
          ? `landed as ${ids}`
          : how === 'landed_by'
            ? `somebody else’s commit ${ids} already holds what it made`
            : 'there was nothing to commit';
      return { kind: 'landing', text, ok: true };
    }
    case 'waits': {
      const { waiting_for: waitingFor, why, until } = record.data;
      return {
        kind: 'waits',
        text: `waits for ${waitingFor}: ${why}${waitingFor === 'time' ? untilText(why, until) : ''}`,
        ok: null,
      };
    }
    case 'held':
      return { kind: 'waits', text: `was held by ${record.data.by}: ${record.data.reason}`, ok: null };
    case 'approved': {
      const { by, raise, promoted } = record.data;
      const safe = promoted.length === 0 ? '' : '; the same is safe from now on';
      return { kind: 'decision', text: `was approved by ${by}${raisedText(raise)}${safe}`, ok: true };
    }
    case 'denied': {
      const { by, reason } = record.data;
      return { kind: 'decision', text: `was denied by ${by}${reason === '' ? '' : `: ${reason}`}`, ok: false };
    }
    case 'expired':
      return { kind: 'decision', text: `nobody decided until ${record.data.at}`, ok: false };
    case 'reminded':
      return note('people were told again that it waits for them');
    case 'retried':
      return { kind: 'goes', text: `was taken up again by ${record.data.by}`, ok: null };
    case 'interrupted':
      return { kind: 'note', text: `was interrupted: ${record.data.why}`, ok: false };
    case 'succeeded':
      return end(`is done: ${record.data.summary}`, true);
    case 'failed':
      return end(`failed${errorText(record.data.error)}`, false);
    case 'cancelled':
      return end(`was cancelled by ${record.data.by}`, false);
    case 'purged': {
      const { by, reason, records } = record.data;
      return note(`${by} purged the words of ${counted(records.length, 'record')}: ${reason}`);
    }
    case 'command':
      return { kind: 'work', text: record.data.name, ok: null };
    case 'step':
      return { kind: 'step', text: record.data.step, ok: null };
    case 'opened':
    case 'distrusted':
    case 'gap':
      return note(record.event);
  }
}

function came(text: string): Told {
  return { kind: 'came', text, ok: null };
}

function note(text: string): Told {
  return { kind: 'note', text, ok: null };
}

function end(text: string, ok: boolean): Told {
  return { kind: 'end', text, ok };
}

/** The owner of the file, and who it says it is from: that is a claim. */
function whoText({ user, uid, declared_by: declared }: Requester): string {
  return `${user ?? `uid ${uid}`}${declared === null ? '' : `, who says to be ${declared},`}`;
}

/** Of other waits the time only says when somebody looks again, or is told again. */
function untilText(why: string, until: string | null): string {
  return until === null || why.includes(until) ? '' : `, until ${until}`;
}

function errorText(error: { readonly code: string; readonly message: string } | null): string {
  return error === null ? '' : ` with ${error.code}: ${error.message}`;
}

/** A step of a mission: what it is, who did it, what came of it and what it cost. */
function stepText({ n, step, agent, ok, code, why, verdict, usage, changes, diff_lines: lines }: SteppedData): string {
  const cost = usage === null ? 'tokens not told' : `${usage.tokens} tokens`;
  const parts = [
    ok ? (verdict ?? 'ok').replaceAll('_', ' ') : `${code ?? 'failed'}${why === null ? '' : `: ${why}`}`,
    ...(changes === undefined ? [] : [`${counted(lines, 'line')} changed`]),
    // what the runner does itself costs nothing
    ...(agent === null ? [] : [cost]),
    ...(usage?.usd == null ? [] : [`$${usage.usd.toFixed(2)}`]),
  ];
  return `step ${n}, ${step}${agent === null ? '' : ` by ${agent}`}: ${parts.join(', ')}`;
}

/** What a yes raised, of a mission that had used up what it was given. */
function raisedText(raise: Raise = {}): string {
  const raised = Object.entries(raise).map(([key, to]) => `${key.replace('_', ' ')} to ${to}`);
  return raised.length === 0 ? '' : `, which raises ${raised.join(', ')}`;
}
