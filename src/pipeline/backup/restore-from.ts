import { join } from 'node:path';
import { dropRefs, fetchFrom, headsAt, LOOK_MS, type Place, placeOf } from '../../git/exchange.ts';
import { Git } from '../../git/git.ts';
import { locateRepository, openRepository, type Repository } from '../../git/repository.ts';
import { WaybillError } from '../../order/error.ts';
import { now } from '../../platform/clock.ts';
import { ensureDir, exists, namesIn, writeDurable } from '../../platform/durable.ts';
import { newUlid } from '../../platform/ids.ts';
import { takeLock } from '../../platform/lock.ts';
import type { ToolLimits } from '../../platform/process.ts';
import { parsePolicy } from '../../policy/policy.ts';
import { journalChain, ledgerHead } from '../../record/chain.ts';
import { JournalReader, POLICY_COPY, SETTINGS_COPY } from '../../record/journal.ts';
import { refsOf } from '../../station/layout.ts';
import { policyText, presetText } from '../../station/presets.ts';
import { POLICY_FILE, parseSettings, SETTINGS_FILE } from '../../station/settings.ts';
import { openStation, prepareStation, type Station } from '../../station/station.ts';
import { type Restored, restoreProjections } from '../restore/restore.ts';
import { commitAnchors } from '../verify/anchors.ts';
import { type Continued, continueFrom } from './continue.ts';

/** What `waybill restore --from` did. */
export interface RestoredFrom extends Continued, Restored {
  readonly station: string;
  readonly root: string;
  readonly from: string;
  /** What was made because it was not there: `.git`, `waybill.yaml`, `policy.yaml`, lanes. */
  readonly created: readonly string[];
  /** The newest record that a commit here tells of, where that is beyond the backup: what came after it is lost. */
  readonly beyond: number | null;
  /** waybill.yaml came out of the backup, too. */
  readonly settings: boolean;
  /** And so did policy.yaml. */
  readonly policy: boolean;
  /** The tree tells of records that the backup does not have either: nothing in it was restored, the next start does that. */
  readonly lost: boolean;
}

export interface RestoreFromOptions {
  /** What paths in `from` are relative to. */
  readonly base: string;
  readonly stationId: string | null;
  readonly all: boolean;
  readonly signal?: AbortSignal;
}

/**
 * Restores a station from a backup: in an empty folder or a fresh clone the station itself, under the id that it had; where it is already, what
 * it does not have yet. Idempotent: what was cut short is finished by doing it again. Throws USAGE where the backup holds several stations and
 * none is named, STATION_HELD, BACKUP_FAILED, BACKUP_DIVERGED.
 */
export async function restoreFrom(folder: string, from: string, options: RestoreFromOptions): Promise<RestoredFrom> {
  const limits = options.signal === undefined ? {} : { signal: options.signal };
  const made = ensureDir(folder);
  const found = await locateRepository(folder);
  if (found === null && made.length === 0 && namesIn(folder).length > 0)
    throw new WaybillError('REPO_UNSUPPORTED', `${folder} is neither empty nor a repository`, {
      hint: 'Restore into an empty folder, or into a clone of the project.',
    });
  const place = await placeOf(new Git(folder), from, options.base);
  const present = found === null ? null : await presentStation(folder);
  const stationId = await choose(folder, place, options.stationId ?? present?.id ?? null, limits);
  if (present !== null && present.id !== stationId)
    throw new WaybillError('BACKUP_DIVERGED', `${folder} has a station of its own, ${present.id}, not ${stationId}`, {
      hint: 'Restore into another folder: two stations cannot become one.',
    });
  const begun =
    present === null
      ? await begin(folder, found === null, place, stationId, limits)
      : { created: [], settings: false, policy: false };
  const { station, created } = await prepareStation(folder);
  const lock = takeLock(station.layout.lock);
  try {
    const continued = await continueFrom(station, place, limits);
    const restored = await restoredOrLost(station, options.all);
    return {
      station: station.id,
      root: station.layout.root,
      from: place.shown,
      created: [...begun.created, ...created],
      beyond: await recordBeyond(station),
      settings: begun.settings,
      policy: begun.policy,
      ...continued,
      ...(restored ?? { orders: 0, states: 0, results: 0, evidence: 0, packets: 0, bundles: 0 }),
      lost: restored === null,
    };
  } finally {
    lock.release();
  }
}

