import { join } from 'node:path';
import { Git } from '../git/git.ts';
import type { ResultDocument, StateDocument } from '../order/generated.ts';
import { isTerminal } from '../order/transition.ts';
import { artifactsFolder } from '../pipeline/missions/show-packets.ts';
import { verifyStation } from '../pipeline/verify/verify.ts';
import { exists, namesIn, readIfThere } from '../platform/durable.ts';
import { fs, ifThere } from '../platform/fs.ts';
import { livingIn } from '../platform/processes.ts';
import { filesBelow } from '../record/evidence.ts';
import { readLedger } from '../record/ledger.ts';
import type { Station } from '../station/station.ts';
import { checkDecisions, checkIsolated } from './check-guarded.ts';
import { checkMissions } from './check-missions.ts';
import type { Task, Workload } from './work.ts';

/** Looks from outside, with files and git alone, at what a station left: everything that must hold, and each thing that does not. */

/** Ends that a fault may give to an order beside its own: the reason is told, nothing is done. */
const FAULT_CODES = ['IO_ERROR', 'GIT_FAILED', 'UNCLAIMABLE', 'DEPENDENCY_FAILED'];

export interface Expectation {
  /** Calls failed, so that orders may have failed with the reason. After a kill they may not. */
  readonly errors: boolean;
}

/** What does not hold; empty when all is well. */
export async function checkStation(station: Station, workload: Workload, expected: Expectation): Promise<string[]> {
  const faults: string[] = [];
  const git = new Git(station.layout.root);
  const commits = await commitsByOrder(git);
  for (const task of workload.tasks) faults.push(...checkTask(station, task, commits.get(task.woId) ?? [], expected));
  faults.push(...(await checkRepository(git, stillDamaged(station, workload))));
  faults.push(...leftBehind(station, workload));
  faults.push(...(await leftRefs(git, waitingIn(station, workload))));
  faults.push(...checkDecisions(station, workload, expected.errors));
  faults.push(...(await checkIsolated(station, git, workload)));
  faults.push(...(await checkMissions(station, git, workload)));
  faults.push(...checkTelemetry(station));
  for (const pid of livingIn(station.layout.root)) faults.push(`process ${pid} is left running`);
  const verified = await verifyStation(station, null);
  for (const f of verified.findings) faults.push(`verify: ${f.severity} ${f.kind} ${f.subject}: ${f.message}`);
  return faults;
}

