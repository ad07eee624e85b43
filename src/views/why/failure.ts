import { ERROR_CODES } from '../../order/error.ts';
import type { Recorded } from '../../order/event.ts';
import type { StateDocument } from '../../order/generated.ts';
import { fact, type Meaning, type Part, run, type Tried } from './explanation.ts';

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

/** What can be done about an order that ended otherwise than done. */
export function forEnded(state: StateDocument): Part {
  const { wo_id: woId, status, last_error: error, evidence, type, meta } = state;
  const again =
    status === 'rejected'
      ? {
          what: 'mend the file and drop it again, under the same id',
          command: `waybill lint FILE && waybill drop FILE`,
        }
      : run('try it again, once that is mended', `waybill retry ${woId}`);
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
        : [run('look at what it left: output of commands is below commands/', `ls ${evidence.path}`)]),
      ...(type === 'mission' && status !== 'rejected'
        ? [run('see how far the mission came', `waybill spine status ${woId}`)]
        : []),
      again,
    ],
  };
}
