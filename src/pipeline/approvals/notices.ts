import type { Alert } from '../../guardrail/alert.ts';
import { oneLine } from '../../guardrail/alerts/batch.ts';
import { tellAlerts } from '../../guardrail/alerts/tell.ts';
import { durationText } from '../../guardrail/words.ts';
import type { AskData } from '../../order/event.ts';
import type { TelemetryLine } from '../../order/generated.ts';
import type { OrderLife } from '../../order/life.ts';
import { now } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import type { Station } from '../../station/station.ts';

/** Whom notices are of, and where else they are told. */
interface Teller {
  readonly station: Station;
  readonly log: Log;
  emit(lines: readonly TelemetryLine[]): void;
}

/** What people are told of approvals, through the same sinks as drift: the alerts file first, then those that settings name. */
export class Notices {
  readonly #rt: () => Teller;
  #waiting: Alert[] = [];
  #telling: Promise<unknown> = Promise.resolve();

  constructor(rt: () => Teller) {
    this.#rt = rt;
  }

  asked(life: OrderLife, ask: AskData): void {
    const again = ask.changed.length === 0 ? '' : ` again (changed: ${ask.changed.join('; ')})`;
    this.#add(
      'asked',
      life,
      `APPROVAL: ${life.woId} asks${again}: ${reasons(ask)} -- waybill approvals ${life.woId}`,
      now(),
    );
  }

  reminded(life: OrderLife, ask: AskData): void {
    const age = durationText(Date.now() - Date.parse(life.askedAt ?? life.updatedAt));
    const end = ask.expires_at === null ? '' : `, until ${ask.expires_at}`;
    this.#add(
      'still_asked',
      life,
      `APPROVAL: ${life.woId} still asks, since ${age}${end}: ${reasons(ask)}`,
      life.updatedAt,
    );
  }

  expired(life: OrderLife): void {
    this.#add('expired', life, `APPROVAL: ${life.woId} expired, and nobody had decided`, life.updatedAt);
  }

  promoted(life: OrderLife, pattern: string, text: string): void {
    const { requester, lane } = life.admitted ?? { requester: { user: null, uid: -1 }, lane: '' };
    const who = requester.user ?? `uid ${requester.uid}`;
    const undo = `waybill policy distrust ${pattern.slice(7, 19)}`;
    this.#add('trusted', life, `TRUST: ${text} is safe from now on for ${who} in ${lane} -- undo: ${undo}`, now());
    const line = { v: 1 as const, ts: now(), agent: 'station', event: 'policy_trusted', ok: true, wo_id: life.woId };
    this.#rt().emit([{ ...line, pattern, text, lane, uid: requester.uid }]);
  }

  #add(what: Alert['what'], life: OrderLife, text: string, since: string): void {
    const component = `approval:${life.woId}`;
    this.#waiting.push({ at: now(), what, severity: 'warning', component, text: oneLine(text), since });
  }

  /** Tells what there is to tell, beside the loop; one after the other. */
  tell(): void {
    if (this.#waiting.length === 0) return;
    const alerts = this.#waiting.splice(0);
    const { station, log } = this.#rt();
    this.#telling = this.#telling.then(() => tellAlerts(station, alerts, log));
  }

  /** Resolves when all is told. */
  async end(): Promise<void> {
    this.tell();
    await this.#telling;
  }
}

function reasons({ rulings }: AskData): string {
  const [first] = rulings;
  const more = rulings.length > 1 ? ` and ${rulings.length - 1} more` : '';
  return first === undefined ? '' : `${first.subject}${more}: ${first.why}`;
}
