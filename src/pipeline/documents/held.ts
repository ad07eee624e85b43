import { isAbsolute, join } from 'node:path';
import { readMarkdown } from '../../backlog/read-markdown.ts';
import type { MeasuredClaim } from '../../documents/claims.ts';
import { commitsNamed } from '../../documents/commits-named.ts';
import type { Contradiction } from '../../documents/contradiction.ts';
import { type BacklogEntry, contradictionsIn } from '../../documents/contradictions.ts';
import { readRegister } from '../../documents/read-register.ts';
import { activePlanOf, type Register, registerFaults } from '../../documents/register.ts';
import type { TextDocument } from '../../documents/spoken-lines.ts';
import { asWaybillError } from '../../order/error.ts';
import { exists } from '../../platform/durable.ts';
import { findProgram, isExecutable } from '../../platform/programs.ts';
import type { Station } from '../../station/station.ts';
import { commitsInHistory } from './commits-in-history.ts';
import { readDocuments, readText } from './read-documents.ts';

/** What documents, backlog and register say, held against each other and against what was measured. */
export interface DocumentsHeld {
  /** State documents and the active plan, as they were read. */
  readonly documents: readonly TextDocument[];
  readonly contradictions: readonly Contradiction[];
  /** What is wrong with the register itself. */
  readonly registerFaults: readonly Contradiction[];
  /** Relative to the root; null without a register, and where it has not exactly one. */
  readonly activePlan: string | null;
  /** What could not be looked at, each with why: nothing of it passed. */
  readonly notChecked: readonly Contradiction[];
}

/** Reads what settings name, in the work tree, measures what it speaks of, and says what does not fit. Never throws for a file. */
export async function holdDocuments(station: Station): Promise<DocumentsHeld> {
  const { documents: settings } = station.settings;
  const { register, faults, notRead } = registerOf(station);
  const activePlan = register === null ? null : activePlanOf(register);
  const named = [...settings.state, ...(activePlan === null ? [] : [activePlan.path])];
  const read = await readDocuments(station, named);
  const backlog = backlogOf(station);
  const commits = await commitsInHistory(station, commitsNamed(read.documents));
  const claims = settings.claims.map((claim) => measuredClaim(station, claim));
  const notMeasured = claims
    .filter(({ isThere }) => isThere === null)
    .map(({ subject }) => `${subject} cannot be looked at`);
  const planFault = faults.some(({ id }) => id === 'register-target-missing');
  const unread = read.notRead.filter(
    (why) => !(planFault && activePlan !== null && why.startsWith(`${activePlan.path}:`)),
  );
  return {
    documents: read.documents,
    contradictions: contradictionsIn({
      documents: read.documents,
      backlog: backlog.entries,
      claims,
      commits: commits.found,
      activePlan,
    }),
    registerFaults: faults,
    activePlan: activePlan?.path ?? null,
    notChecked: [...[...notRead, ...unread, ...backlog.notRead, ...notMeasured].map(notChecked), ...commits.notChecked],
  };
}

/** A check that could not be made, as a finding. */
export function notChecked(why: string): Contradiction {
  const path = /^([^\s:]+):/.exec(why)?.[1];
  return { id: 'not-checked', severity: 'block', message: why, refs: path === undefined ? [] : [path] };
}

function registerOf(station: Station): { register: Register | null; faults: Contradiction[]; notRead: string[] } {
  const path = station.settings.documents.register;
  const none = { register: null, faults: [], notRead: [] };
  if (path === null) return none;
  const { root } = station.layout;
  const read = readText(root, path);
  if ('why' in read) return { ...none, notRead: [`${path}: ${read.why}`] };
  try {
    const register = readRegister(path, Buffer.from(read.text, 'utf8'));
    return { register, faults: registerFaults(register, (target) => isThere(root, target)), notRead: [] };
  } catch (thrown) {
    const { message, place } = asWaybillError(thrown);
    const line = place.line === undefined ? '' : `:${place.line}`;
    return { ...none, faults: [{ id: 'register-unread', severity: 'block', message, refs: [`${path}${line}`] }] };
  }
}

/** Whether a path below the root is there; one that leads out of it is not; null where that could not be found out. */
function isThere(root: string, path: string): boolean | null {
  if (isAbsolute(path) || path.split('/').includes('..')) return false;
  try {
    return exists(join(root, path));
  } catch {
    return null;
  }
}

function measuredClaim(
  { layout }: Station,
  { program, path, phrases, missing = false }: Station['settings']['documents']['claims'][number],
): MeasuredClaim {
  if (program === undefined)
    return { subject: `path ${path ?? ''}`, phrases, missing, isThere: isThere(layout.root, path ?? '') };
  const found = isAbsolute(program)
    ? isExecutable(program)
    : findProgram(program, process.env['PATH'] ?? '') !== undefined;
  return { subject: `program ${program}`, phrases, missing, isThere: found };
}

function backlogOf({ layout, settings }: Station): { entries: BacklogEntry[]; notRead: string[] } {
  const entries: BacklogEntry[] = [];
  const notRead: string[] = [];
  for (const path of settings.backlog.files) {
    // files that are not there are passed over
    if (isThere(layout.root, path) === false) continue;
    const read = readText(layout.root, path);
    if ('why' in read) notRead.push(`${path}: ${read.why}`);
    else {
      const { items, problems } = readMarkdown(path, read.text);
      for (const { id, title, status, place } of items) entries.push({ path, line: place.line, id, title, status });
      const whole = problems.find(({ code }) => code === 'FILE_UNREADABLE');
      if (whole !== undefined) notRead.push(`${path}: ${whole.message}`);
    }
  }
  return { entries, notRead };
}
