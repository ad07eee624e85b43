import type { EventData, EventName, Recorded } from '../../../src/order/event.ts';
import type { MetricsDocument } from '../../../src/order/generated.ts';
import { advance, type OrderLife } from '../../../src/order/life.ts';
import type { SteppedData } from '../../../src/order/mission.ts';
import { entombed } from '../../../src/order/tombstone.ts';
import type { Status } from '../../../src/order/transition.ts';
import { figuresOf } from '../../../src/record/metrics/figures.ts';
import { MetricsFold, type Wanted } from '../../../src/record/metrics/fold.ts';
import { admittedData } from '../../order/lives.ts';

const HASH = `sha256:${'0'.repeat(64)}`;
const BLOB = 'a'.repeat(40);
export const REQUESTER = { uid: 1000, user: 'anna', lane: 'MAIN', declared_by: null, via: 'inbox' as const };

export type Figures = Omit<MetricsDocument, 'v' | 'ok' | 'since' | 'until' | 'lane' | 'ledger'>;

/** A ledger written by hand: legal records, with a clock that only the test moves. */
export class History {
  readonly records: Recorded[] = [];
  readonly #lives = new Map<string, OrderLife>();
  #now = Date.parse('2026-11-01T00:00:00.000Z');

  wait(seconds: number): this {
    this.#now += seconds * 1000;
    return this;
  }

  life(woId: string): OrderLife | undefined {
    return this.#lives.get(woId);
  }

