import { join } from 'node:path';
import { type BacklogFiles, readBacklog } from '../../backlog/read-backlog.ts';
import { commitsNamed } from '../../documents/commits-named.ts';
import type { Contradiction } from '../../documents/contradiction.ts';
import { contradictionsIn } from '../../documents/contradictions.ts';
import { readRegister } from '../../documents/read-register.ts';
import { activePlanOf, type Register, registerFaults } from '../../documents/register.ts';
import type { TextDocument } from '../../documents/spoken-lines.ts';
import { isInHistory } from '../../git/history.ts';
import { asWaybillError } from '../../order/error.ts';
import type { RuntimeFacts } from '../../order/generated.ts';
import { exists } from '../../platform/durable.ts';
import type { Station } from '../../station/station.ts';
import { readDocuments, readText } from '../documents/read-documents.ts';
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

/** More commits than these are not looked up one by one. */
const MOST_COMMITS = 500;

/** Reads them, and holds them against each other and against what was measured. Never throws. */
export async function statedIn(station: Station, claims: RuntimeFacts['claims']['value']): Promise<Stated> {
  const { documents: settings } = station.settings;
  const backlog = backlogOf(station);
  const register = registerOf(station);
  const active = register.kind === 'read' ? activePlanOf(register.register) : null;
  const { documents, notRead } = await readDocuments(station, [
    ...settings.state,
    ...(active === null || !exists(join(station.layout.root, active.path)) ? [] : [active.path]),
  ]);
  const commits = await inHistory(station, documents);
  const contradictions = [
    ...contradictionsIn({
      documents,
      backlog: ('why' in backlog ? [] : backlog.items).map(({ id, title, status, place }) => ({
        path: place.file,
        line: place.line,
        id,
        title,
        status,
      })),
      claims: settings.claims.map(({ phrases, missing = false }, n) => {
        const claim = claims?.[n];
        const subject = claim === undefined ? '' : `${claim.kind} ${claim.name}`;
        return { subject, phrases, missing, isThere: claim?.there ?? null };
      }),
      commits: commits.found,
      activePlan: active,
    }),
    ...(register.kind === 'read'
      ? registerFaults(register.register, (path) => exists(join(station.layout.root, path)))
      : []),
  ];
  return {
    contradictions,
    notRead: [...notRead, ...commits.notRead],
    backlog: () => backlogValue(backlog),
    plan: () => planValue(register),
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

type RegisterRead =
  | { readonly kind: 'none' }
  | { readonly kind: 'read'; readonly register: Register }
  | { readonly kind: 'not read'; readonly why: string };

function registerOf({ layout, settings }: Station): RegisterRead {
  const path = settings.documents.register;
  if (path === null) return { kind: 'none' };
  const read = readText(layout.root, path);
  if ('why' in read) return { kind: 'not read', why: `${path}: ${read.why}` };
  try {
    return { kind: 'read', register: readRegister(path, Buffer.from(read.text)) };
  } catch (thrown) {
    return { kind: 'not read', why: `${path}: ${asWaybillError(thrown).message}` };
  }
}

function planValue(read: RegisterRead): string | Absent {
  if (read.kind === 'none') return new Absent('settings name no register');
  if (read.kind === 'not read') throw new Error(read.why);
  return activePlanOf(read.register)?.path ?? new Absent('the register has no one active plan');
}

/** Of each commit that documents name whether it is in the history of HEAD; null where nobody knows. */
async function inHistory(
  { repo }: Station,
  documents: readonly TextDocument[],
): Promise<{ found: Map<string, boolean | null>; notRead: string[] }> {
  const found = new Map<string, boolean | null>();
  const named = commitsNamed(documents);
  const tip = repo.refs.checkedOut();
  // of a history that is cut off, what is not in it may be in the rest
  const isShallow = exists(join(repo.gitDir, 'shallow'));
  try {
    for (const id of named.slice(0, MOST_COMMITS)) {
      const isThere = tip !== null && (await isInHistory(repo.git, id, tip));
      found.set(id, isThere || !isShallow ? isThere : null);
    }
  } catch (thrown) {
    return { found, notRead: [`commits that documents name: ${asWaybillError(thrown).message}`] };
  }
  const more = named.length - MOST_COMMITS;
  return { found, notRead: more > 0 ? [`${more} more commits that documents name were not looked up`] : [] };
}
