import type { OrderLife } from '../../order/life.ts';
import { fact } from '../fact.ts';
import type { Runtime } from '../runtime.ts';
import { expire } from './decide.ts';
import { lastCall, nextMoment } from './moments.ts';

/**
 * Looks at an order that waits for a person when a moment of it may have come: tells again, or ends one that set a time. None ends before people
 * were told again, and had the time of a last call since, however long no station ran.
 */
export async function remind(rt: Runtime, life: OrderLife): Promise<void> {
  const { ask, askedAt, remindedAt } = life;
  if (ask === null || askedAt === null) return;
  const now = Date.now();
  const hours = rt.policyFile.policy?.approvals.remindHours ?? 24;
  const end = ask.expires_at === null ? null : Date.parse(ask.expires_at);
  const notice = end === null ? 0 : lastCall(Date.parse(askedAt), end);
  const told = Date.parse(remindedAt ?? askedAt);
  // a reminder of long ago, at an interval, is no last call
  if (end !== null && remindedAt !== null && told >= end - notice) {
    if (now >= Math.max(end, told + notice)) {
      await expire(rt, life);
      rt.notices.expired(life);
    } else rt.waiting.add({ ...life, until: new Date(Math.max(end, told + notice)).toISOString() });
    return;
  }
  const due = nextMoment(ask, askedAt, hours, told);
  if (due === null || Date.parse(due) > now) {
    rt.waiting.add({ ...life, until: due });
    return;
  }
  rt.notices.reminded(life, ask);
  const isLastCall = end !== null && now >= end - notice;
  const until = isLastCall ? new Date(Math.max(end, now + notice)).toISOString() : nextMoment(ask, askedAt, hours, now);
  rt.record([fact(life, 'reminded', { ask: ask.id, until })]);
}
