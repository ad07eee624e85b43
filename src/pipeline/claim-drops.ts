import { join } from 'node:path';
import { claimDrop, syncClaims } from '../intake/claim.ts';
import { type InboxScanner, identityOf, type Oddity } from '../intake/scan.ts';
import { sha256 } from '../order/canonical-json.ts';
import { asWaybillError, errorBody, WaybillError } from '../order/error.ts';
import type { RejectedData } from '../order/event.ts';
import { now } from '../platform/clock.ts';
import { ensureDir, exists, writeNew } from '../platform/durable.ts';
import { fs } from '../platform/fs.ts';
import { newTraceId, newUlid } from '../platform/ids.ts';
import { userName } from '../platform/user.ts';
import type { Runtime } from './runtime.ts';

/** Step 1 of "One order's life": claim what lies complete in the inbox. */

/** Claims at most `limit` drops. One that cannot be claimed is refused and never stops the rest (rule 10). */
export function claimDrops(
  rt: Runtime,
  scanner: InboxScanner,
  limit: number,
): { claims: string[]; settlesIn: number | null } {
  const { inbox, claimed } = rt.station.layout;
  const found = scanner.scan(limit);
  const claims: string[] = [];
  const lanes = new Set<string>();
  for (const drop of found.drops) {
    try {
      const claim = claimDrop(inbox, claimed, drop);
      if (claim === null) continue;
      claims.push(claim);
      lanes.add(join(inbox, drop.lane));
    } catch (error) {
      const path = join(inbox, drop.lane, drop.name);
      const stat = fs.lstatSync(path);
      refuseInPlace(
        rt,
        scanner,
        {
          lane: drop.lane,
          name: drop.name,
          what: 'unclaimable',
          uid: stat.uid,
          identity: identityOf(stat),
        },
        asWaybillError(error),
      );
    }
  }
  for (const odd of found.oddities)
    refuseInPlace(
      rt,
      scanner,
      odd,
      new WaybillError('NOT_A_FILE', `${odd.lane}/${odd.name} is ${odd.what}, not a file`, {
        place: { file: odd.name },
      }),
    );
  if (claims.length > 0) {
    syncClaims(claimed, lanes);
    rt.step('life 1: claimed', claims);
  }
  return { claims, settlesIn: found.settlesIn };
}

/** Refuses what is not ours to take, once: it stays where it is, and a marker remembers that it was told. */
function refuseInPlace(rt: Runtime, scanner: InboxScanner, odd: Oddity, error: WaybillError): void {
  scanner.pass(odd.lane, odd.name, odd.identity);
  const marker = join(rt.station.layout.refused, sha256(`${odd.lane}/${odd.name}/${odd.identity}`).slice(7, 39));
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
  writeNew(marker, `${odd.lane}/${odd.name}\n`);
}
