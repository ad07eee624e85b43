import { basename, join } from 'node:path';
import { sha256 } from '../../order/canonical-json.ts';
import type { Recorded } from '../../order/event.ts';
import type { JobLedgerRefs, JobPacketRefs, JobRefs, JobResult } from '../../order/generated.ts';
import { COMMAND_OUTPUTS, type JobStanding, jobResult } from '../../order/job.ts';
import { advance, type OrderLife } from '../../order/life.ts';
import { isTerminal } from '../../order/transition.ts';
import { evidenceName } from '../../record/evidence.ts';
import { recordsOf, type Wanted } from '../../record/lives-read.ts';
import { checkpointPacket, checkpointPacketName, checkpointPacketText } from '../../spine/packets/checkpoint-packet.ts';
import type { Station } from '../../station/station.ts';
import { type MissionEnd, missionEnd, reviewBytes } from '../missions/ending.ts';
import { commandOutputs } from './outputs.ts';

/**
 * The bundle of a job: what its producer gets to see of it, in one folder. Computed from the ledger's records of its order and from evidence, and from
 * nothing of the moment, so that the same records give the same bytes.
 */

/** Relative to the folder of artifacts. */
const BUNDLES = 'evidence/openclaw/jobs';
export const MANIFEST_FILE = 'hash_manifest.sha256';
export const RESULT_FILE = 'result.json';
export const PACKET_REFS_FILE = 'packet_refs.json';
export const LEDGER_REFS_FILE = 'ledger_refs.json';
const REFS_FILE = 'refs.json';
const PACKETS = 'packets';

/** One file of a bundle. */
export interface BundleFile {
  /** null where the evidence that it comes from is gone. */
  readonly bytes: Buffer | null;
  /** Of the bytes; null where nothing tells it. */
  readonly sha256: string | null;
}

/** A job as it stood when it stopped last: at its end, or where a person is asked. */
export interface Bundle {
  readonly woId: string;
  /** The first record of its order. */
  readonly born: number;
  /** By path, relative to the bundle. */
  readonly files: ReadonlyMap<string, BundleFile>;
}

/** Where the bundles of a station lie; that of a job is called like the order that does it. */
export function bundlesFolder(station: Station): string {
  return join(station.layout.artifacts, BUNDLES);
}

/** Whether a file of a bundle can have this name. */
export function isBundleName(path: string): boolean {
  const names: readonly string[] = [RESULT_FILE, REFS_FILE, PACKET_REFS_FILE, LEDGER_REFS_FILE, MANIFEST_FILE];
  return [...names, ...COMMAND_OUTPUTS].includes(path) || /^packets\/(?:TP|CP|Review_Packet)_[^/]*$/.test(path);
}

/** The bundle of the job that an order does. */
export function bundleFolder(station: Station, woId: string): string {
  return join(bundlesFolder(station), woId);
}

/** The same, relative to the station's root, as results name it. */
export function bundlePath(station: Station, woId: string): string {
  return `${station.settings.paths.artifacts}/${BUNDLES}/${woId}`;
}

/** How a result refers to a record of the ledger. */
export function ledgerRef({ seq, hash }: Pick<Recorded, 'seq' | 'hash'>): string {
  return `ledger:${seq}:${hash}`;
}

/** The record that such a text refers to; null for another text. */
export function parseLedgerRef(text: string): { seq: number; hash: string } | null {
  const found = /^ledger:([1-9]\d{0,15}):(sha256:[0-9a-f]{64})$/.exec(text);
  return found === null ? null : { seq: Number(found[1]), hash: found[2] ?? '' };
}

/** Where a job stopped. */
interface Stop {
  readonly life: OrderLife;
  readonly record: Recorded;
  /** How many of the order's records were there by then. */
  readonly records: number;
  readonly end: MissionEnd | null;
}

/** A packet that stands in the bundle. */
interface Checkpoint {
  readonly id: string;
  readonly attempt: number;
  readonly trigger: string;
  readonly at: string;
  readonly text: string;
}

