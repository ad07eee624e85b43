import { appendFileSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EventData, EventName } from '../../src/order/event.ts';
import type { Usage } from '../../src/order/mission.ts';
import { segmentPath } from '../../src/record/ledger.ts';
import type { Wake } from '../../src/views/feed.ts';
import { History, type HistoryFold } from '../../src/views/history.ts';

const NO_HASH = `sha256:${'0'.repeat(64)}`;

/**
 * Writes a ledger of whatever times: what a station would have written over a year, in a moment. Lines are whole records in shape; they are not
 * chained, which who only follows a ledger does not look at.
 */
export class LedgerLines {
  readonly #path: string;
  readonly #folder: string;
  #seq = 0;
  #lines: string[] = [];

  constructor(folder: string) {
    this.#folder = folder;
    this.#path = segmentPath(folder, 1);
    mkdirSync(folder, { recursive: true });
    writeFileSync(this.#path, '');
  }

  get folder(): string {
    return this.#folder;
  }

  get seq(): number {
    return this.#seq;
  }

  /** A record, kept until `write`. `at` in ms since 1970. */
  add<E extends EventName>(
    event: E,
    woId: string | null,
    at: number,
    data: EventData[E],
    [from, to]: readonly [string | null, string | null] = [null, null],
  ): void {
    const ts = new Date(at).toISOString();
    this.#seq++;
    this.#lines.push(
      JSON.stringify({
        v: 1,
        seq: this.#seq,
        ts,
        event,
        wo_id: woId,
        attempt: event === 'rejected' ? 0 : 1,
        from,
        to,
        data,
        prev: NO_HASH,
        hash: NO_HASH,
      }),
    );
  }

  /** Appends what was added, as whole lines. */
  write(): void {
    appendFileSync(this.#path, this.#lines.map((line) => `${line}\n`).join(''));
    this.#lines = [];
  }

  /** An order that was dropped. */
  admitted(woId: string, at: number, lane = 'MAIN', more: Partial<EventData['admitted']> = {}): void {
    this.add('admitted', woId, at, { ...admittedData(woId, at, lane), ...more }, [
      null,
      more.waiting_for == null ? 'ready' : 'parked',
    ]);
  }

  started(woId: string, at: number): void {
    const data = { plan_sha256: NO_HASH, branch: 'refs/heads/main', head: null, changes: [], outputs: [] };
    this.add('started', woId, at, data, ['ready', 'running']);
  }

  /** A step of an agent, with what it used. */
  stepped(woId: string, at: number, agent: string | null, usage: Usage | null, ok = true): void {
    const step = { n: 1, step: 'build', role: agent === null ? null : 'builder', agent };
    this.add('step', woId, at, { ...step, reserved: { tokens: null, usd: null, seconds: null } });
    this.add('stepped', woId, at, {
      ...step,
      ok,
      code: ok ? null : 'AGENT_FAILED',
      why: null,
      failure: null,
      verdict: null,
      outputs: [],
      usage,
      seconds: 1,
      diff_sha256: null,
      diff_lines: 0,
      session: null,
      checkpoint: null,
    });
  }

  done(woId: string, at: number): void {
    this.add('succeeded', woId, at, outcome(at, null), ['running', 'done']);
  }

  failed(woId: string, at: number, code: string): void {
    this.add('failed', woId, at, { ...outcome(at, code), retry_at: null }, ['running', 'failed']);
  }

  /** Tried again by itself. */
  failedOnce(woId: string, at: number, code: string): void {
    const data = { ...outcome(at, code), retry_at: new Date(at + 1000).toISOString() };
    this.add('failed', woId, at, data, ['running', 'parked']);
  }

  rejected(at: number, code: string, lane = 'MAIN'): void {
    const { claim, file, requester, trace_id, received_at } = admittedData('X', at, lane);
    const error = { code, message: 'no', hint: 'none', at: received_at };
    this.add(
      'rejected',
      null,
      at,
      {
        ...{ claim, file, lane, requester, trace_id, received_at, request: null },
        ...{ declared_id: null, title: null, quarantine: null, error: error as EventData['rejected']['error'] },
      },
      [null, 'rejected'],
    );
  }
}

function admittedData(woId: string, at: number, lane: string): EventData['admitted'] {
  return {
    claim: 'CLAIM',
    file: `${woId}.json`,
    lane,
    requester: { uid: 1, user: 'anna', lane, declared_by: null } as EventData['admitted']['requester'],
    trace_id: '0'.repeat(32),
    received_at: new Date(at).toISOString(),
    request: { name: 'request.json', sha256: NO_HASH, size: 2 },
    title: `Order ${woId}`,
    summary: '',
    type: 'files',
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
  };
}

function outcome(at: number, code: string | null): EventData['succeeded'] {
  return {
    summary: '',
    files_touched: [],
    commits: [],
    checks: [],
    warnings: [],
    unrestored: [],
    error: (code === null
      ? null
      : { code, message: 'no', hint: 'none', at: new Date(at).toISOString() }) as EventData['succeeded']['error'],
    evidence: null,
    duration_ms: 1,
  };
}

/** A folder for a ledger, below a folder of the test. */
export function ledgerIn(folder: string): LedgerLines {
  return new LedgerLines(join(mkdtempSync(join(folder, 'ledger-')), 'ledger'));
}

/** Reads a whole ledger for folds, as far as it goes. */
export async function readAll(folder: string, folds: readonly HistoryFold[]): Promise<void> {
  const stop = new AbortController();
  const wake: Wake = { moved: async () => stop.abort() };
  await new History(folder, wake, folds).follow(stop.signal);
}