  add<E extends EventName>(woId: string | null, event: E, to: Status | null, data: EventData[E], more = {}): this {
    const life = woId === null ? null : (this.#lives.get(woId) ?? null);
    const record = {
      v: 1,
      seq: this.records.length + 1,
      ts: new Date(this.#now).toISOString(),
      event,
      wo_id: woId,
      attempt: (life?.attempt ?? (woId === null ? 0 : 1)) + (event === 'retried' || event === 'revised' ? 1 : 0),
      from: life?.status ?? null,
      to,
      data,
      prev: HASH,
      hash: HASH,
      ...more,
    } as unknown as Recorded;
    if (woId !== null) this.#lives.set(woId, advance(life, record));
    this.records.push(record);
    return this;
  }

  opened(demo = false, backlog?: readonly string[]): this {
    const more = { ...(demo ? { demo: true as const } : {}), ...(backlog === undefined ? {} : { backlog }) };
    return this.add(null, 'opened', null, { station: 's', pid: 1, version: '0', ...more });
  }

  admitted(woId: string, more: Partial<EventData['admitted']> = {}, event: 'admitted' | 'revised' = 'admitted'): this {
    const data = admittedData({
      claim: `claim-${this.records.length}`,
      file: `${woId}.yaml`,
      requester: REQUESTER,
      received_at: new Date(this.#now).toISOString(),
      title: woId,
      ...more,
    });
    return this.add(woId, event, data.waiting_for === null ? 'ready' : 'parked', data);
  }

  rejected(woId: string | null, code: string, lane = 'MAIN'): this {
    return this.add(woId, 'rejected', 'rejected', {
      claim: `claim-${this.records.length}`,
      file: 'x.yaml',
      lane,
      requester: REQUESTER,
      trace_id: '0'.repeat(32),
      received_at: '',
      request: null,
      declared_id: null,
      title: null,
      quarantine: null,
      error: { code, message: '', hint: '', at: '' },
    } as unknown as EventData['rejected']);
  }

  started(woId: string, more: Partial<EventData['started']> = {}): this {
    const data = {
      plan_sha256: HASH,
      branch: 'refs/heads/main',
      head: 'c1',
      changes: [change('f')],
      outputs: [],
      ...more,
    };
    return this.add(woId, 'started', 'running', data);
  }

  /** A mission that starts. */
  mission(woId: string, base = 'c1'): this {
    const mission = { chain: 'classic', chain_sha256: HASH, reviewers: 1, policy_sha256: HASH };
    return this.started(woId, { changes: [], isolation: { kind: 'worktree', base }, mission });
  }

  step(woId: string, n: number, step: string, agent: string | null = 'own'): this {
    const reserved = { tokens: null, usd: null, seconds: null };
    return this.add(woId, 'step', 'running', { n, step, role: agent === null ? null : 'role', agent, reserved });
  }

  stepped(woId: string, n: number, step: string, more: Partial<SteppedData> = {}): this {
    const agent = more.agent === undefined ? 'own' : more.agent;
    return this.add(woId, 'stepped', 'running', {
      n,
      step,
      role: agent === null ? null : 'role',
      agent,
      ok: more.failure === undefined || more.failure === null,
      code: null,
      why: null,
      failure: null,
      verdict: null,
      outputs: [],
      usage: null,
      seconds: 1,
      diff_sha256: null,
      diff_lines: 0,
      session: null,
      checkpoint: null,
      ...more,
    });
  }

  /** Begun and ended. */
  done(woId: string, n: number, step: string, more: Partial<SteppedData> = {}): this {
    return this.step(woId, n, step, more.agent === undefined ? 'own' : more.agent).stepped(woId, n, step, more);
  }

  asks(woId: string, stage: 'start' | 'landing' | 'checkpoint' | 'budget', at?: string): this {
    const ask = {
      id: `ask-${this.records.length}`,
      sha256: HASH,
      stage,
      ...(at === undefined ? {} : { at }),
      proof: 'terminal' as const,
      approvers: null,
      rulings: [],
      expires_at: null,
      changed: [],
    };
    const waiting = stage === 'checkpoint' || stage === 'budget' ? stage : 'approval';
    return this.add(woId, 'waits', 'parked', { waiting_for: waiting, until: null, why: '', ask });
  }

  approved(woId: string): this {
    const proof = { kind: 'terminal' as const, user: 'anna', tty: '', pid: 1 };
    const decided = { by: 'anna', ask: '', sha256: HASH, proof, promoted: [], uid: 1, lane: 'MAIN' };
    return this.add(woId, 'approved', 'ready', decided);
  }

  released(woId: string, why: string): this {
    return this.add(woId, 'released', 'ready', { why });
  }

  succeeded(woId: string): this {
    return this.add(woId, 'succeeded', 'done', OUTCOME);
  }

  /** `again`: it is tried again by itself. */
  failed(woId: string, code: string, again = false, checks: EventData['failed']['checks'] = []): this {
    const error = { code, message: '', hint: '', at: '' } as unknown as EventData['failed']['error'];
    return this.add(woId, 'failed', again ? 'parked' : 'failed', { ...OUTCOME, checks, error, retry_at: null });
  }

  cancelled(woId: string): this {
    const error = { code: 'CANCELLED', message: '', hint: '', at: '' } as unknown as EventData['failed']['error'];
    return this.add(woId, 'cancelled', 'cancelled', { ...OUTCOME, error, by: 'anna on the command line' });
  }

  retried(woId: string): this {
    return this.add(woId, 'retried', 'ready', { by: 'anna on the command line', claim: 'again' });
  }

  /** The same bytes were dropped again. */
  repeated(woId: string): this {
    return this.add(woId, 'repeated', null, { claim: 'c', file: 'f', lane: 'SIDE', requester: REQUESTER });
  }

  /** Its words are taken out of all of its records. */
  purged(woId: string): this {
    for (const [n, record] of this.records.entries())
      if (record.wo_id === woId && record.event !== 'purged') this.records[n] = entombed(record);
    return this.add(woId, 'purged', null, { by: 'anna', reason: '', records: [], claims: [] });
  }

  /** An order that is done, so many seconds after it was admitted. */
  plain(woId: string, seconds: number, more: Partial<EventData['admitted']> = {}): this {
    return this.admitted(woId, more).started(woId).wait(seconds).succeeded(woId);
  }

  figures(wanted: Partial<Wanted> = {}): Figures {
    return figuresFrom(this.records, wanted);
  }
}

export function figuresFrom(records: readonly Recorded[], wanted: Partial<Wanted> = {}): Figures {
  const fold = new MetricsFold({ since: null, lane: null, ...wanted });
  for (const record of records) fold.take(record);
  return figuresOf(fold.finish());
}

const OUTCOME: EventData['succeeded'] = {
  summary: '',
  files_touched: [],
  commits: [],
  checks: [],
  warnings: [],
  unrestored: [],
  error: null,
  evidence: null,
  duration_ms: null,
};

export function change(path: string, blob = BLOB): EventData['executed']['changes'][number] {
  return {
    path,
    before: null,
    after: { mode: '100644', blob, disk: blob },
  } as EventData['executed']['changes'][number];
}
