import { join } from 'node:path';
import { claimDrop, makeClaims, syncLanes } from '../intake/claim.ts';
import type { InboxScanner, Oddity } from '../intake/scan.ts';
import { sha256 } from '../order/canonical-json.ts';
import { errorBody, WaybillError } from '../order/error.ts';
import type { RejectedData } from '../order/event.ts';
import { now } from '../platform/clock.ts';
import { ensureDir, exists, writeNew } from '../platform/durable.ts';
import { newTraceId, newUlid } from '../platform/ids.ts';
import { userName } from '../platform/user.ts';
import type { Runtime } from './runtime.ts';

/** Step 1 of "One order's life": claim what lies complete in the inbox. */

/** Claims at most `limit` drops. One that cannot be claimed is refused and never stops the rest (rule 10). */
export function claimDrops(
  rt: Runtime,
  scanner: InboxScanner,
  limit: number,
): { claims: string[]; settlesIn: number | null; fault: unknown } {
  const { claimed } = rt.station.layout;
  const found = scanner.scan(limit);
  const claims: string[] = [];
  const lanes = new Set<string>();
  let fault: unknown = null;
  let made: string[] = [];
  try {
    made = makeClaims(claimed, found.drops);
  } catch (error) {
    rt.log.warn({ err: error }, 'drops cannot be claimed now; it is tried again');
    return { claims: [], settlesIn: 1000, fault: error };
  }
  for (const [n, drop] of found.drops.entries()) {
    const claim = made[n] ?? '';
    try {
      if (!claimDrop(claimed, claim, drop)) continue;
      claims.push(claim);
      lanes.add(drop.folder);
    } catch (error) {
      if (error instanceof WaybillError) refuseInPlace(rt, scanner, drop, error);
      // moved, but not for sure: only a new start can tell
      else if (exists(join(claimed, claim))) throw error;
      else {
        fault = error;
        rt.log.warn({ err: error }, `${drop.lane}/${drop.name} cannot be claimed now; it is tried again`);
      }
    }
  }
  for (const odd of found.oddities) refuseInPlace(rt, scanner, odd, oddityError(rt, odd));
  if (claims.length > 0) {
    syncLanes(lanes);
    rt.step('life 1: claimed', claims);
  }
  return { claims, settlesIn: fault === null ? found.settlesIn : 1000, fault };
}

function oddityError(rt: Runtime, { lane, name, code, what }: Oddity): WaybillError {
  const place = { file: name };
  return code === 'TOO_LARGE'
    ? new WaybillError(
        code,
        `${lane}/${name} has ${what}, the limit is ${rt.station.settings.intake.maxOrderBytes} bytes`,
        { place },
      )
    : what.startsWith('a folder')
      ? new WaybillError(code, `${lane}/${name} is ${what}`, {
          place,
          hint: 'A folder is an order when it holds NAME/NAME.yaml, and nothing but plain files.',
        })
      : new WaybillError(code, `${lane}/${name} is ${what}, not a file`, { place });
}

/** Refuses what is not ours to take, once: it stays where it is, and a marker remembers that it was told. */
function refuseInPlace(
  rt: Runtime,
  scanner: InboxScanner,
  odd: Pick<Oddity, 'lane' | 'folder' | 'name' | 'uid' | 'identity'>,
  error: WaybillError,
): void {
  scanner.pass(odd.folder, odd.name, odd.identity);
  const marker = join(rt.station.layout.refused, sha256(`${odd.folder}/${odd.name}/${odd.identity}`).slice(7, 39));
  if (exists(marker)) return;
  const at = now();
  const data: RejectedData = {
    claim: newUlid(),
    file: odd.name,
    lane: odd.lane,
    requester: { uid: odd.uid, user: userName(odd.uid), lane: odd.lane, via: 'inbox', declared_by: null },
    trace_id: newTraceId(),
    received_at: at,
    request: null,
    declared_id: null,
    title: null,
    quarantine: null,
    error: errorBody(error, at),
  };
  rt.record([{ event: 'rejected', woId: null, attempt: 0, from: null, to: 'rejected', data }]);
  ensureDir(rt.station.layout.refused);
  writeNew(marker, `${odd.folder}/${odd.name}\n`);
}
