import type { EventData, EventName } from '../order/event.ts';
import type { OrderLife } from '../order/life.ts';
import type { Transition } from '../order/transition.ts';
import type { Draft } from '../record/ledger.ts';

/** A record about an order that moves it nowhere. */
export function fact<E extends Exclude<EventName, Transition>>(
  life: Pick<OrderLife, 'woId' | 'attempt'>,
  event: E,
  data: EventData[E],
): Draft {
  return { event, woId: life.woId, attempt: life.attempt, from: null, to: null, data } as Draft;
}
