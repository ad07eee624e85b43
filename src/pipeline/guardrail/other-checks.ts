import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { OfKind } from '../../guardrail/component.ts';
import { type Finding, finding } from '../../guardrail/finding.ts';
import type { OtherChecks } from '../../guardrail/scan.ts';
import type { LastWrite } from '../../guardrail/seen.ts';
import { durationText } from '../../guardrail/words.ts';
import { laneFolders, scanSettings } from '../../intake/lanes.ts';
import { asWaybillError } from '../../order/error.ts';
import { HashCheck } from '../../order/tombstone.ts';
import { namesIn } from '../../platform/durable.ts';
import { lstatIfThere } from '../../platform/fs.ts';
import { lastBackup } from '../../record/backup-report.ts';
import { ledgerHead } from '../../record/chain.ts';
import { readFollowup } from '../../record/followup.ts';
import { type LedgerHead, readLedger, readLedgerBackwards, segments } from '../../record/ledger.ts';
import type { Station } from '../../station/station.ts';

const HOUR_MS = 3_600_000;
/** More files of a lane are not looked at one by one: that so many wait is told by the oldest of these. */
const MOST_NAMES = 10_000;
/** Records between two breaths: a station whose ledger is looked at goes on working. */
const AT_ONCE = 200;

/** The checks of what other stages keep. */
export class StationChecks implements OtherChecks {
  readonly #station: () => Station;
  /** Up to where the ledger was found whole. */
  verified: LedgerHead | null;

  constructor(station: () => Station, verified: LedgerHead | null) {
    this.#station = station;
    this.verified = verified;
  }

  /** What the newest landing since then put at a path. Costs what was written since. */
  readonly lastWrite: LastWrite = (path, since) => {
    for (const record of readLedgerBackwards(this.#station().layout.ledger)) {
      if (record.ts < since) return null;
      if (record.event !== 'landing') continue;
      const after = record.data.changes.find((change) => change.path === path)?.after;
      if (after) return { blob: after.disk, executable: after.mode === '100755' };
    }
    return null;
  };

  async service(component: OfKind<'service'>): Promise<Finding | null> {
    const { lookAtService } = await import('../../station/services/look.ts');
    const look = await lookAtService(component.service, component.manager ?? undefined, component.scope ?? undefined);
    if (look.running) return null;
    return finding(component, 'not_running', look.why ?? (look.loaded ? 'loaded, and not running' : 'not loaded'));
  }

  /** The drop and the order that have been without a change for the longest time; those that wait for a time or a person's hold do so on purpose. */
  waiting(component: OfKind<'waiting'>): Finding | null {
    const station = this.#station();
    const oldest: { readonly what: string; readonly sinceMs: number }[] = [];
    for (const { lane, folder } of laneFolders(station.layout.inbox, scanSettings(station).lanes))
      for (const name of namesIn(folder).slice(0, MOST_NAMES)) {
        if (name.startsWith('.')) continue;
        const stat = lstatIfThere(join(folder, name));
        if (stat !== undefined) oldest.push({ what: `${lane}/${name}`, sinceMs: stat.mtimeMs });
      }
    for (const order of readFollowup(station)?.alive ?? [])
      if (order.waiting_for !== 'hold' && order.waiting_for !== 'time')
        oldest.push({
          what: `${order.wo_id} (${order.waiting_for ?? order.status})`,
          sinceMs: Date.parse(order.since),
        });
    const first = oldest.sort((a, b) => a.sinceMs - b.sinceMs)[0];
    if (first === undefined || Date.now() - first.sinceMs <= component.maxHours * HOUR_MS) return null;
    return finding(component, 'waits_long', `${first.what} has waited for ${durationText(Date.now() - first.sinceMs)}`);
  }

  /**
   * Whether what came to the ledger since the last look follows from what was there, and whether that is still there. The first look begins
   * with the newest segment: all of it is read by `waybill verify`, and not beside a station at work.
   */
  async ledger(component: OfKind<'ledger'>): Promise<Finding | null> {
    const { ledger } = this.#station().layout;
    const broken = (message: string) => finding(component, 'broken', message);
    try {
      const head = ledgerHead(ledger);
      const known = this.verified;
      if (known !== null && head.seq === known.seq && head.hash === known.hash) return null;
      if (known !== null && head.seq < known.seq)
        return broken(`it ends at record ${head.seq}, and record ${known.seq} was there`);
      const check = new HashCheck();
      let [seq, hash] = known === null ? [(segments(ledger).at(-1) ?? 1) - 1, null] : [known.seq, known.hash];
      for (const record of readLedger(ledger, Math.max(1, seq))) {
        if (record.seq % AT_ONCE === 0) await setImmediate();
        if (known !== null && record.seq === known.seq) {
          if (record.hash !== known.hash) return broken(`record ${seq} is another one than it was`);
          continue;
        }
        if (record.seq !== seq + 1) return broken(`after record ${seq} comes record ${record.seq}`);
        if (hash !== null && record.prev !== hash) return broken(`record ${record.seq} does not follow record ${seq}`);
        if (!check.accepts(record)) return broken(`record ${record.seq} is not what its hash says`);
        [seq, hash] = [record.seq, record.hash];
      }
      if (hash !== null) this.verified = { seq, hash };
      return null;
    } catch (thrown) {
      return broken(asWaybillError(thrown).message);
    }
  }

  backup(component: OfKind<'backup'>): Finding | null {
    const last = lastBackup(this.#station());
    if (last === null) return finding(component, 'too_old', 'there is no backup yet');
    const ageMs = Date.now() - Date.parse(last.at);
    if (ageMs <= component.maxAgeHours * HOUR_MS) return null;
    return finding(component, 'too_old', `the last backup is ${durationText(ageMs)} old`);
  }
}
