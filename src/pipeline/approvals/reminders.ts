import type { OrderLife } from '../../order/life.ts';
import type { Runtime } from '../runtime.ts';
import { expire } from './decide.ts';
import { lastCall, nextMoment } from './moments.ts';

/**
 * Looks at orders that wait for a person when a moment of theirs has come: tells again, or ends one that set a time. None ends before somebody was
 * told again, however long no station ran.
 */
export class Reminders {
  /** When each asking was told again last, in ms. */
  readonly #told = new Map<string, number>();

  async look(rt: Runtime, life: OrderLife): Promise<void> {
    const { ask, updatedAt } = life;
    if (ask === null) return;
    const now = Date.now();
    const asked = Date.parse(updatedAt);
    const end = ask.expires_at === null ? null : Date.parse(ask.expires_at);
    const told = this.#told.get(ask.id);
    const notice = end === null ? 0 : lastCall(asked, end);
    if (end !== null && now >= end && told !== undefined && now - told >= notice) {
      this.#told.delete(ask.id);
      await expire(rt, life);
      rt.notices.expired(life);
      return;
    }
    const isDue = life.until === null || Date.parse(life.until) <= now;
    if (isDue && (end === null || now < end || told === undefined)) {
      rt.notices.reminded(life, ask);
      this.#told.set(ask.id, now);
    }
    const next =
      end !== null && now >= end
        ? new Date((this.#told.get(ask.id) ?? now) + notice).toISOString()
        : nextMoment(ask, updatedAt, rt.policy?.approvals.remindHours ?? 24, now);
    rt.waiting.add({ ...life, until: next });
  }
}
