import { join } from 'node:path';
import { OUTPUT_FOLDER } from '../../execute/live-output.ts';
import type { Recorded } from '../../order/event.ts';
import type { SpineOutcome, StateDocument } from '../../order/generated.ts';
import { claimOf, type OrderLife } from '../../order/life.ts';
import { folderOfStep, missionView } from '../../pipeline/missions/view.ts';
import type { Station } from '../../station/station.ts';
import type { Board } from '../board.ts';
import { missionOutcome } from '../missions/mission-outcome.ts';
import type { Records } from '../records.ts';
import { agentNow, type CommandRun, commandRuns, commandsNow, type RunningOutput } from './commands.ts';
import { type EvidenceView, evidenceView, sealedAttempts } from './evidence.ts';
import { type OrderTold, orderTold } from './reader.ts';
import { type RejectionView, rejectionView } from './rejection.ts';

/** Everything that one order's page shows. */
export interface OrderDetails extends OrderTold {
  /** What it does at this moment; null for one that does not run. */
  readonly running: { readonly ended: readonly CommandRun[]; readonly now: readonly RunningOutput[] } | null;
  /** The evidence of the attempt that was asked for; null where that has none. */
  readonly evidence: EvidenceView | null;
  /** Attempts that left evidence. */
  readonly sealed: readonly number[];
  readonly mission: SpineOutcome | null;
  readonly rejection: RejectionView | null;
  readonly dependsOn: readonly Linked[];
  /** Orders alive that wait for this one. */
  readonly dependents: readonly Linked[];
}

/** Another order, as far as is known of it. */
export interface Linked {
  readonly woId: string;
  readonly title: string;
  /** Null for one that was never seen, or fell out of what this process holds. */
  readonly status: StateDocument['status'] | null;
  readonly waitingFor: string | null;
}

/** An order with all that is shown of it; `attempt`: whose evidence, or null for the newest. Throws UNKNOWN_ORDER, LEDGER_BROKEN. */
export async function orderDetails(
  station: Station,
  records: Records,
  woId: string,
  attempt: number | null,
): Promise<OrderDetails> {
  const told = await orderTold(station, records, woId);
  const { state, life } = told;
  const sealed = sealedAttempts(told.records);
  const wanted = attempt ?? [...sealed.keys()].at(-1) ?? state.attempt;
  const manifest = sealed.get(wanted) ?? (life === null ? state.evidence?.manifest_sha256 : undefined);
  return {
    ...told,
    running: life?.status === 'running' ? runningNow(station, life, told.records) : null,
    evidence:
      manifest === undefined
        ? null
        : evidenceView(station, state.wo_id, wanted, manifest, life?.admitted?.request.name ?? null),
    sealed: [...sealed.keys()],
    mission:
      life === null || state.type !== 'mission' ? null : missionOutcome(station, state, missionView(station, life)),
    rejection: life?.rejected == null ? null : rejectionView(station, life.rejected),
    dependsOn: state.depends_on.map((id) => linked(records, id)),
    dependents: dependents(records.board, state.wo_id).map((id) => linked(records, id)),
  };
}

function runningNow(station: Station, life: OrderLife, records: readonly Recorded[]): OrderDetails['running'] {
  const claim = join(station.layout.claimed, claimOf(life));
  const open = life.mission?.open ?? null;
  const folder = open === null ? null : folderOfStep(station, life, open.n, open.step);
  return {
    ended: commandRuns(join(claim, OUTPUT_FOLDER)),
    now: [
      ...commandsNow(claim).map((output) => ({ ...output, name: nameOf(records, output) })),
      ...(open === null || folder === null ? [] : agentNow(folder, open.n, open.step)),
    ],
  };
}

/** As the order calls it; its files have less of that. */
function nameOf(records: readonly Recorded[], { n, name }: RunningOutput): string {
  const begun = records.findLast((record) => record.event === 'command' && record.data.n === n);
  return begun?.event === 'command' ? begun.data.name : name;
}

function dependents(board: Board, woId: string): string[] {
  const key = woId.toLowerCase();
  return board
    .alive()
    .filter(({ admitted }) => admitted?.depends_on.some((id) => id.toLowerCase() === key) === true)
    .map((life) => life.woId)
    .sort();
}

function linked({ board, catalogue }: Records, woId: string): Linked {
  const life = board.life(woId);
  if (life !== null) {
    const { status, waitingFor, admitted } = life;
    return { woId: life.woId, title: admitted?.title ?? '', status, waitingFor };
  }
  const row = catalogue.get(woId);
  return row === null
    ? { woId, title: '', status: null, waitingFor: null }
    : { woId: row.woId, title: row.title, status: row.status, waitingFor: row.waitingFor };
}