function checkTask(station: Station, task: Task, commits: readonly string[], { errors }: Expectation): string[] {
  const bad = (what: string) => [`${task.woId}: ${what}`];
  const { layout } = station;
  const faults: string[] = [];
  const dropped = [`${task.woId}.json`, `${task.woId}.yaml`, task.woId].filter((name) =>
    exists(join(layout.inbox, 'MAIN', name)),
  );
  const state = readJson<StateDocument>(join(layout.state, `${task.woId}.json`));
  const result = readJson<ResultDocument>(join(layout.outbox, 'MAIN', `${task.woId}.result.json`));
  if (state === null) {
    const rejections = rejectionsOf(station, task);
    if (rejections.length !== 1)
      return bad(
        `has no state file and ${rejections.length} rejections; in the inbox: ${dropped.join(', ') || 'nothing'}`,
      );
    const code = rejections[0]?.error?.code ?? '';
    if (code !== task.end && !(errors && FAULT_CODES.includes(code))) return bad(`was rejected with ${code}`);
    if (code === 'UNCLAIMABLE') return dropped.length === 1 ? [] : bad('was refused in place, but is not there');
    const kept = namesIn(join(layout.quarantine, 'MAIN')).filter(
      (n) => n.includes(task.woId) && !n.endsWith('.error.json'),
    );
    return kept.length === 1 && dropped.length === 0
      ? []
      : bad(`rejected, ${kept.length} times in quarantine, ${dropped.length} in the inbox`);
  }
  if (dropped.length > 0) faults.push(...bad('has a state file and lies in the inbox too'));
  if (isInConflict(state, task)) return commits.length > 0 ? bad(`waits, and has ${commits.length} commits`) : faults;
  if (!isTerminal(state.status)) return [...faults, ...bad(`is ${state.status}: ${state.progress ?? ''}`)];
  if (result === null) return [...faults, ...bad('has ended and has no result')];
  if (result.status !== state.status) faults.push(...bad(`is ${state.status}, its result says ${result.status}`));
  const code = state.status === 'done' ? 'done' : (state.last_error?.code ?? 'no code');
  const runs = linesOf(join(layout.root, 'runs', task.woId));
  const unsure = code === 'EFFECT_UNVERIFIED' && task.runs === 'once';
  if (code !== task.end && !unsure && !(errors && FAULT_CODES.includes(code)))
    faults.push(...bad(`ended with ${code}: ${state.last_error?.message ?? ''}`));
  if (task.runs === 'once' && runs > 1) faults.push(...bad(`its command ran ${runs} times`));
  if (task.runs === 'once' && code === 'done' && runs !== 1)
    faults.push(...bad(`is done, and its command ran ${runs} times`));
  if (code === 'done') {
    if (task.ownBranch !== true && task.mayConflict !== true)
      for (const [path, content] of Object.entries(task.makes)) {
        const found = readIfThere(join(layout.root, path))?.toString('utf8') ?? null;
        if (found !== content) faults.push(...bad(`is done, and ${path} holds ${JSON.stringify(found)}`));
      }
    if (commits.length !== (task.mends ? 0 : 1)) faults.push(...bad(`is done by ${commits.length} commits`));
  } else if (commits.length > 0) faults.push(...bad(`failed, and has ${commits.length} commits`));
  // one that mends names the commit that had the content
  if (!task.mends && JSON.stringify(state.commits) !== JSON.stringify(commits))
    faults.push(...bad(`its state names the commits ${state.commits.join(', ')}, git has ${commits.join(', ')}`));
  if (JSON.stringify(result.commits) !== JSON.stringify(state.commits))
    faults.push(...bad(`its result names other commits than its state`));
  return faults;
}

function rejectionsOf(station: Station, task: Task): ResultDocument[] {
  return namesIn(join(station.layout.outbox, 'MAIN'))
    .filter((name) => name.startsWith(`${task.woId}.`) && !name.startsWith('.'))
    .flatMap((name) => readJson<ResultDocument>(join(station.layout.outbox, 'MAIN', name)) ?? []);
}

async function commitsByOrder(git: Git): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>();
  const log = await git.text(['log', '--branches', '--format=%H %(trailers:key=Work-Order,valueonly,separator=%x20)']);
  for (const line of log.split('\n')) {
    const [commit = '', woId = ''] = line.split(' ');
    if (woId !== '') found.set(woId, [...(found.get(woId) ?? []), commit]);
  }
  return found;
}

/** Files that were to be mended by orders that are not done. */
function stillDamaged(station: Station, { tasks }: Workload): string[] {
  return tasks
    .filter(
      ({ mends, woId }) =>
        mends && readJson<StateDocument>(join(station.layout.state, `${woId}.json`))?.status !== 'done',
    )
    .flatMap(({ makes }) => Object.keys(makes));
}

/** Index and work tree are as git expects them, and every object is whole. What commands left is told by their orders. */
async function checkRepository(git: Git, damaged: readonly string[]): Promise<string[]> {
  const faults: string[] = [];
  const fsck = await git.try(['fsck', '--strict', '--no-dangling', '--no-progress']);
  if (fsck.exitCode !== 0) faults.push(`git fsck: ${fsck.stdout.toString('utf8')} ${fsck.stderr}`.trim());
  const staged = await git.text(['diff', '--cached', '--name-status']);
  if (staged !== '') faults.push(`the index differs from HEAD: ${staged.replaceAll('\n', ', ')}`);
  const status = await git.text(['status', '--porcelain', '--untracked-files=all']);
  const unexpected = status
    .split('\n')
    .filter((line) => line !== '' && ![...COMMAND_FILES, ...damaged].some((path) => line.endsWith(` ${path}`)));
  if (unexpected.length > 0) faults.push(`git status: ${unexpected.join(', ')}`);
  return faults;
}

