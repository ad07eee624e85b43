import { isAbsolute, join, sep } from 'node:path';
import { readBacklogFile } from '../../backlog/read-backlog.ts';
import type { MeasuredClaim } from '../../documents/claims.ts';
import { commitsNamed } from '../../documents/commits-named.ts';
import type { Contradiction } from '../../documents/contradiction.ts';
import { type BacklogEntry, contradictionsIn } from '../../documents/contradictions.ts';
import { readRegister } from '../../documents/read-register.ts';
import { activePlanOf, type Register, registerFaults } from '../../documents/register.ts';
import { neverClosed, type TextDocument } from '../../documents/spoken-lines.ts';
import { asWaybillError } from '../../order/error.ts';
import { exists } from '../../platform/durable.ts';
import { fs, ifThere } from '../../platform/fs.ts';
import { findProgram, isExecutable } from '../../platform/programs.ts';
import type { Station } from '../../station/station.ts';
import { commitsInHistory } from './commits-in-history.ts';
import { readDocuments, readText } from './read-documents.ts';

/** What documents, backlog and register say, held against each other and against what was measured. */
export interface DocumentsHeld {
  /** State documents and the active plan, as they were read. */
  readonly documents: readonly TextDocument[];
  readonly contradictions: readonly Contradiction[];
  /** Relative to the root; null without a register, and where it has not exactly one. */
  readonly activePlan: string | null;
  /** What is wrong with the register itself. */
  readonly registerFaults: readonly Contradiction[];
  /** What could not be looked at, each with why: nothing of it passed. */
  readonly notChecked: readonly Contradiction[];
}

/** Reads what settings name, in the work tree, measures what it speaks of, and says what does not fit. Never throws for a file or git. */
export async function holdDocuments(station: Station): Promise<DocumentsHeld> {
  const { documents: settings } = station.settings;
  const { register, faults, notRead } = registerOf(station);
  const active = register === null ? null : activePlanOf(register);
  // that the plan is missing is told by the register's own check
  const plan = active === null || isFile(station.layout.root, active.path) === false ? [] : [active.path];
  const read = await readDocuments(station, [...settings.state, ...plan]);
  const backlog = backlogOf(station);
  const commits = await commitsInHistory(station, commitsNamed(read.documents));
  const claims = settings.claims.map((claim) => measuredClaim(station, claim));
  const unmeasured = claims.flatMap(({ subject, isThere: there }) => (there === null ? [subject] : []));
  return {
    documents: read.documents,
    contradictions: contradictionsIn({
      documents: read.documents,
      backlog: backlog.entries,
      backlogTexts: backlog.texts,
      claims,
      commits: commits.found,
      activePlan: active,
    }),
    activePlan: active?.path ?? null,
    registerFaults: faults,
    notChecked: [
      ...[...notRead, ...read.notRead, ...unmeasured.map((subject) => `${subject} cannot be looked at`)].map(
        notChecked,
      ),
      ...[...read.documents, ...backlog.texts].flatMap(cutShort),
      ...backlog.notChecked,
      ...commits.notChecked,
    ],
  };
}

/** A check that could not be made, as a finding; `path: why` names where. */
export function notChecked(why: string): Contradiction {
  const path = /^([^:]+\.\w+): /.exec(why)?.[1];
  return { id: 'not-checked', severity: 'block', message: why, refs: path === undefined ? [] : [path] };
}

/** Nothing behind such a place was read. */
function cutShort(document: TextDocument): Contradiction[] {
  const open = neverClosed(document);
  if (open === null) return [];
  const message = `${document.path}: ${open.what} begins in line ${open.line} and never ends`;
  return [{ id: 'not-checked', severity: 'block', message, refs: [`${document.path}:${open.line}`] }];
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
    return { register, faults: registerFaults(register, (target) => isFile(root, target)), notRead: [] };
  } catch (thrown) {
    const { message, place } = asWaybillError(thrown);
    const line = place.line === undefined ? '' : `:${place.line}`;
    const fault = { id: 'register-unread', severity: 'block' as const, message: `${path}: ${message}` };
    return { ...none, faults: [{ ...fault, refs: [`${path}${line}`] }] };
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

/** Whether a path leads to a file below the root, also over links; null where that could not be found out. */
function isFile(root: string, path: string): boolean | null {
  if (isAbsolute(path) || path.split('/').includes('..')) return false;
  try {
    const real = ifThere(() => fs.realpathSync(join(root, path)));
    if (real?.startsWith(`${fs.realpathSync(root)}${sep}`) !== true) return false;
    return fs.statSync(real).isFile();
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

/** Every item of every file, also those that the backlog takes from another file: that they differ is what is looked for. */
function backlogOf({ layout, settings }: Station): {
  entries: BacklogEntry[];
  texts: TextDocument[];
  notChecked: Contradiction[];
} {
  const entries: BacklogEntry[] = [];
  const texts: TextDocument[] = [];
  const missed: Contradiction[] = [];
  for (const path of settings.backlog.files) {
    // files that are not there are passed over
    if (isThere(layout.root, path) === false) continue;
    const read = readText(layout.root, path);
    if ('why' in read) {
      missed.push(notChecked(`${path}: ${read.why}`));
      continue;
    }
    if (!/\.ya?ml$/i.test(path)) texts.push({ path, text: read.text, isNamed: true });
    const { items, problems } = readBacklogFile(path, read.text);
    for (const { id, title, status, place } of items) entries.push({ path, line: place.line, id, title, status });
    const unread = problems.filter(({ severity }) => severity === 'unread');
    const [first] = unread;
    if (first === undefined) continue;
    missed.push({
      id: 'not-checked',
      severity: first.code === 'FILE_UNREADABLE' ? 'block' : 'warn',
      message: `${path}: ${unread.length === 1 ? first.message : `${unread.length} entries could not be read`}`,
      refs: unread.slice(0, 10).map(({ place }) => `${place.file}:${place.line}`),
    });
  }
  return { entries, texts, notChecked: missed };
}
