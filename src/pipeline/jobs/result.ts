import type { JobResult } from '../../order/generated.ts';
import { jobResult } from '../../order/job.ts';
import type { OrderLife } from '../../order/life.ts';
import { isTerminal } from '../../order/transition.ts';
import { conform } from '../../platform/schema.ts';
import type { Station } from '../../station/station.ts';
import { RESULT_FILE, readBundle } from './bundle.ts';

/**
 * How a job stands now, for whoever sent it: its end, or where it waits. As its bundle has it where it has stopped; one that waits for something else
 * than a person, or is at work, is at a checkpoint too, named by its order. `waits`: why, beginning with a code. Throws LEDGER_BROKEN.
 */
export function currentResult(station: Station, life: OrderLife, waits: string): JobResult {
  const stopped = stoppedResult(station, life);
  if (stopped !== null && (stopped.state === 'terminal' ? isTerminal(life.status) : isAsked(life))) return stopped;
  const { woId, admitted, updatedAt, outcome, status } = life;
  const job = admitted?.job ?? { id: woId, run_id: `openclaw:${woId}` };
  const about = { job, packetRefs: [], ledgerRefs: [], manifestRef: null };
  if (!isTerminal(status)) {
    const checkpoint = { trigger: waits, id: `wait:${woId}`, at: updatedAt, packetRef: null };
    return jobResult({ ...about, terminal: null, checkpoint });
  }
  // no mission was done, or nothing of it is left to tell
  const reason = admitted?.dry_run === true ? 'DRY_RUN' : (life.lastError?.code ?? status.toUpperCase());
  const why = life.lastError?.message ?? outcome?.summary ?? null;
  const name = status === 'cancelled' ? 'CANCELLED' : 'BLOCKED';
  return jobResult({
    ...about,
    terminal: { outcome: name, reason, why, at: life.finishedAt ?? updatedAt, packetRef: null },
    checkpoint: null,
  });
}

function stoppedResult(station: Station, life: OrderLife): JobResult | null {
  const bytes = readBundle(station, life)?.files.get(RESULT_FILE)?.bytes ?? null;
  return bytes === null ? null : conform('job-result', JSON.parse(bytes.toString('utf8')), 'INTERNAL');
}

/** The question of its checkpoint is still open. */
function isAsked({ status, ask, approved }: OrderLife): boolean {
  return status === 'parked' && ask !== null && !approved;
}