/** The records of one order, taken in their order, as far as they matter for its bundle. */
export class JobFold {
  #life: OrderLife | null = null;
  #records: Pick<Recorded, 'seq' | 'event' | 'hash'>[] = [];
  #checkpoints: Checkpoint[] = [];
  #stop: Stop | null = null;

  /** `life`: that of its order just after the record. Returns whether the job stopped with it. */
  take(record: Recorded, life: OrderLife): boolean {
    this.#life = life;
    // another job under the same id, or none any more
    if (record.event === 'admitted' || record.event === 'revised' || record.event === 'purged') {
      this.#records = [];
      this.#checkpoints = [];
      this.#stop = null;
    }
    // what was emptied by a purge tells nothing any more
    if (record.purged === true) return false;
    this.#records.push({ seq: record.seq, event: record.event, hash: record.hash });
    if (life.admitted?.job === undefined) return false;
    const end = missionEnd(life, record);
    const packet = record.event === 'waits' ? checkpointPacket(life, record) : null;
    if (packet !== null)
      this.#checkpoints.push({
        id: packet.checkpoint_id,
        attempt: life.attempt,
        trigger: packet.trigger,
        at: packet.asked_at,
        text: checkpointPacketText(packet),
      });
    if (end === null && packet === null) return false;
    this.#stop = { life, record, records: this.#records.length, end };
    return true;
  }

  /** Null for an order that is no job, or has not stopped yet, or was purged. */
  bundle(station: Station): Bundle | null {
    if (this.#stop === null) return null;
    const { life, record, end } = this.#stop;
    const records = this.#records.slice(0, this.#stop.records);
    const checkpoints = this.#checkpoints.filter(({ attempt }) => attempt === record.attempt);
    // nothing came after it that could have left something else beside the claim
    const isNewest = this.#life !== null && this.#life.attempt === life.attempt && isTerminal(this.#life.status);
    return bundleAt(station, { life, record, end, records, checkpoints, isNewest });
  }
}

/** The bundle of an order as the ledger on disk has it, up to the record `upTo`. Reads from the order's first record on. Throws LEDGER_BROKEN. */
export function readBundle(station: Station, order: Wanted, upTo = Number.POSITIVE_INFINITY): Bundle | null {
  const fold = new JobFold();
  let life: OrderLife | null = null;
  for (const record of recordsOf(station.layout.ledger, [order])) {
    if (record.seq > upTo) break;
    life = advance(life, record);
    fold.take(record, life);
  }
  return fold.bundle(station);
}

/** The bundle of an order for each time that it stopped, oldest first: what ever was shown of it. Throws LEDGER_BROKEN. */
export function* everyBundle(station: Station, order: Wanted): Generator<Bundle> {
  const fold = new JobFold();
  let life: OrderLife | null = null;
  for (const record of recordsOf(station.layout.ledger, [order])) {
    life = advance(life, record);
    const bundle = fold.take(record, life) ? fold.bundle(station) : null;
    if (bundle !== null) yield bundle;
  }
}

interface Source {
  readonly life: OrderLife;
  readonly record: Recorded;
  readonly end: MissionEnd | null;
  readonly records: readonly Pick<Recorded, 'seq' | 'event' | 'hash'>[];
  readonly checkpoints: readonly Checkpoint[];
  readonly isNewest: boolean;
}