/** Null where the tree tells of records that are lost: to restore would wipe out what tells of them. */
async function restoredOrLost(station: Station, all: boolean): Promise<Restored | null> {
  try {
    return await restoreProjections(station, all);
  } catch (error) {
    if (error instanceof WaybillError && error.code === 'LEDGER_BROKEN') return null;
    throw error;
  }
}

async function recordBeyond(station: Station): Promise<number | null> {
  let known = 0;
  for await (const { seq } of commitAnchors(station)) known = Math.max(known, seq);
  return known > ledgerHead(station.layout.ledger).seq ? known : null;
}

async function presentStation(folder: string): Promise<Station | null> {
  try {
    return await openStation(folder);
  } catch (error) {
    if (error instanceof WaybillError && error.code === 'NO_STATION') return null;
    throw error;
  }
}

/** The station that is meant. Throws USAGE with the list when that is not plain. */
async function choose(folder: string, place: Place, wanted: string | null, limits: ToolLimits): Promise<string> {
  if (place.kind === 'bundle' && !exists(place.to)) throw new WaybillError('NO_INPUT', `${place.shown} does not exist`);
  const heads = await headsAt(new Git(folder), place, { ...limits, timeoutMs: LOOK_MS });
  const there = [...heads].filter(([, { journal }]) => journal !== null).map(([id]) => id);
  if (there.length === 0) throw new WaybillError('BACKUP_FAILED', `${place.shown} holds the backup of no station`);
  if (wanted !== null) {
    if (there.includes(wanted)) return wanted;
    throw new WaybillError('BACKUP_FAILED', `${place.shown} holds no backup of ${wanted}, but of ${there.join(', ')}`);
  }
  const [only, ...others] = there;
  if (only !== undefined && others.length === 0) return only;
  throw new WaybillError(
    'USAGE',
    `${place.shown} holds the backups of ${there.length} stations: ${there.sort().join(', ')}`,
    {
      hint: `Name one: --station-id ${there[0] ?? ''}`,
    },
  );
}

/** Makes what a station needs before it can be prepared: a repository, settings, and its id last, which says that it is there. */
async function begin(
  folder: string,
  empty: boolean,
  place: Place,
  stationId: string,
  limits: ToolLimits,
): Promise<{ created: string[]; settings: boolean; policy: boolean }> {
  const created: string[] = [];
  if (empty) {
    await new Git(folder).run(['init', '--quiet']);
    created.push('.git');
  }
  const repo = await openRepository(folder);
  const fetched = `${refsOf(stationId).fetched}/${newUlid().toLowerCase()}`;
  await fetchFrom(repo.git, place, stationId, fetched, limits);
  try {
    const journal = new JournalReader(repo, `${fetched}/journal`);
    const chain = await journalChain(journal);
    // where nothing is checked out yet: the branch that orders landed on, so that they find it
    const landing = chain.links.findLast(({ record }) => record.event === 'landing')?.record;
    if (landing?.event === 'landing') await checkOutUnborn(repo, landing.data.branch);
    /** True where it came out of the journal. */
    const bring = async (name: string, copy: string, read: (bytes: Buffer) => unknown, otherwise: string) => {
      const file = join(repo.root, name);
      if (exists(file)) return false;
      const kept = await journal.file(copy);
      const usable = kept !== null && isUsable(kept, read) ? kept : null;
      writeDurable(file, usable ?? otherwise);
      created.push(name);
      return usable !== null;
    };
    const settings = await bring(SETTINGS_FILE, SETTINGS_COPY, parseSettings, presetText('default'));
    const policy = await bring(POLICY_FILE, POLICY_COPY, parsePolicy, policyText('default'));
    const live = join(repo.gitDir, 'waybill');
    ensureDir(live);
    const about = { v: 1, id: stationId, created_at: now(), restored_from: place.shown };
    writeDurable(join(live, 'station.json'), `${JSON.stringify(about, null, 2)}\n`);
    return { created, settings, policy };
  } finally {
    await dropRefs(repo.git, refsOf(stationId).fetched);
  }
}

async function checkOutUnborn(repo: Repository, branch: string): Promise<void> {
  const head = repo.refs.head();
  if (head.kind === 'detached' || repo.refs.read(head.ref) !== null) return;
  if (/^refs\/heads\/[^\s~^:?*[\\]+$/.test(branch)) await repo.git.try(['symbolic-ref', 'HEAD', branch]);
}

function isUsable(bytes: Buffer, read: (bytes: Buffer) => unknown): boolean {
  try {
    read(bytes);
    return true;
  } catch {
    return false;
  }
}
