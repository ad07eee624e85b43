import { join } from 'node:path';
import type { Recorded } from '../../order/event.ts';
import type { EvidenceManifest } from '../../order/generated.ts';
import { conforms } from '../../platform/schema.ts';
import { evidenceName, MANIFEST } from '../../record/evidence.ts';
import type { Station } from '../../station/station.ts';
import { type CommandRun, commandRuns } from './commands.ts';
import { type Part, partOf } from './part.ts';

/** The evidence of one attempt, as it lies on disk. Nothing of it is held against its hashes here: that is asked for (verify.ts). */
export interface EvidenceView {
  readonly attempt: number;
  /** Relative to the root. */
  readonly path: string;
  /** As the ledger has it. */
  readonly manifestSha256: string;
  /** As its manifest lists them; null where that is not on disk, or is no manifest. */
  readonly files: EvidenceManifest['files'] | null;
  readonly plan: PlanView | null;
  readonly patch: Part | null;
  readonly commands: readonly CommandRun[];
  readonly request: (Part & { readonly path: string }) | null;
}

/** What an order was going to do. */
export interface PlanView {
  readonly changes: readonly { readonly path: string; readonly what: 'create' | 'modify' | 'delete' }[];
  readonly commands: readonly { readonly name: string; readonly run: string; readonly cwd: string | null }[];
  readonly checks: readonly { readonly name: string; readonly run: string }[];
}

const MOST_MANIFEST_BYTES = 8 * 1024 * 1024;
const MOST_PLAN_BYTES = 2 * 1024 * 1024;
/** Of a patch. */
const MOST_PATCH_BYTES = 512 * 1024;
const MOST_REQUEST_BYTES = 32 * 1024;

/** The attempts of an order that left evidence, with the hash of the manifest of each; those that were purged are not among them. */
export function sealedAttempts(records: readonly Recorded[]): Map<number, string> {
  const sealed = new Map<number, string>();
  for (const record of records) {
    if (record.event === 'purged') sealed.clear();
    const { evidence } = record.data as { evidence?: { manifest_sha256: string } | null };
    if (evidence != null) sealed.set(record.attempt, evidence.manifest_sha256);
  }
  return sealed;
}

/** Reads what is shown of the evidence of one attempt. */
export function evidenceView(
  station: Station,
  woId: string,
  attempt: number,
  manifestSha256: string,
  request: string | null,
): EvidenceView {
  const name = evidenceName(woId, attempt);
  const folder = join(station.layout.evidence, name);
  const asked = request === null ? null : partOf(join(folder, request), MOST_REQUEST_BYTES);
  return {
    attempt,
    path: `${station.settings.paths.evidence}/${name}`,
    manifestSha256,
    files: manifestOf(folder),
    plan: planOf(partOf(join(folder, 'plan.json'), MOST_PLAN_BYTES)),
    patch: partOf(join(folder, 'changes.patch'), MOST_PATCH_BYTES),
    commands: commandRuns(join(folder, 'commands')),
    request: asked === null || request === null ? null : { ...asked, path: request },
  };
}

function manifestOf(folder: string): EvidenceManifest['files'] | null {
  const value = jsonOf(partOf(join(folder, MANIFEST), MOST_MANIFEST_BYTES));
  return conforms('evidence-manifest', value) ? (value as EvidenceManifest).files : null;
}

/** A plan is ours, and yet somebody may have changed it: what is not as we write it is left out. */
function planOf(part: Part | null): PlanView | null {
  const plan = jsonOf(part);
  if (!isObject(plan)) return null;
  const list = (key: string) => (Array.isArray(plan[key]) ? (plan[key] as unknown[]).filter(isObject) : []);
  const text = (value: unknown) => (typeof value === 'string' ? value : '');
  return {
    changes: list('changes').map(({ path, before, after }) => ({
      path: text(path),
      what: before == null ? ('create' as const) : after == null ? ('delete' as const) : ('modify' as const),
    })),
    commands: list('commands').map(({ name, run, cwd }) => ({
      name: text(name),
      run: text(run),
      cwd: typeof cwd === 'string' ? cwd : null,
    })),
    checks: list('checks').map(({ name, run }) => ({ name: text(name), run: text(run) })),
  };
}

function jsonOf(part: Part | null): unknown {
  if (part === null || part.cut > 0) return null;
  try {
    return JSON.parse(part.text);
  } catch {
    return null;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
