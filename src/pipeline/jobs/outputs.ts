import { constants } from 'node:os';
import { join } from 'node:path';
import { commandEvidence } from '../../execute/run-commands.ts';
import { sha256 } from '../../order/canonical-json.ts';
import type { EvidenceManifest } from '../../order/generated.ts';
import { COMMAND_NAME } from '../../order/job.ts';
import { claimOf, type OrderLife } from '../../order/life.ts';
import { exists, readIfThere } from '../../platform/durable.ts';
import { conforms } from '../../platform/schema.ts';
import { type EvidenceFile, evidenceName, MANIFEST } from '../../record/evidence.ts';
import { sealedFolder } from '../../record/journal.ts';
import type { Station } from '../../station/station.ts';

/** What the command of a job said when it ran last, as its producer names the files of it. */

/** How one run is called in the evidence. */
const RUN = /^commands\/(\d+)-[^/]*\.json$/;
/** What a shell's `timeout` exits with, and what a shell adds to the number of a signal: whoever sends jobs reads these. */
const TIMED_OUT = 124;
const SIGNALLED = 128;

/**
 * The files, by name; none where the command never ran. `life`: at its end. `isNewest`: nothing came after that end, so that what lies beside the claim
 * is of this attempt. Null where the evidence that would tell is not to be had.
 */
export function commandOutputs(station: Station, life: OrderLife, isNewest: boolean): Map<string, Buffer> | null {
  const manifest = life.outcome?.evidence?.manifest_sha256;
  if (manifest === undefined) return new Map();
  const claim = join(station.layout.claimed, claimOf(life));
  const evidence = join(station.layout.evidence, evidenceName(life.woId, life.attempt));
  const sealed =
    sealedRuns(evidence, manifest) ??
    sealedRuns(sealedFolder(claim, life.attempt), manifest) ??
    (isNewest && exists(claim) ? commandEvidence(claim) : null);
  return sealed === null ? null : lastRun(sealed);
}

/** What commands left in sealed evidence; null where it is not whole. */
function sealedRuns(folder: string, manifestSha256: string): EvidenceFile[] | null {
  const bytes = readIfThere(join(folder, MANIFEST));
  if (bytes === undefined || sha256(bytes) !== manifestSha256) return null;
  const value: unknown = JSON.parse(bytes.toString('utf8'));
  if (!conforms('evidence-manifest', value)) return null;
  const files: EvidenceFile[] = [];
  for (const { path, sha256: hash } of (value as EvidenceManifest).files) {
    if (!path.startsWith('commands/')) continue;
    const found = readIfThere(join(folder, path));
    if (found === undefined || sha256(found) !== hash) return null;
    files.push({ path, bytes: found });
  }
  return files;
}

interface Run {
  readonly n: number;
  readonly base: string;
  readonly about: Readonly<Record<string, unknown>>;
}

function lastRun(files: readonly EvidenceFile[]): Map<string, Buffer> {
  const runs = files.flatMap(({ path, bytes }): Run[] => {
    const n = RUN.exec(path)?.[1];
    const about: unknown = n === undefined ? null : JSON.parse(bytes.toString('utf8'));
    if (n === undefined || typeof about !== 'object' || about === null || !('name' in about)) return [];
    return about.name === COMMAND_NAME
      ? [{ n: Number(n), base: path.slice(0, -'.json'.length), about: { ...about } }]
      : [];
  });
  const [last] = runs.sort((a, b) => b.n - a.n);
  if (last === undefined) return new Map();
  const bytesOf = (ending: string) => files.find(({ path }) => path === `${last.base}${ending}`)?.bytes;
  return new Map([
    ['stdout.txt', bytesOf('.stdout') ?? Buffer.alloc(0)],
    ['stderr.txt', bytesOf('.stderr') ?? Buffer.alloc(0)],
    ['rc.txt', line(exitCodeOf(last.about))],
    ['duration_s.txt', line(secondsOf(last.about))],
  ]);
}

/** As a shell would have it: one number for every way to end. */
function exitCodeOf({ exit_code: code, signal, timed_out: late }: Run['about']): number {
  if (late === true) return TIMED_OUT;
  if (typeof code === 'number') return code;
  const number = Object.entries(constants.signals).find(([name]) => name === signal)?.[1];
  return SIGNALLED + (number ?? 0);
}

/** Whole seconds, as its readers expect. */
function secondsOf({ duration_ms: milliseconds }: Run['about']): number {
  return typeof milliseconds === 'number' ? Math.round(milliseconds / 1000) : 0;
}

function line(value: number): Buffer {
  return Buffer.from(`${value}\n`);
}
