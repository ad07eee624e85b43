import { type BacklogFiles, readBacklog } from '../../backlog/read-backlog.ts';
import type { Contradiction } from '../../documents/contradiction.ts';
import { activePlanOf } from '../../documents/register.ts';
import { asWaybillError } from '../../order/error.ts';
import type { RuntimeFacts } from '../../order/generated.ts';
import type { Station } from '../../station/station.ts';
import { type DocumentsHeld, holdDocuments } from '../documents/held.ts';
import { Absent } from './fact.ts';

/** What backlog and documents say. */
export interface Stated {
  readonly contradictions: readonly Contradiction[];
  /** What could not be read, and why. */
  readonly notRead: readonly string[];
  /** Throws where it could not be read. */
  backlog(): NonNullable<RuntimeFacts['backlog']['value']> | Absent;
  /** Throws where it could not be read. */
  plan(): string | Absent;
}

/** Reads them, and holds them against each other and against what is measured, as `docs check` does. Never throws. */
export async function statedIn(station: Station): Promise<Stated> {
  const held = await holdDocuments(station);
  const backlog = backlogOf(station);
  return {
    contradictions: [...held.contradictions, ...held.registerFaults],
    notRead: held.notChecked.map(({ message }) => message),
    backlog: () => backlogValue(backlog),
    plan: () => planValue(station, held),
  };
}

function backlogOf({ layout, settings }: Station): BacklogFiles | { readonly why: string } {
  try {
    return readBacklog(layout.root, settings.backlog.files);
  } catch (thrown) {
    return { why: asWaybillError(thrown).message };
  }
}

function backlogValue(read: ReturnType<typeof backlogOf>): ReturnType<Stated['backlog']> {
  if ('why' in read) throw new Error(read.why);
  const { files, items, problems } = read;
  const whole = problems.find(({ code }) => code === 'FILE_UNREADABLE');
  if (whole !== undefined) throw new Error(`${whole.place.file}: ${whole.message}`);
  if (files.size === 0) return new Absent('there is no such file');
  const count = (status: string) => items.filter((item) => item.status === status).length;
  return {
    files: [...files.keys()],
    open: count('open'),
    in_progress: count('in progress'),
    blocked: count('blocked'),
    done: count('done'),
    dropped: count('dropped'),
    problems: problems.length,
  };
}

function planValue({ settings }: Station, { register, registerFaults, notChecked }: DocumentsHeld): string | Absent {
  const path = settings.documents.register;
  if (path === null) return new Absent('settings name no register');
  const why = [...registerFaults, ...notChecked].find(({ refs }) => refs.some((ref) => ref.startsWith(path)))?.message;
  if (register === null) throw new Error(why ?? `${path} cannot be read`);
  return activePlanOf(register)?.path ?? new Absent('the register has no one active plan');
}
