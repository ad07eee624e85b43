import type { EventData, EventName, Recorded } from '../../src/order/event.ts';
import { advance, type OrderLife } from '../../src/order/life.ts';

/** Ledger records for tests: each with a shape that its event really has. */

export const HASH = `sha256:${'ab'.repeat(32)}`;

export const REQUESTER: EventData['admitted']['requester'] = {
  uid: 501,
  user: 'anna',
  lane: 'MAIN',
  via: 'inbox',
  declared_by: null,
};

export const ERROR = {
  code: 'CHECK_FAILED',
  message: 'it greets: failed',
  hint: 'Mend it.',
  at: '2026-11-20T10:00:05.000Z',
};

export function admittedData(more: Partial<EventData['admitted']> = {}): EventData['admitted'] {
  return {
    claim: '01JD0000000000000000000000',
    file: 'WO-1.yaml',
    lane: 'MAIN',
    requester: REQUESTER,
    trace_id: '0af7651916cd43dd8448eb211c80319c',
    received_at: '2026-11-20T10:00:00.000Z',
    request: { name: 'request.yaml', sha256: HASH, size: 83 },
    title: 'Say hello',
    summary: '',
    type: 'apply_patch',
    owner: null,
    priority: 2,
    created_at: null,
    tags: [],
    depends_on: [],
    not_before: null,
    hold: false,
    retries: 0,
    dry_run: false,
    works: false,
    warnings: [],
    waiting_for: null,
    until: null,
    why: null,
    ...more,
  };
}

export function rejectedData(more: Partial<EventData['rejected']> = {}): EventData['rejected'] {
  return {
    claim: '01JD0000000000000000000001',
    file: 'bad.yaml',
    lane: 'MAIN',
    requester: REQUESTER,
    trace_id: '0af7651916cd43dd8448eb211c80319d',
    received_at: '2026-11-20T10:00:00.000Z',
    request: { name: 'bad.yaml', sha256: HASH, size: 5 },
    declared_id: 'WO-1',
    title: null,
    quarantine: 'bridge/quarantine/MAIN/01JD0000000000000000000001-bad.yaml',
    error: { ...ERROR, code: 'YAML_INVALID', file: 'bad.yaml', line: 3, column: 1 },
    ...more,
  };
}

export function outcomeData(more: Partial<EventData['succeeded']> = {}): EventData['succeeded'] {
  return {
    summary: 'Say hello: 1 file in 1 commit',
    files_touched: ['hello.txt'],
    commits: ['147b00bd1ca86bea56b39342143251285d6cb0b0'],
    checks: [{ name: 'it greets', ok: true, exit_code: 0, duration_ms: 4 }],
    warnings: [],
    unrestored: [],
    error: null,
    evidence: { manifest_sha256: HASH },
    duration_ms: 31,
    ...more,
  };
}

export const STARTED: EventData['started'] = {
  plan_sha256: HASH,
  branch: 'refs/heads/main',
  head: '147b00bd1ca86bea56b39342143251285d6cb0b0',
  changes: [],
  outputs: [],
};

export const EXECUTED: EventData['executed'] = { changes: [], checks: [], leftover: [] };

export const LANDING: EventData['landing'] = {
  batch: '01JD0000000000000000000002',
  branch: 'refs/heads/main',
  old_head: null,
  new_head: '147b00bd1ca86bea56b39342143251285d6cb0b0',
  commit: '147b00bd1ca86bea56b39342143251285d6cb0b0',
  journal: '247b00bd1ca86bea56b39342143251285d6cb0b0',
  changes: [],
  evidence: { manifest_sha256: HASH },
};

let seq = 0;

export function record<E extends EventName>(
  event: E,
  data: EventData[E],
  more: { woId?: string | null; attempt?: number; from?: string | null; to?: string | null; seq?: number } = {},
): Recorded {
  seq = more.seq ?? seq + 1;
  return {
    v: 1,
    seq,
    ts: `2026-11-20T10:00:00.${String(seq % 1000).padStart(3, '0')}Z`,
    event,
    wo_id: more.woId === undefined ? 'WO-1' : more.woId,
    attempt: more.attempt ?? 1,
    from: more.from ?? null,
    to: more.to ?? null,
    data,
    prev: HASH,
    hash: HASH,
  } as unknown as Recorded;
}

/** The life that these records tell. */
export function live(...records: Recorded[]): OrderLife {
  let life: OrderLife | null = null;
  for (const one of records) life = advance(life, one);
  if (life === null) throw new Error('no records');
  return life;
}

export const admitted = (more: Partial<EventData['admitted']> = {}, to = 'ready'): Recorded =>
  record('admitted', admittedData(more), { to });
export const started = (): Recorded => record('started', STARTED, { from: 'ready', to: 'running' });
export const succeeded = (): Recorded => record('succeeded', outcomeData(), { from: 'running', to: 'done' });
export const failed = (to: 'failed' | 'parked' = 'failed'): Recorded =>
  record(
    'failed',
    {
      ...outcomeData({ error: ERROR, commits: [], files_touched: [] }),
      retry_at: to === 'parked' ? '2026-11-20T10:01:00.000Z' : null,
    },
    { from: 'running', to },
  );
export const waits = (waitingFor: EventData['waits']['waiting_for'] = 'repository'): Recorded =>
  record(
    'waits',
    { waiting_for: waitingFor, until: null, why: 'a merge is under way' },
    { from: 'running', to: 'parked' },
  );
export const retried = (from = 'failed', attempt = 2): Recorded =>
  record('retried', { by: 'anna', claim: '01JD0000000000000000000009' }, { from, to: 'ready', attempt });
export const cancelled = (from = 'ready'): Recorded =>
  record(
    'cancelled',
    { ...outcomeData({ commits: [], error: { ...ERROR, code: 'CANCELLED' }, evidence: null }), by: 'anna' },
    { from, to: 'cancelled' },
  );
