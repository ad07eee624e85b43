import { asWaybillError } from '../order/error.ts';
import type { OrderLife } from '../order/life.ts';
import { asksPeople } from '../order/transition.ts';
import { now } from '../platform/clock.ts';
import { waitOf } from '../queue/waits.ts';
import type { Draft } from '../record/ledger.ts';
import { statusesOf } from './admit.ts';
import { remind } from './approvals/reminders.ts';
import { failOrder } from './finish.ts';
import { hasAgents } from './missions/agents-there.ts';
import { whyStopped } from './missions/stop-file.ts';
import { jittered, landingBranch, startedElsewhere, whyNoLanding } from './park.ts';
import type { Runtime } from './runtime.ts';

/** How often the repository is looked at while orders wait for it: quickly at first, as long as she may only have looked elsewhere. */
const QUICK_LOOK_MS = 200;
const QUICK_FOR_MS = 60_000;
const SLOW_LOOK_MS = 1000;

/** How often it is looked whether a mission that waits may go on. */
const MISSION_LOOK_MS = 5000;

/** Looks at those whose wait may be over: because a time came, an order ended, or the repository is free again. */
export async function releaseWaiting(rt: Runtime): Promise<void> {
  const ended = rt.ended.splice(0);
  const affected = new Set([...rt.waiting.due(Date.now()), ...ended.flatMap((woId) => rt.waiting.dependents(woId))]);
  for (const woId of affected) await look(rt, rt.life(woId));
  await releaseForRepository(rt);
}

async function look(rt: Runtime, life: OrderLife): Promise<void> {
  if (life.status === 'parked' && asksPeople(life.waitingFor)) return remind(rt, life);
  if (life.status === 'parked' && life.admitted?.type === 'mission' && lookAtMission(rt, life)) return;
  if (life.status !== 'parked' || (life.waitingFor !== 'time' && life.waitingFor !== 'dependency')) return;
  const { admitted } = life;
  if (admitted === null) return;
  try {
    const known = await statusesOf(rt, admitted.depends_on);
    const request = { hold: false, notBefore: admitted.not_before, dependsOn: admitted.depends_on };
    const wait = waitOf(request, now(), admitted.received_at, rt.station.settings.dependencyDeadlineHours, known);
    if (wait !== null && wait.waitingFor === 'dependency') {
      // Still waiting, perhaps by another clock than the one that woke us.
      rt.waiting.add({ ...life, until: wait.until });
      return;
    }
    if (wait !== null || (life.until !== null && life.waitingFor === 'time' && life.until > now())) {
      rt.waiting.add({ ...life, waitingFor: 'time', until: wait?.until ?? life.until });
      return;
    }
    rt.record([released(life, life.outcome === null ? 'its wait is over' : 'its pause before the next try is over')]);
  } catch (thrown) {
    failOrder(rt, life, { error: asWaybillError(thrown), job: null });
  }
}

/** Missions that wait for an agent, or for the stop file to go; false for one that waits for something else. */
function lookAtMission(rt: Runtime, life: OrderLife): boolean {
  const waits = life.waitingFor === 'agent' || (life.waitingFor === 'hold' && life.until !== null);
  if (!waits) return false;
  const isOver = whyStopped(rt) === null && (life.admitted?.agents === undefined || hasAgents(rt));
  if (isOver)
    rt.record([released(life, life.waitingFor === 'agent' ? 'agents are looked at again' : 'missions may go on')]);
  else rt.waiting.add({ ...life, until: new Date(Date.now() + MISSION_LOOK_MS).toISOString() });
  return true;
}

/** A failed try counts: what is released after one is a new attempt. */
export function released(life: OrderLife, why: string): Draft {
  return {
    event: 'released',
    woId: life.woId,
    attempt: life.outcome === null ? life.attempt : life.attempt + 1,
    from: 'parked',
    to: 'ready',
    data: { why },
  };
}

/**
 * The same questions as a start and a landing ask. Somebody who goes to another branch is often back in a moment, so at first they are
 * asked quickly; never in step with a habit of hers.
 */
async function releaseForRepository(rt: Runtime): Promise<void> {
  const waiting = rt.waiting.repository();
  if (waiting.length === 0 || Date.now() < rt.nextRepositoryLook) return;
  const pause = Date.now() - rt.waiting.repositorySince() < QUICK_FOR_MS ? QUICK_LOOK_MS : SLOW_LOOK_MS;
  rt.nextRepositoryLook = Date.now() + jittered(pause);
  const branch = landingBranch(rt);
  if (branch === null || (await whyNoLanding(rt.station.repo, branch, 1000)) !== null) return;
  const lives = waiting.map((woId) => rt.life(woId)).filter((life) => !startedElsewhere(life, branch));
  rt.record(lives.map((life) => released(life, 'the repository is free')));
}
