import { pause } from '../platform/clock.ts';
import type { Station } from '../station/station.ts';
import { Board } from './board.ts';
import { Catalogue } from './catalogue.ts';
import { canReadOn } from './feed.ts';
import { Figures } from './figures/figures.ts';
import { History } from './history.ts';
import { LedgerWatch } from './ledger-watch.ts';

/** What could not be read is looked at again after so long. */
const AGAIN_MS = 2000;

/** A station's records, held open by a process that shows them for long. It writes nothing. */
export interface Records {
  readonly board: Board;
  readonly catalogue: Catalogue;
  readonly figures: Figures;
  /** How far catalogue and figures have read. */
  readonly history: History;
  readonly watch: LedgerWatch;
  /** Resolves when the board knows what the ledger held at first. */
  readonly ready: Promise<void>;
  /** Calls `listener` when all of them know more records, or others: once for each piece, and not before the last of them. Returns how to stop that. */
  onMove(listener: () => void): () => void;
  /** Why the ledger cannot be read on; null while it can. It is tried again, and null once all is read. Listeners of `onMove` are called for it too. */
  fault(): unknown;
  close(): Promise<void>;
}

/** Begins to follow a station's ledger: the board at once, catalogue and figures in slices beside it. */
export function openRecords(station: Station): Records {
  const { ledger } = station.layout;
  const watch = new LedgerWatch(ledger);
  const [board, catalogue] = [new Board(station, watch), new Catalogue()];
  const figures = new Figures((woId) => catalogue.get(woId)?.lane ?? null);
  const history = new History(ledger, watch, [catalogue, figures]);
  const listeners = new Set<() => void>();
  let known = '';
  const moved = () => {
    // the history begins far behind, and is waited for when it has come up
    const seq = history.isWhole ? Math.min(board.seq, history.seq) : board.seq;
    // an exchanged ledger may end with the same record, and tell less
    const now = `${history.exchanges} ${history.isWhole} ${seq}`;
    if (now === known) return;
    known = now;
    for (const listener of listeners) listener();
  };
  board.onMove(moved);
  history.onMove(moved);
  const stop = new AbortController();
  const faults: Record<'board' | 'history', unknown> = { board: null, history: null };
  const tell = (who: keyof typeof faults, fault: unknown) => {
    if (faults[who] === fault) return;
    faults[who] = fault;
    for (const listener of listeners) listener();
  };
  const { promise: ready, resolve: isReady } = deferred();
  const following = Promise.all([
    followOn(
      'board',
      isReady,
      (whole) => board.follow(stop.signal, whole),
      () => board.seq,
    ),
    ready.then(() =>
      followOn(
        'history',
        () => {},
        (whole) => history.follow(stop.signal, whole),
        () => history.seq,
      ),
    ),
  ]);
  /** Until it is closed: what cannot be read is mended while we look on, and nobody should have to start us again for it. */
  async function followOn(
    who: keyof typeof faults,
    known: () => void,
    follow: (whole: () => void) => Promise<void>,
    seq: () => number,
  ): Promise<void> {
    while (!stop.signal.aborted) {
      try {
        await follow(() => {
          tell(who, null);
          known();
        });
      } catch (error) {
        tell(who, error);
        known();
        do await pause(AGAIN_MS, stop.signal);
        while (!stop.signal.aborted && !canReadOn(ledger, seq()));
      }
    }
  }
  return {
    board,
    catalogue,
    figures,
    history,
    watch,
    ready,
    onMove: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    fault: () => faults.board ?? faults.history,
    close: async () => {
      stop.abort();
      await watch.close();
      await following;
    },
  };
}

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
