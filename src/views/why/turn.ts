import type { StateDocument } from '../../order/generated.ts';
import type { OrderLife } from '../../order/life.ts';
import { isStopped } from '../../platform/processes.ts';
import { readHeartbeat } from '../../station/heartbeat.ts';
import type { Station } from '../../station/station.ts';
import { runningStation } from '../order-state.ts';
import { policyFault } from '../policy-fault.ts';
import { stopFileOf } from '../stop-file.ts';
import { counted } from '../words.ts';
import type { Alive } from './dependencies.ts';
import { type Fact, fact, type NextStep, type Part, run } from './explanation.ts';

/** What keeps every order of a station from going on: no process runs it, or that one is stopped. */
export function ofStation(station: Station): Part {
  const running = runningStation(station);
  if (running === null)
    return {
      facts: [fact('station', 'no station process is running: nothing goes on')],
      next: [run('start the station', 'waybill up')],
    };
  if (!isStopped(running.pid)) return {};
  return {
    facts: [fact('station', `its process ${running.pid} is stopped (SIGSTOP): nothing goes on`)],
    next: [run('let it go on', `kill -CONT ${running.pid}`)],
  };
}

/** An order that is ready: what comes before it, and what keeps all that is ready from starting. */
export function forTurn(station: Station, state: StateDocument, alive: Alive): Part {
  const life = alive.get(state.wo_id.toLowerCase());
  const halted = policyFault(station.layout.root);
  const stop = state.type === 'mission' ? stopFileOf(station) : null;
  const others = [...alive.values()].filter(({ woId }) => woId !== state.wo_id);
  const ahead = life === undefined ? [] : others.filter((other) => other.status === 'ready' && isBefore(other, life));
  const atWork = others.filter(({ status }) => status === 'running');
  const facts: Fact[] = [
    ...(halted === null ? [] : [fact('policy', halted)]),
    ...(stop === null ? [] : [fact('stop file', `${stop.path} is there: no mission begins`)]),
    fact(
      'before it',
      `${counted(ahead.length, 'order')} that ${ahead.length === 1 ? 'is' : 'are'} ready, by priority and age`,
    ),
    ...(atWork.length === 0
      ? []
      : [fact('at work', `${counted(atWork.length, 'order')}; one that touches the same paths goes first`)]),
  ];
  const next: NextStep[] = [
    ...(halted === null ? [] : [run('see where policy.yaml is wrong', 'waybill policy check')]),
    ...(stop === null ? [] : [run('remove the stop file', 'waybill spine go')]),
  ];
  return { released_by: ['its turn'], facts, next };
}

function isBefore(a: OrderLife, b: OrderLife): boolean {
  const [x, y] = [a.admitted?.priority ?? 2, b.admitted?.priority ?? 2];
  return x !== y ? x < y : a.born < b.born;
}

/** An order at work: what it does now, and whether anybody does it. */
export function forWork(
  station: Station,
  { wo_id: woId, started_at: startedAt }: StateDocument,
  life: OrderLife | null,
): Part {
  const open = life?.mission?.open ?? null;
  const beat = readHeartbeat(station.layout);
  return {
    released_by: ['its own end'],
    facts: [
      ...(startedAt === null ? [] : [fact('started', startedAt)]),
      ...(open === null
        ? []
        : [fact('step', `${open.n}, ${open.step}${open.agent === null ? '' : `, by ${open.agent}`}`)]),
      ...(beat === null ? [] : [fact('heartbeat', `the station process last said at ${beat.at} that it is alive`)]),
    ],
    next: [run('follow it', `waybill tail -f`), run('end it', `waybill cancel ${woId}`)],
  };
}
