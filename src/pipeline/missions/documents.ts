import { join } from 'node:path';
import { sha256 } from '../../order/canonical-json.ts';
import { WaybillError } from '../../order/error.ts';
import type { HistoryEntry, Output } from '../../order/mission.ts';
import { ensureDir, exists, readIfThere, syncDir, writeDurable } from '../../platform/durable.ts';
import { type EvidenceFile, filesBelow } from '../../record/evidence.ts';
import { redactorOf } from '../../station/redactor.ts';
import type { Runtime } from '../runtime.ts';

/** What the steps of a mission were told, said and gave: beside the claim while it lives, and in the evidence. */

/** In the claim folder; the dot keeps it apart from lanes. In the evidence it is `mission/`. */
export const MISSION_FOLDER = '.mission';
export const EVIDENCE_FOLDER = 'mission';
/** In either of them: the chain as it was read when the mission began. */
export const CHAIN_FILE = 'chain.yaml';

/** The folder of one step. */
export function stepFolder(claimFolder: string, n: number, step: string): string {
  return join(claimFolder, MISSION_FOLDER, folderName(n, step));
}

/** The same one in the evidence of its attempt. */
export function evidenceFolderOf(evidence: string, n: number, step: string): string {
  return join(evidence, EVIDENCE_FOLDER, folderName(n, step));
}

/** Where a file of a step is in the evidence: relative to that. */
export function evidencePathOf({ n, step }: Pick<Given, 'n' | 'step'>, file: string): string {
  return `${EVIDENCE_FOLDER}/${folderName(n, step)}/${file}`;
}

function folderName(n: number, step: string): string {
  return `${String(n).padStart(2, '0')}-${step}`;
}

/**
 * Keeps a document that a step gave, without secrets; durable when this returns. They are cut before it is hashed, so that what goes on from it,
 * what people see and what the evidence holds is one document.
 */
export function keepDocument(
  rt: Pick<Runtime, 'station'>,
  folder: string,
  name: string,
  raw: string | Uint8Array,
  ending = 'json',
): Output {
  const bytes = redactorOf(rt.station.settings).redact(Buffer.from(raw));
  ensureDir(folder);
  writeDurable(join(folder, `${name}.${ending}`), bytes);
  syncDir(folder);
  return { name, sha256: sha256(bytes) };
}

/**
 * The newest document of a name that the steps gave, as bytes; null where none did. Throws MISSION_ALTERED where it is not what the ledger has the
 * hash of: what is gone on with is what was recorded, and what a person saw.
 */
export function latestDocument(claimFolder: string, history: readonly HistoryEntry[], name: string): Buffer | null {
  for (const entry of history.toReversed()) {
    const given = givenBy(entry);
    const output = given?.outputs.find((one) => one.name === name);
    if (given === null || output === undefined) continue;
    const path = join(stepFolder(claimFolder, given.n, given.step), `${name}.json`);
    const bytes = readIfThere(path);
    if (bytes !== undefined && sha256(bytes) === output.sha256) return bytes;
    const what = bytes === undefined ? 'is gone' : 'is not what it was';
    throw new WaybillError('MISSION_ALTERED', `the ${name} of step ${given.n}, ${given.step}, ${what}: ${path}`);
  }
  return null;
}

/** What a record says was given, and the step in whose folder it lies; null where it says nothing of the kind. */
export interface Given {
  readonly n: number;
  readonly step: string;
  readonly outputs: readonly Output[];
}

/** The word in the place of a step's, for what the runner made when the base moved. */
export const REBASED = 'rebased';

/** Steps give documents, and so does a base that moved: then what was made for reviewers is made anew. */
export function givenBy(entry: HistoryEntry): Given | null {
  if (entry.kind === 'stepped') return entry;
  if (entry.kind !== 'rebased' || entry.n === undefined) return null;
  return { n: entry.n, step: REBASED, outputs: entry.outputs ?? [] };
}

/** All of it, for the evidence. What a kill left half written begins with a dot, and is none. */
export function missionEvidence(claimFolder: string): EvidenceFile[] {
  const folder = join(claimFolder, MISSION_FOLDER);
  if (!exists(folder)) return [];
  return filesBelow(folder)
    .filter((path) => !path.split('/').some((part) => part.startsWith('.')))
    .sort()
    .map((path) => ({
      path: `${EVIDENCE_FOLDER}/${path}`,
      bytes: readIfThere(join(folder, path)) ?? Buffer.alloc(0),
    }));
}
