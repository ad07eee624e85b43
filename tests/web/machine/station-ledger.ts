import type { AdmittedData, OutcomeData } from '../../../src/order/event.ts';
import { type Draft, FileLedger } from '../../../src/record/ledger.ts';
import type { TestStation } from '../../support/station.ts';

/** Records of each order that grow() writes. */
const EACH = 70;

/** Appends to a station's ledger as its process does, without one: orders that come, are reminded of again and again, and are cancelled. */
export class LedgerGrowth {
  readonly #ledger: FileLedger;
  #n = 0;

  constructor(s: TestStation) {
    this.#ledger = new FileLedger(s.path('.git/waybill/ledger'), () => {});
  }

  get seq(): number {
    return this.#ledger.head.seq;
  }

  /** So many records more, the odd orders in lane ODD, the others in EVEN. Synced every 500, and others have their turn. */
  async grow(count: number): Promise<void> {
    for (let left = count; left > 0; left -= 500) {
      this.#ledger.append(Array.from({ length: Math.min(500, left) }, () => this.#draft()));
      this.#ledger.sync();
      await new Promise((done) => setImmediate(done));
    }
  }

  close(): void {
    this.#ledger.close();
  }

  #draft(): Draft {
    const [order, at] = [Math.floor(this.#n / EACH), this.#n % EACH];
    this.#n++;
    const base = { woId: `G-${order}`, attempt: 1 };
    if (at === 0) return { ...base, event: 'admitted', from: null, to: 'ready', data: admitted(order) };
    if (at < EACH - 1)
      return { ...base, event: 'reminded', from: null, to: null, data: { ask: `ask ${at}`, until: null } };
    return { ...base, event: 'cancelled', from: 'ready', to: 'cancelled', data: { ...ENDED, by: 'anna' } };
  }
}

const ENDED: OutcomeData = {
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

function admitted(n: number): AdmittedData & { waiting_for: null; until: null; why: null } {
  const lane = n % 2 === 0 ? 'EVEN' : 'ODD';
  return {
    claim: `claim-${n}`,
    file: `G-${n}.json`,
    lane,
    requester: { uid: 1000, user: 'anna', lane, via: 'inbox', declared_by: null },
    trace_id: '0'.repeat(32),
    received_at: '2026-11-22T10:00:00.000Z',
    request: { name: 'request.json', sha256: `sha256:${'0'.repeat(64)}`, size: 1 },
    title: `order ${n}`,
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