/** Files that a command may leave half made when its order ends EFFECT_UNVERIFIED; the order names them. */
const COMMAND_FILES = ['out.txt', 'again.txt'];

/** Locks, temporary files, claims and scratch of which nobody has need any more. */
function leftBehind(station: Station, workload: Workload): string[] {
  const { layout } = station;
  const locks = filesBelow(layout.gitDir).filter((path) => path.endsWith('.lock'));
  const packets = artifactsFolder(station);
  const temporary = [
    layout.state,
    layout.outbox,
    layout.quarantine,
    layout.evidence,
    layout.inbox,
    layout.live,
    packets,
  ]
    .flatMap((folder) => filesBelow(folder).map((path) => join(folder, path)))
    .filter((path) => /\/\.[^/]*\.(tmp|claim|next)$/.test(path));
  const scratch = [layout.tmp, layout.commands].flatMap((folder) => namesIn(folder).map((name) => join(folder, name)));
  // an order that waits has its claim
  const waiting = waitingIn(station, workload);
  const claims = namesIn(layout.claimed).length;
  const surplus = claims === waiting.length ? [] : [`${claims} claims, and ${waiting.length} orders that wait`];
  const packs = join(layout.gitDir, 'objects', 'pack');
  const keeps = namesIn(packs).filter((name) => name.endsWith('.keep'));
  return [...locks, ...temporary, ...scratch, ...keeps, ...surplus].map((path) => `left behind: ${path}`);
}

/** What orders that wait have made is held. */
async function leftRefs(git: Git, waiting: readonly string[]): Promise<string[]> {
  const refs = (await git.text(['for-each-ref', '--format=%(refname)', 'refs/waybill'])).split('\n');
  return refs
    .filter((ref) => /^refs\/waybill\/[^/]+\/(landing|work)\//.test(ref))
    .filter((ref) => !waiting.some((woId) => ref.endsWith(`/work/${woId}`)))
    .map((ref) => `left behind: ${ref}`);
}

/** Telemetry tells of each record at most once, and of every order's end. */
function checkTelemetry(station: Station): string[] {
  const lines = (readIfThere(station.layout.telemetry)?.toString('utf8') ?? '').split('\n').filter((l) => l !== '');
  const told = new Map<number, number>();
  const torn: string[] = [];
  for (const line of lines) {
    try {
      const { seq } = JSON.parse(line) as { seq?: number };
      if (seq !== undefined) told.set(seq, (told.get(seq) ?? 0) + 1);
    } catch {
      torn.push(`telemetry has a line that is no JSON: ${line}`);
    }
  }
  const faults = [...told]
    .filter(([, times]) => times > 1)
    .map(([seq, times]) => `telemetry tells ${times} times of record ${seq}`)
    .concat(torn);
  for (const record of readLedger(station.layout.ledger, 1))
    if (['succeeded', 'failed', 'cancelled', 'rejected'].includes(record.event) && !told.has(record.seq))
      faults.push(`telemetry does not tell of record ${record.seq} (${record.event})`);
  return faults;
}

/** Whether an order waits for a person because another one was first at the same place. */
function isInConflict(state: StateDocument, { mayConflict }: Task): boolean {
  return mayConflict === true && state.status === 'parked' && state.waiting_for === 'hold';
}

/** The orders that do, by their ids. */
function waitingIn({ layout }: Station, { tasks }: Workload): string[] {
  return tasks
    .filter((task) => {
      const state = readJson<StateDocument>(join(layout.state, `${task.woId}.json`));
      return state !== null && isInConflict(state, task);
    })
    .map(({ woId }) => woId);
}

function linesOf(path: string): number {
  return (readIfThere(path)?.toString('utf8') ?? '').split('\n').filter((line) => line !== '').length;
}

function readJson<T>(path: string): T | null {
  const text = ifThere(() => fs.readFileSync(path, 'utf8'));
  try {
    return text === undefined ? null : (JSON.parse(text) as T);
  } catch {
    return null;
  }
}
