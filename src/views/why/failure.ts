import { ERROR_CODES } from '../../order/error.ts';
import type { Recorded } from '../../order/event.ts';
import type { StateDocument } from '../../order/generated.ts';
import { fact, type Meaning, type NextStep, type Part, run, type Tried } from './explanation.ts';

/** What the error on record means; null where there is none. */
export function meaningOf({ last_error: error }: StateDocument): Meaning | null {
  if (error === null) return null;
  const { code, message, hint, at } = error;
  const known = Object.hasOwn(ERROR_CODES, code) ? ERROR_CODES[code as keyof typeof ERROR_CODES] : null;
  return { code, message, what: known?.what ?? null, hint, at };
}

/** Every try that failed, was denied or was cancelled. */
export function triedOf(records: readonly Recorded[]): Tried[] {
  return records.flatMap((record) => {
    switch (record.event) {
      case 'failed':
      case 'cancelled':
      case 'denied':
      case 'expired':
      case 'rejected': {
        const { error } = record.data;
        const message = error?.message ?? '';
        return [{ attempt: Math.max(1, record.attempt), at: record.ts, code: error?.code ?? null, message }];
      }
      default:
        return [];
    }
  });
}

/** What brings an order on that ended: by what it ended with, as the pages of the codes have it. */
function again({ wo_id: woId, status, last_error: error, meta }: StateDocument): NextStep {
  const dropAgain = (what: string) => run(what, 'waybill lint FILE && waybill drop FILE');
  if (meta['purged'] === true) return dropAgain('it was purged, and its request is gone: drop it again');
  if (status === 'rejected') return dropAgain('mend the file and drop it again, under the same id');
  const retry = (what: string) => run(what, `waybill retry ${woId}`);
  switch (error?.code) {
    case 'DENIED':
      return dropAgain('change what was said no to, and drop it again, under the same id');
    case 'DEPENDENCY_CYCLE':
      return dropAgain('take the id that closes the circle out of depends_on, and drop it again');
    case 'DEPENDENCY_FAILED':
    case 'DEPENDENCY_UNKNOWN':
      return retry('try it again, once what it depends on is done');
    case 'CANCELLED':
    case 'EXPIRED':
      return retry('try it again, where it is still wanted');
    default:
      return retry('try it again, once that is mended');
  }
}

/** What can be done about an order that ended otherwise than done; `records`: what tells whether it ran anything. */
export function forEnded(state: StateDocument, records: readonly Recorded[]): Part {
  const { wo_id: woId, status, last_error: error, evidence, type, meta } = state;
  const ran = records.some((record) => record.event === 'command' && record.attempt === state.attempt);
  const file = typeof meta['file'] === 'string' ? meta['file'] : '';
  return {
    facts: [
      ...(status === 'rejected' && state.request.path !== '' ? [fact('kept as', state.request.path)] : []),
      ...(status === 'rejected' && file !== '' ? [fact('was', `${file} in ${state.lane}`)] : []),
      ...(evidence === null ? [] : [fact('evidence', evidence.path)]),
    ],
    next: [
      ...(error === null ? [] : [run(`read what ${error.code} means, and its cure`, `waybill explain ${error.code}`)]),
      ...(evidence === null
        ? []
        : [run(`look at what it left${ran ? ': output of commands is below commands/' : ''}`, `ls ${evidence.path}`)]),
      ...(type === 'mission' && status !== 'rejected'
        ? [run('see how far the mission came', `waybill spine status ${woId}`)]
        : []),
      again(state),
    ],
  };
}
