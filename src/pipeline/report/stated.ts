import { type BacklogFiles, readBacklog } from '../../backlog/read-backlog.ts';
import type { Contradiction } from '../../documents/contradiction.ts';
import { asWaybillError } from '../../order/error.ts';
import type { RuntimeFacts } from '../../order/generated.ts';
import type { Station } from '../../station/station.ts';
import { notCurrent, readCommitted } from '../documents/committed.ts';
import { type DocumentsHeld, holdDocuments } from '../documents/held.ts';
import { Absent } from './fact.ts';

/** What backlog and documents say. */
export interface Stated {
  readonly contradictions: readonly Contradiction[];
  /** What could not be read, and why. */
  readonly notRead: readonly string[];
  /** What the gate says of index and corpus. */
  readonly stale: readonly string[];
  /** Throws where it could not be read. */
  backlog(): NonNullable<RuntimeFacts['backlog']['value']> | Absent;
  /** Throws where it could not be read. */
  plan(): string | Absent;
}

/** Reads them, and holds them against each other and against what was measured. Never throws. */
export async function statedIn(station: Station): Promise<Stated> {
  const { register } = station.settings.documents;
  const stale = await staleIn(station);
  try {
    const held = await holdDocuments(station);
    return {
      contradictions: [...held.contradictions, ...held.registerFaults],
      notRead: held.notChecked.map(({ message }) => message),
      stale,
      backlog: () => backlogOf(station),
      plan: () => planOf(held, register),
    };
  } catch (thrown) {
    const why = `documents could not be held against each other: ${asWaybillError(thrown).message}`;
    const fail = () => {
      throw new Error(why);
    };
    return { contradictions: [], notRead: [why], stale, backlog: () => backlogOf(station), plan: fail };
  }
}

/** Nothing is read where settings name neither. Never throws. */
async function staleIn(station: Station): Promise<string[]> {
  const { index, corpus } = station.settings.documents;
  if (index === null && corpus === null) return [];
  try {
    return notCurrent((await readCommitted(station)).made).map(({ message }) => message);
  } catch (thrown) {
    return [`documents of the branch could not be looked at: ${asWaybillError(thrown).message}`];
  }
}

function backlogOf({ layout, settings }: Station): ReturnType<Stated['backlog']> {
  const read: BacklogFiles = readBacklog(layout.root, settings.backlog.files);
  const whole = read.problems.find(({ code }) => code === 'FILE_UNREADABLE');
  if (whole !== undefined) throw new Error(`${whole.place.file}: ${whole.message}`);
  if (read.files.size === 0) return new Absent('there is no such file');
  const count = (status: string) => read.items.filter((item) => item.status === status).length;
  return {
    files: [...read.files.keys()],
    open: count('open'),
    in_progress: count('in progress'),
    blocked: count('blocked'),
    done: count('done'),
    dropped: count('dropped'),
    problems: read.problems.length,
  };
}

function planOf({ activePlan, registerFaults, notChecked }: DocumentsHeld, register: string | null): string | Absent {
  if (register === null) return new Absent('settings name no register');
  const unread =
    registerFaults.find(({ id }) => id === 'register-unread') ??
    notChecked.find(({ message }) => message.startsWith(`${register}: `));
  if (activePlan === null && unread !== undefined) throw new Error(unread.message);
  return activePlan ?? new Absent('the register has no one active plan');
}
