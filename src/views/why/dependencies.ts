import { asWaybillError } from '../../order/error.ts';
import type { StateDocument } from '../../order/generated.ts';
import type { OrderLife } from '../../order/life.ts';
import type { Status, WaitingFor } from '../../order/transition.ts';
import { findCycle } from '../../queue/waits.ts';
import { progressOf } from '../../record/progress.ts';
import type { Station } from '../../station/station.ts';
import { stateOf } from '../order-state.ts';
import { counted } from '../words.ts';
import { type Dependency, type Fact, fact, type NextStep, type Part, run } from './explanation.ts';

/** So many orders are followed: a chain of waits longer than that is told as far as it was followed. */
const MOST = 60;

/** An order as far as a wait for it goes. */
interface Node {
  readonly woId: string;
  readonly status: Status | 'unknown';
  readonly waitingFor: WaitingFor | null;
  readonly why: string;
  readonly dependsOn: readonly string[];
}

/** Those alive, by their id in small letters. */
export type Alive = ReadonlyMap<string, OrderLife>;

/** A wait for other orders: each with how it stands now, the chain of waits to what it hangs on in the end, unknown ids and cycles said. */
export async function forDependencies(station: Station, state: StateDocument, alive: Alive): Promise<Part> {
  const { dependencies, isCut } = await followed(station, state, alive);
  const { wo_id: woId, depends_on: dependsOn, meta } = state;
  const byId = new Map(dependencies.map((one) => [one.wo_id.toLowerCase(), one]));
  const cycle = findCycle(woId, dependsOn, (id) => alive.get(id.toLowerCase())?.admitted?.depends_on ?? []);
  const roots = dependencies.filter(({ root }) => root);
  const facts: Fact[] = [
    ...(cycle === null ? [] : [fact('a circle', `${cycle.join(' waits for ')}: none of them can ever start`)]),
    ...(isCut ? [fact('not followed', `more than ${MOST} orders stand behind it`)] : []),
    ...roots
      .filter(({ status, wo_id }) => status === 'unknown' && dependsOn.some((id) => id === wo_id))
      .map(({ wo_id }) => fact('unknown', `no order ${wo_id} was ever seen here${deadlineText(meta)}`)),
  ];
  const next: NextStep[] = [
    ...roots.slice(0, 3).flatMap((one) => steps(one)),
    ...(cycle === null ? [] : [run('break the circle', `waybill cancel ${woId}`)]),
  ];
  const open = dependsOn.filter((id) => byId.get(id.toLowerCase())?.status !== 'done');
  return {
    released_by: [`the end of ${open.join(', ')}, if all of them are done`],
    facts,
    dependencies,
    next,
  };
}

/** What stands behind a failure because of a dependency: the orders that are not done, to the one that failed first. */
export async function behindFailure(station: Station, state: StateDocument, alive: Alive): Promise<Part> {
  const { dependencies } = await followed(station, state, alive);
  const failed = dependencies.filter(({ status }) => status !== 'done');
  const roots = failed.filter(({ root }) => root);
  return {
    dependencies: failed,
    facts: roots.length === 0 ? [] : [fact('began with', `${counted(roots.length, 'order')}: ${names(roots)}`)],
    next: roots.slice(0, 3).flatMap((one) => steps(one)),
  };
}

function names(of: readonly Dependency[]): string {
  return of.map(({ wo_id: woId, status, why }) => `${woId} (${status}: ${why})`).join('; ');
}

function steps({ wo_id: woId, status, waiting_for: waitingFor }: Dependency): NextStep[] {
  if (status === 'unknown') return [run(`drop ${woId}, or cancel what waits for it`, 'waybill new')];
  if (status === 'parked' && waitingFor === 'hold') return [run(`let ${woId} go`, `waybill release ${woId}`)];
  return [run(`see what ${woId} waits for or failed with`, `waybill why ${woId}`)];
}

function deadlineText({ until }: StateDocument['meta']): string {
  return typeof until === 'string' ? `; it fails with DEPENDENCY_UNKNOWN if none comes until ${until}` : '';
}

async function followed(
  station: Station,
  { depends_on: first, wo_id: woId }: StateDocument,
  alive: Alive,
): Promise<{ dependencies: Dependency[]; isCut: boolean }> {
  const found: Dependency[] = [];
  const seen = new Set([woId.toLowerCase()]);
  const left: { id: string; by: string }[] = first.map((id) => ({ id, by: woId }));
  for (let at = left.shift(); at !== undefined; at = left.shift()) {
    if (seen.has(at.id.toLowerCase())) continue;
    seen.add(at.id.toLowerCase());
    if (found.length >= MOST) return { dependencies: found, isCut: true };
    const node = await nodeOf(station, at.id, alive);
    // what is done holds up nobody; of those asked for at first it is said all the same
    if (node.status === 'done' && at.by !== woId) continue;
    const isWaiting = node.status === 'parked' && node.waitingFor === 'dependency';
    const failedWith = node.status === 'failed' && node.why.startsWith('DEPENDENCY_FAILED');
    const goesOn = isWaiting || failedWith;
    found.push({
      wo_id: node.woId,
      status: node.status,
      waiting_for: node.waitingFor,
      why: node.why,
      wanted_by: at.by,
      root: node.status !== 'done' && !goesOn,
    });
    if (goesOn) left.push(...node.dependsOn.map((id) => ({ id, by: node.woId })));
  }
  return { dependencies: found, isCut: false };
}

async function nodeOf(station: Station, woId: string, alive: Alive): Promise<Node> {
  const life = alive.get(woId.toLowerCase());
  if (life !== undefined)
    return {
      woId: life.woId,
      status: life.status,
      waitingFor: life.waitingFor,
      why: progressOf(life) ?? 'waits for its turn',
      dependsOn: life.admitted?.depends_on ?? [],
    };
  try {
    const state = await stateOf(station, woId);
    const { status, waiting_for: waitingFor, last_error: error, summary, depends_on: dependsOn } = state;
    const why = error === null ? (state.progress ?? summary) : `${error.code}: ${error.message}`;
    return { woId: state.wo_id, status, waitingFor, why, dependsOn };
  } catch (thrown) {
    const { code, message } = asWaybillError(thrown);
    const why = code === 'UNKNOWN_ORDER' ? 'no order of this id was ever seen' : message;
    return { woId, status: 'unknown', waitingFor: null, why, dependsOn: [] };
  }
}
