import { join } from 'node:path';
import type { Git } from '../git/git.ts';
import { keepFiles, listKeeps } from '../git/keeps.ts';
import { sha256 } from '../order/canonical-json.ts';
import type { Recorded } from '../order/event.ts';
import { advance, type OrderLife } from '../order/life.ts';
import { changedSoFar, type SteppedData } from '../order/mission.ts';
import { missionEnd } from '../pipeline/missions/ending.ts';
import { readIfThere } from '../platform/durable.ts';
import { evidenceName } from '../record/evidence.ts';
import { readLedger } from '../record/ledger.ts';
import type { Station } from '../station/station.ts';
import type { Task, Workload } from './work.ts';

/** Looks from outside at missions: what was done, told and used adds up, and nothing that was made is lost. Their packets are verify's. */
export async function checkMissions(station: Station, git: Git, { tasks }: Workload): Promise<string[]> {
  const missions = tasks.filter(({ mission }) => mission === true);
  if (missions.length === 0) return [];
  const records = [...readLedger(station.layout.ledger, 1)];
  const keeps = new Map<string, Set<string>>();
  for (const { name, id } of await listKeeps(git, `refs/waybill/${station.id}/keep`))
    keeps.set(name, new Set((await keepFiles(git, id)).map(({ blob }) => blob)));
  return missions.flatMap((task) => {
    const own = records.filter((record) => record.wo_id === task.woId);
    return [
      ...stepFaults(own),
      ...callFaults(station, task, own),
      ...outputFaults(station, task, own),
      ...endFaults(own, keeps.get(task.woId) ?? new Set()),
    ].map((what) => `${task.woId}: ${what}`);
  });
}

const begunIn = (own: readonly Recorded[]) => own.flatMap((r) => (r.event === 'step' ? [r.data] : []));
const endedIn = (own: readonly Recorded[]) => own.flatMap((r) => (r.event === 'stepped' ? [r.data] : []));

/** Steps are counted without a gap, and each that was begun ends once or never. */
function stepFaults(own: readonly Recorded[]): string[] {
  const begun = begunIn(own);
  const ended = endedIn(own);
  const unknown = (one: SteppedData) => !begun.some(({ n, step }) => n === one.n && step === one.step);
  return [
    ...begun.filter(({ n }, i) => n !== i + 1).map(({ n }, i) => `its step ${i + 1} has the number ${n}`),
    ...ended.filter(unknown).map(({ n }) => `step ${n} came to an end, and never began`),
    ...ended
      .filter(({ n }, i) => ended.findIndex((other) => other.n === n) !== i)
      .map(({ n }) => `step ${n} ended twice`),
  ];
}

/** No agent works before its step is on record, and a step that is done is not done again. */
function callFaults({ layout }: Station, { woId, steps }: Task, own: readonly Recorded[]): string[] {
  const lines = (readIfThere(join(layout.root, 'runs', woId))?.toString('utf8') ?? '').split('\n').filter(Boolean);
  const faults: string[] = [];
  for (const step of new Set(lines)) {
    const calls = lines.filter((line) => line === step).length;
    const begun = begunIn(own).filter((one) => one.step === step).length;
    if (calls > begun) faults.push(`the agent of ${step} was called ${calls} times, and ${begun} are on record`);
    const well = endedIn(own).filter((one) => one.step === step && one.ok).length;
    const most = steps?.[step];
    if (most !== undefined && well > most) faults.push(`${step} was done ${well} times`);
  }
  return faults;
}

/** Every document of its last attempt is in the evidence, as the ledger has its hash. */
function outputFaults({ layout }: Station, { woId }: Task, own: readonly Recorded[]): string[] {
  const attempt = own.at(-1)?.attempt ?? 1;
  const folder = join(layout.evidence, evidenceName(woId, attempt), 'mission');
  return endedIn(own.filter((record) => record.attempt === attempt)).flatMap(({ n, step, outputs }) =>
    outputs
      .filter(({ name, sha256: wanted }) => {
        const at = join(folder, `${String(n).padStart(2, '0')}-${step}`, name);
        const bytes = readIfThere(`${at}.json`) ?? readIfThere(`${at}.md`);
        return bytes === undefined || sha256(bytes) !== wanted;
      })
      .map(({ name }) => `the evidence does not hold the ${name} of step ${n} as the ledger has it`),
  );
}

/** PASS only with a commit; what was made and did not land is kept. */
function endFaults(own: readonly Recorded[], kept: ReadonlySet<string>): string[] {
  let life: OrderLife | null = null;
  const faults: string[] = [];
  for (const record of own) {
    life = advance(life, record);
    const end = missionEnd(life, record);
    if (end === null) continue;
    const { outcome, commits } = end.packet;
    if ((outcome === 'PASS') !== (life.status === 'done' && commits.length === 1))
      faults.push(`its packet says ${outcome} with ${commits.length} commits, and it is ${life.status}`);
    if (life.status === 'done') continue;
    for (const { path, after } of changedSoFar(life.mission?.history ?? []))
      if (after !== null && !kept.has(after.disk)) faults.push(`made ${path}, which neither landed nor is kept`);
  }
  return faults;
}