function bundleAt(station: Station, source: Source): Bundle {
  const { life, record, end, records, checkpoints } = source;
  const { woId } = life;
  const job = life.admitted?.job;
  const here = bundlePath(station, woId);
  const packets = packetsOf(station, end, checkpoints);
  const packetRefs = [...packets.keys()].map((path) => `${here}/${path}`);
  const ledgerRefs = records.filter((_, i) => i === 0 || i === records.length - 1).map(ledgerRef);
  const about = { v: 1, job_id: job?.id ?? woId } as const;
  const runId = job?.run_id ?? '';
  const result: JobResult = jobResult({
    job: { id: about.job_id, run_id: runId },
    ...standingOf(here, end, checkpoints),
    packetRefs,
    ledgerRefs,
    manifestRef: `${here}/${MANIFEST_FILE}`,
  });
  const refs: JobRefs = {
    ...about,
    run_id: runId,
    wo_id: woId,
    attempt: record.attempt,
    packet_refs_file: PACKET_REFS_FILE,
    ledger_refs_file: LEDGER_REFS_FILE,
    result_file: RESULT_FILE,
    evidence: evidenceOf(station, life, end),
  };
  const packetList: JobPacketRefs = {
    ...about,
    packet_refs: packetRefs,
    packets: [...packets].map(([path, { sha256: hash }]) => ({ path, sha256: hash ?? '' })),
  };
  const ledgerList: JobLedgerRefs = {
    ...about,
    station: station.id,
    ledger_refs: ledgerRefs,
    records: records.map(({ seq, event, hash }) => ({ seq, event, hash })),
  };
  const files = new Map<string, BundleFile>([
    ...packets,
    [LEDGER_REFS_FILE, json(ledgerList)],
    [PACKET_REFS_FILE, json(packetList)],
    [REFS_FILE, json(refs)],
    [RESULT_FILE, json(result)],
    ...outputsOf(station, source),
  ]);
  return { woId, born: life.born, files: files.set(MANIFEST_FILE, manifestOf(files)) };
}

/** Its packets, sorted. The hash of each is known from the ledger. */
function packetsOf(
  station: Station,
  end: MissionEnd | null,
  checkpoints: readonly Checkpoint[],
): Map<string, BundleFile> {
  const packets = checkpoints.map(({ id, text }): [string, BundleFile] => [checkpointPacketName(id), whole(text)]);
  if (end !== null) packets.push([basename(end.path), whole(end.text)]);
  if (end?.review)
    packets.push([basename(end.review.path), { bytes: reviewBytes(station, end), sha256: end.review.sha256 }]);
  return new Map(
    packets
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, file]): [string, BundleFile] => [`${PACKETS}/${name}`, file]),
  );
}

/** What its command said; nothing before its end, when evidence is sealed. */
function outputsOf(station: Station, { life, end, isNewest }: Source): [string, BundleFile][] {
  if (end === null) return [];
  const outputs = commandOutputs(station, life, isNewest);
  if (outputs === null) return COMMAND_OUTPUTS.map((name) => [name, { bytes: null, sha256: null }]);
  return [...outputs].map(([name, bytes]) => [name, whole(bytes)]);
}

function whole(content: string | Buffer): BundleFile {
  const bytes = Buffer.from(content);
  return { bytes, sha256: sha256(bytes) };
}

function json(document: JobResult | JobRefs | JobPacketRefs | JobLedgerRefs): BundleFile {
  return whole(`${JSON.stringify(document, null, 2)}\n`);
}

/** Where it stands: at its end, or at the newest checkpoint. */
function standingOf(
  here: string,
  end: MissionEnd | null,
  checkpoints: readonly Checkpoint[],
): Pick<JobStanding, 'terminal' | 'checkpoint'> {
  if (end !== null) {
    const { outcome, reason, why, ended } = end.packet;
    const packetRef = `${here}/${PACKETS}/${basename(end.path)}`;
    return { terminal: { outcome, reason, why, at: ended, packetRef }, checkpoint: null };
  }
  const last = checkpoints.at(-1);
  if (last === undefined) return { terminal: null, checkpoint: null };
  const { id, trigger, at } = last;
  const packetRef = `${here}/${PACKETS}/${checkpointPacketName(id)}`;
  return { terminal: null, checkpoint: { trigger, id, at, packetRef } };
}

function evidenceOf(station: Station, life: OrderLife, end: MissionEnd | null): JobRefs['evidence'] {
  const manifest = life.outcome?.evidence?.manifest_sha256;
  if (end === null || manifest === undefined) return null;
  return {
    path: `${station.settings.paths.evidence}/${evidenceName(life.woId, life.attempt)}`,
    manifest_sha256: manifest,
  };
}

/** One line for each file, as `sha256sum -c` reads it. */
function manifestOf(files: ReadonlyMap<string, BundleFile>): BundleFile {
  const lines = [...files]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, { sha256: hash }]) => (hash === null ? null : `${hash.slice('sha256:'.length)}  ${path}\n`));
  return lines.includes(null) ? { bytes: null, sha256: null } : whole(lines.join(''));
}
