import { join } from 'node:path';
import type { Git } from '../git/git.ts';
import { keepFiles, listKeeps } from '../git/keeps.ts';
import { isWhole } from '../git/worktrees/identity.ts';
import { WorktreeRecords } from '../git/worktrees/record.ts';
import type { Recorded } from '../order/event.ts';
import { namesIn, readIfThere } from '../platform/durable.ts';
import { livingIn } from '../platform/processes.ts';
import { filesBelow } from '../record/evidence.ts';
import { readLedger } from '../record/ledger.ts';
import type { Station } from '../station/station.ts';
import { worktreesFolder } from '../station/worktrees-folder.ts';
import type { Task, Workload } from './work.ts';

/** Looks from outside at what was decided, and at what was done apart from the root. */

/** Events that tell that something of an order was done, or is about to be. */
const EFFECTS = ['command', 'executed', 'landing', 'landed', 'succeeded'];

/** Rule 13: nothing of an order that asks is done before somebody agreed, with a proof; of one that was denied nothing ever is. */
export function checkDecisions(station: Station, { tasks }: Workload, errors: boolean): string[] {
  const records = [...readLedger(station.layout.ledger, 1)];
  return tasks
    .filter(({ decide }) => decide !== undefined)
    .flatMap((task) => checkDecision(station, task, of(records, task), errors).map((what) => `${task.woId}: ${what}`));
}

function of(records: readonly Recorded[], { woId }: Task): Recorded[] {
  return records.filter((record) => record.wo_id === woId);
}

function checkDecision(station: Station, task: Task, records: readonly Recorded[], errors: boolean): string[] {
  const faults: string[] = [];
  const decided = records.filter(({ event }) => event === 'approved' || event === 'denied');
  let mayGoOn = false;
  for (const record of records) {
    if (record.event === 'waits' && record.data.ask !== undefined) mayGoOn = false;
    if (record.event === 'approved') mayGoOn = true;
    // what asks before it lands has done its work by then
    const counts =
      EFFECTS.includes(record.event) && !(isUnforeseen(task) && ['command', 'executed'].includes(record.event));
    if (counts && !mayGoOn) faults.push(`record ${record.seq} (${record.event}) came before anybody had agreed`);
  }
  for (const { data, event, seq } of decided) {
    if (event !== 'approved' && event !== 'denied') continue;
    if (data.proof.kind !== 'ssh' || !data.by.startsWith('torture by '))
      faults.push(`record ${seq} names ${data.by} and the proof ${data.proof.kind}`);
    if (event !== (task.decide === 'deny' ? 'denied' : 'approved')) faults.push(`it was ${event}`);
    if (decided.filter((other) => 'ask' in other.data && other.data.ask === data.ask).length > 1)
      faults.push(`${data.ask} was decided more than once`);
  }
  const last = records.at(-1);
  if (decided.length === 0 && !(errors && last?.to === 'failed')) faults.push('nobody was asked');
  if (task.decide === 'deny')
    for (const path of Object.keys(task.makes))
      if (readIfThere(join(station.layout.root, path)) !== undefined) faults.push(`was denied, and made ${path}`);
  return faults;
}

/** Its commands make what policy asks about, and nobody knew before they ran; or it is a mission, whose checks run before a person is asked. */
function isUnforeseen({ isolated, mission, order }: Task): boolean {
  if (mission === true) return true;
  return isolated === true && typeof order !== 'string' && order['approval'] === undefined;
}

/** Rules 1 and 4 for work apart from the root: none is lost, and nothing of how it was done stays. */
export async function checkIsolated(station: Station, git: Git, { tasks }: Workload): Promise<string[]> {
  const faults = await leftWorktrees(station, git, tasks);
  const keeps = new Map<string, Set<string>>();
  const prefix = `refs/waybill/${station.id}/keep`;
  for (const { name, id } of await listKeeps(git, prefix))
    keeps.set(name, new Set((await keepFiles(git, id)).map(({ path }) => path)));
  const landed = await git.text(['log', '--branches', '--format=%(trailers:key=Work-Order,valueonly)']);
  for (const { woId, isolated, makes } of tasks) {
    const ran = readIfThere(join(station.layout.root, 'runs', woId)) !== undefined;
    if (isolated !== true || !ran || landed.split('\n').includes(woId)) continue;
    for (const path of Object.keys(makes))
      if (keeps.get(woId)?.has(path) !== true)
        faults.push(
          `${woId}: made ${path}, which neither landed nor is kept: ${[...(keeps.get(woId) ?? [])].join(', ')}`,
        );
  }
  for (const { woId, makes } of tasks.filter(({ ownBranch }) => ownBranch === true))
    if (landed.split('\n').includes(woId))
      for (const [path, content] of Object.entries(makes)) {
        const found = await git.try(['show', `refs/heads/waybill/${woId}:${path}`]);
        if (found.stdout.toString('utf8') !== content) faults.push(`${woId}: its branch has another ${path}`);
        if (readIfThere(join(station.layout.root, path)) !== undefined)
          faults.push(`${woId}: made ${path} at the root`);
      }
  return faults;
}

/** Every worktree that is left waits for the next order, whole; beside these there is no folder, no branch and no process. */
async function leftWorktrees(station: Station, git: Git, tasks: readonly Task[]): Promise<string[]> {
  const { layout, repo } = station;
  const records = new WorktreeRecords(layout.live).all();
  const known = new Set(records.map(({ name }) => name));
  const folder = worktreesFolder(station);
  const branches = (await git.text(['for-each-ref', '--format=%(refname)', 'refs/heads'])).split('\n').filter(Boolean);
  const own = new Set(
    tasks.flatMap(({ woId, ownBranch }) => (ownBranch === true ? [`refs/heads/waybill/${woId}`] : [])),
  );
  return [
    ...records
      .filter((worktree) => worktree.state !== 'idle' || !isWhole(repo, worktree))
      .map(({ name, state, wo_id }) => `worktree ${name} of ${wo_id} is ${state}`),
    ...[...namesIn(folder), ...namesIn(join(layout.gitDir, 'worktrees'))]
      .filter((name) => !known.has(name))
      .map((name) => `worktree ${name} is left behind`),
    ...filesBelow(folder)
      .filter((path) => path.endsWith('.lock'))
      .map((path) => `left behind in a worktree: ${path}`),
    ...livingIn(folder).map((pid) => `process ${pid} is left running in a worktree`),
    ...branches.filter((name) => name !== 'refs/heads/main' && !own.has(name)).map((name) => `${name} is left behind`),
  ];
}
