import { join } from 'node:path';
import { digestIfThere, kindsBelow } from '../../platform/digest.ts';
import { exists, readIfThere } from '../../platform/durable.ts';
import { conforms } from '../../platform/schema.ts';
import { readLedger } from '../../record/ledger.ts';
import type { Station } from '../../station/station.ts';
import { isTracked, linkOn } from '../missions/artifact.ts';
import {
  type Bundle,
  bundleFolder,
  bundlePath,
  LEDGER_REFS_FILE,
  MANIFEST_FILE,
  PACKET_REFS_FILE,
  parseLedgerRef,
  RESULT_FILE,
} from './bundle.ts';

/** One thing that does not hold in a bundle as it lies on disk. */
export interface BundleFault {
  /**
   * `dangling`: a reference that leads nowhere. `unproved`: nothing tells any more what it must hold. `link`: it does not lie there, but where the link
   * leads. `tracked`: why nothing is written there.
   */
  readonly kind: 'missing' | 'changed' | 'duplicate' | 'stray' | 'dangling' | 'unproved' | 'link' | 'tracked';
  /** Relative to the bundle; empty for the bundle itself. */
  readonly path: string;
  /** In words, the path included. */
  readonly what: string;
}

/**
 * Holds a bundle on disk against the one computed from ledger and evidence: a manifest that was made again for other files fits these, and never what
 * the ledger says. Each file is named once; empty where everything holds.
 */
export function checkBundle(station: Station, bundle: Bundle): BundleFault[] {
  const folder = bundleFolder(station, bundle.woId);
  const here = bundlePath(station, bundle.woId);
  const link = linkOn(station, here);
  if (link !== null) return [{ kind: 'link', path: '', what: `${link} is a link` }];
  const faults = differences(station, bundle, folder);
  if (faults.length > 0 && isTracked(station, here))
    faults.unshift({ kind: 'tracked', path: '', what: 'git tracks files there, so the bundle is not written' });
  return faults;
}

function differences(station: Station, bundle: Bundle, folder: string): BundleFault[] {
  const there = kindsBelow(folder);
  if (there.size === 0) return [{ kind: 'missing', path: '', what: 'the bundle is missing' }];
  const holds = (paths: Iterable<string>, path: string) => [...paths].some((other) => other.startsWith(`${path}/`));
  const faults: BundleFault[] = [];
  for (const [path, { sha256 }] of [...bundle.files].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const found = there.get(path) === 'file' ? digestIfThere(join(folder, path)) : there.has(path) ? null : undefined;
    if (found === undefined) {
      // what nothing tells of may have been none
      if (sha256 !== null || path === MANIFEST_FILE) faults.push({ kind: 'missing', path, what: `${path} is missing` });
    } else if (sha256 === null)
      faults.push({
        kind: 'unproved',
        path,
        what: `${path} cannot be proved: the evidence that it comes from is gone`,
      });
    else if (found?.sha256 !== sha256) faults.push({ kind: 'changed', path, what: `${path} is changed` });
  }
  // a folder with something in it is told by that
  for (const [path, kind] of [...there].sort(([a], [b]) => (a < b ? -1 : 1)))
    if (
      !bundle.files.has(path) &&
      (kind !== 'folder' || !(holds(there.keys(), path) || holds(bundle.files.keys(), path)))
    )
      faults.push({ kind: 'stray', path, what: `${path} is stray` });
  const isChanged = (name: string) => faults.some(({ kind, path }) => path === name && kind === 'changed');
  if (isChanged(MANIFEST_FILE)) faults.push(...doubled(folder));
  for (const name of [RESULT_FILE, PACKET_REFS_FILE, LEDGER_REFS_FILE] as const)
    if (isChanged(name)) faults.push(...dangling(station, bundle.woId, name));
  return faults;
}

/** Paths that the manifest on disk lists more than once. */
function doubled(folder: string): BundleFault[] {
  const seen = new Set<string>();
  const twice = new Set<string>();
  for (const line of readIfThere(join(folder, MANIFEST_FILE))?.toString('utf8').split('\n') ?? []) {
    const path = /^[0-9a-f]{64} [ *](.+)$/.exec(line)?.[1];
    if (path === undefined) continue;
    if (seen.has(path)) twice.add(path);
    seen.add(path);
  }
  return [...twice].map((path) => ({ kind: 'duplicate', path, what: `${path} stands in ${MANIFEST_FILE} twice` }));
}

const CONTRACTS = {
  [RESULT_FILE]: 'job-result',
  [PACKET_REFS_FILE]: 'job-packet-refs',
  [LEDGER_REFS_FILE]: 'job-ledger-refs',
} as const;

/** References of a file on disk that lead to no file of the bundle, and to no record of the ledger. */
function dangling(station: Station, woId: string, name: keyof typeof CONTRACTS): BundleFault[] {
  const bad = (what: string): BundleFault => ({ kind: 'dangling', path: name, what: `${name} ${what}` });
  let value: unknown;
  try {
    value = JSON.parse(readIfThere(join(bundleFolder(station, woId), name))?.toString('utf8') ?? '');
  } catch {
    return [bad('is no JSON')];
  }
  if (!conforms(CONTRACTS[name], value)) return [bad('is not what it is by its name')];
  const { packet_refs: packets = [], ledger_refs: records = [] } = value as {
    readonly packet_refs?: readonly string[];
    readonly ledger_refs?: readonly string[];
  };
  return [
    ...packets.filter((ref) => !isPacket(station, woId, ref)).map((ref) => bad(`refers to ${ref}, which is not there`)),
    ...records
      .filter((ref) => !isOnLedger(station, ref))
      .map((ref) => bad(`refers to ${ref}, which is not on the ledger`)),
  ];
}

function isPacket(station: Station, woId: string, ref: string): boolean {
  const isInside = ref.startsWith(`${bundlePath(station, woId)}/packets/`) && !ref.split('/').includes('..');
  return isInside && exists(join(station.layout.root, ref));
}

function isOnLedger(station: Station, ref: string): boolean {
  const told = parseLedgerRef(ref);
  if (told === null) return false;
  const [record] = readLedger(station.layout.ledger, told.seq);
  return record?.seq === told.seq && record.hash === told.hash;
}
