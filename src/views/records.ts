import type { Station } from '../station/station.ts';
import { Board } from './board.ts';
import { Catalogue } from './catalogue.ts';
import { Figures } from './figures/figures.ts';
import { History } from './history.ts';
import { LedgerWatch } from './ledger-watch.ts';

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
  /** Why following the ledger ended by itself; null while all is well. */
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
  let fault: unknown = null;
  const { promise: ready, resolve: isReady } = deferred();
  const end = (error: unknown) => {
    fault ??= error;
    isReady();
  };
  const following = Promise.all([
    board.follow(stop.signal, isReady).catch(end),
    ready.then(() => history.follow(stop.signal)).catch(end),
  ]);
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
    fault: () => fault,
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
