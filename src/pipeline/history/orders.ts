import { isInHistory } from '../../git/history.ts';
import type { Repository } from '../../git/repository.ts';
import type { Reach, Trace } from '../../guardrail/history/trace.ts';
import type { Image, ImageChange } from '../../order/change.ts';
import type { Recorded } from '../../order/event.ts';
import { readLinesBackwards } from '../../platform/jsonl.ts';
import { JournalReader } from '../../record/journal.ts';
import { parseRecord, segmentPath, segments } from '../../record/ledger.ts';

/** What orders did to a path, as the ledger has it; where the ledger is gone, as the journal does. */
export interface OrdersTold {
  readonly traces: readonly Trace[];
  readonly notRead: readonly string[];
  /** What the last of them left there; null where none wrote it, or the last deleted it. */
  readonly left: Image | null;
}

/** Orders that are asked about in git, and records of commands that are remembered. */
const MOST_ASKED = 10;
const MOST_ORDERS = 200;

/** `journal`: the ref, or null where the station is not known. Oldest first. */
export async function ordersThatTouched(
  repo: Repository,
  ledger: string,
  journal: string | null,
  path: string,
  reach: Reach,
): Promise<OrdersTold> {
  const sieve = new Sieve(path, reach);
  const notRead: string[] = [];
  if (segments(ledger).length > 0) {
    for (const [line, file] of backwards(ledger)) {
      if (!sieve.take(line, file)) {
        notRead.push(`ledger: nothing before ${sieve.reached}`);
        break;
      }
    }
  } else if (journal !== null && repo.refs.read(journal) !== null) {
    const lines: string[] = [];
    for await (const line of new JournalReader(repo, journal).ledgerLines(() => true)) lines.push(line);
    notRead.push('ledger: it is gone; the journal was read in its place (`waybill restore --ledger` brings it back)');
    for (const line of lines.reverse()) if (!sieve.take(line, 'journal')) break;
  } else notRead.push('ledger: there is none here');
  const traces = sieve.traces.reverse();
  return { traces: await withLost(repo, traces), notRead, left: sieve.left };
}

function* backwards(ledger: string): Generator<[line: string, file: string]> {
  for (const first of segments(ledger).reverse())
    for (const line of readLinesBackwards(segmentPath(ledger, first))) yield [line, segmentPath(ledger, first)];
}

/** Takes ledger lines, the newest first, and keeps what speaks of the path. Most lines are passed over unread. */
class Sieve {
  readonly traces: Trace[] = [];
  left: Image | null = null;
  reached = 'now';
  readonly #path: string;
  readonly #reach: Reach;
  readonly #named: string;
  readonly #landed = new Set<string>();
  readonly #next = new Map<string, string>();
  #isFirst = true;
  #n = 0;

  constructor(path: string, reach: Reach) {
    this.#path = path;
    this.#reach = reach;
    this.#named = `"path":${JSON.stringify(path).slice(0, -1)}`;
  }

  /** False when there is no time for more. */
  take(line: string, file: string): boolean {
    const [, ts = '', event = '', woId = ''] =
      /^\{"v":1,"seq":\d+,"ts":"([^"]+)","event":"(\w+)","wo_id":(?:"([^"]+)"|null)/.exec(line) ?? [];
    if (ts === '') return true;
    this.reached = ts;
    if (++this.#n % 1024 === 0 && this.#reach.budget.isOver) return false;
    if (this.traces.length >= MOST_ORDERS || Date.parse(ts) > this.#reach.untilMs)
      return this.traces.length < MOST_ORDERS;
    if (event === 'landed') this.#landed.add(woId);
    else if (event === 'landing' && line.includes(this.#named)) this.#landing(parseRecord(line, file));
    else if (event === 'command' && Date.parse(ts) >= this.#reach.sinceMs) this.#command(parseRecord(line, file));
    if (Date.parse(ts) >= this.#reach.sinceMs) this.#next.set(woId, ts);
    return true;
  }

  #landing(record: Recorded): void {
    if (record.event !== 'landing' || record.wo_id === null || !this.#landed.has(record.wo_id)) return;
    const changes = record.data.changes.filter(({ path }) => path === this.#path || path.startsWith(`${this.#path}/`));
    if (changes.length === 0) return;
    if (this.#isFirst) this.left = changes.find(({ path }) => path === this.#path)?.after ?? null;
    this.#isFirst = false;
    const commit = record.data.commit;
    this.traces.push({
      at: record.ts,
      source: 'ledger',
      kind: 'order',
      effect: effectOf(changes),
      text: `order ${record.wo_id} ${wordOf(changes)}`,
      where: `ledger record ${record.seq}${commit === null ? '' : `, commit ${commit.slice(0, 10)}`}`,
      order: record.wo_id,
      to: commit,
    });
  }

  #command(record: Recorded): void {
    if (record.event !== 'command' || record.wo_id === null) return;
    this.traces.push({
      at: record.ts,
      source: 'ledger',
      kind: 'command',
      effect: null,
      text: `order ${record.wo_id} ran ${record.data.name}`,
      where: `ledger record ${record.seq}`,
      order: record.wo_id,
      until: this.#next.get(record.wo_id) ?? record.ts,
    });
  }
}

function effectOf(changes: readonly ImageChange[]): Trace['effect'] {
  if (changes.every(({ after }) => after === null)) return 'vanished';
  return changes.every(({ before }) => before === null) ? 'appeared' : 'changed';
}

function wordOf(changes: readonly ImageChange[]): string {
  if (changes.length > 1) return `touched ${changes.length} files in it`;
  return { vanished: 'deleted it', appeared: 'created it', changed: 'changed it' }[String(effectOf(changes))] ?? '';
}

/** Says of the newest orders whether their commit is still in HEAD's history. */
async function withLost(repo: Repository, traces: readonly Trace[]): Promise<Trace[]> {
  const told: Trace[] = [];
  const asked = traces.filter(({ to }) => typeof to === 'string').slice(-MOST_ASKED);
  for (const trace of traces) {
    const isAsked = asked.includes(trace) && typeof trace.to === 'string';
    const isLost = isAsked && !(await isInHistory(repo.git, trace.to ?? '', 'HEAD'));
    told.push(isLost ? { ...trace, text: `${trace.text}; its commit is gone from HEAD's history` } : trace);
  }
  return told;
}
