import { basename, dirname, join } from 'node:path';
import { sha256 } from '../order/canonical-json.ts';
import type { Change } from '../order/change.ts';
import { isOutside } from '../order/change.ts';
import { renderDiff } from '../order/diff.ts';
import { WaybillError } from '../order/error.ts';
import type { CheckResult, EvidenceManifest, RedactedEvidence } from '../order/generated.ts';
import type { OrderLife } from '../order/life.ts';
import { cutProse } from '../order/secrets/prose.ts';
import { CUT, type Redactor } from '../order/secrets/redactor.ts';
import { digestIfThere, type Kind, kindsBelow } from '../platform/digest.ts';
import { namesIn, readIfThere, removeTree, writeUnsynced } from '../platform/durable.ts';
import { errno, fs } from '../platform/fs.ts';
import { conform, conforms } from '../platform/schema.ts';

/** One file of an order's evidence, as raw bytes. */
export interface EvidenceFile {
  readonly path: string;
  readonly bytes: Buffer;
}

export interface SealedEvidence {
  readonly files: readonly EvidenceFile[];
  readonly manifestSha256: string;
}

export const MANIFEST = 'manifest.json';
/** Says which files hold less than there was, because secrets were cut out of them; there only where some were. */
export const REDACTED = 'redacted.json';
/** Below it lies what came with an order: the other files of a bundle, or the file that a rule made the order of. */
export const REQUEST_FOLDER = 'request';

/** What is known of an order when its evidence is sealed. */
export interface EvidenceSource {
  readonly life: OrderLife;
  /** The order's own bytes first, then what came with them. */
  readonly request: readonly EvidenceFile[];
  readonly plan: Record<string, unknown> | null;
  readonly changes: readonly Change[];
  readonly commands: readonly EvidenceFile[];
  /** What people were asked, and what they decided. */
  readonly approvals: readonly EvidenceFile[];
  /** What the steps of a mission were told, said and gave. */
  readonly mission: readonly EvidenceFile[];
  readonly checks: readonly CheckResult[];
  /** Cuts secrets out of all of it. */
  readonly redactor: Redactor;
}

/** Puts an order's evidence together and seals it with a manifest. The same input gives the same bytes. */
export function sealEvidence(source: EvidenceSource): SealedEvidence {
  const { life, changes } = source;
  const whole: EvidenceFile[] = [
    ...source.request,
    { path: 'changes.patch', bytes: renderDiff(changes) },
    ...source.approvals,
    ...source.mission,
  ];
  if (source.plan !== null) whole.push(json('plan.json', source.plan));
  const files = withoutSecrets(source, whole);
  const cut = whole.filter(({ bytes }, i) => bytes !== files[i]?.bytes);
  if (cut.length > 0) files.push(json(REDACTED, redacted(source, cut)));
  files.push(...source.commands);
  files.push(json('checks.json', { v: 1, checks: source.checks }));
  files.push(json('receipt.json', receipt(source)));
  files.sort((a, b) => (a.path < b.path ? -1 : 1));
  const manifest: EvidenceManifest = {
    v: 1,
    wo_id: life.woId,
    attempt: life.attempt,
    files: files.map((f) => ({ path: f.path, sha256: sha256(f.bytes), size: f.bytes.length })),
  };
  const sealed = json(MANIFEST, manifest);
  return { files: [...files, sealed], manifestSha256: sha256(sealed.bytes) };
}

/** The same files, and the same buffers where nothing is cut out. What decides stands in the ledger by its hash. */
function withoutSecrets(
  { life, request, plan, redactor }: EvidenceSource,
  whole: readonly EvidenceFile[],
): EvidenceFile[] {
  const files = whole.map((file) => {
    if (file.path !== 'plan.json') return { path: file.path, bytes: redactor.redact(file.bytes) };
    const clean = cutProse(redactor, plan);
    return clean === plan ? file : json(file.path, clean);
  });
  const secrets = life.admitted?.secrets ?? [];
  if (secrets.length === 0) return files;
  // in a form that cannot be cut out, as in base64, or known only to the station that took it: nothing of the request stays
  const isFound = request.some(({ bytes }, i) => bytes !== files[i]?.bytes);
  const isHidden = !isFound || secrets.some(({ where }) => !/\d:\d+$/.test(where));
  return isHidden
    ? files.map((file, i) => (i < request.length ? { ...file, bytes: Buffer.from(`${CUT}\n`) } : file))
    : files;
}

function redacted({ life, redactor }: EvidenceSource, cut: readonly EvidenceFile[]): RedactedEvidence {
  return {
    v: 1,
    wo_id: life.woId,
    attempt: life.attempt,
    request_sha256: life.admitted?.request.sha256 ?? null,
    files: cut.map(({ path, bytes }) => ({ path, cuts: Math.max(1, redactor.find(bytes).length) })),
  };
}

/** Throws REQUEST_CUT where the evidence does not hold the order's request as it was. */
export function assertWholeRequest(woId: string, files: readonly EvidenceFile[]): void {
  const about = files.find((file) => file.path === REDACTED);
  if (about === undefined) return;
  const { files: cut }: RedactedEvidence = conform(
    'redacted-evidence',
    JSON.parse(about.bytes.toString('utf8')),
    'NEWER_VERSION',
  );
  if (cut.some(({ path }) => path.startsWith('request')))
    throw new WaybillError('REQUEST_CUT', `the request of ${woId} held a secret, and the records have it without`);
}

/** An in-toto Statement v1 whose subjects are the result blobs. Commit and tree stand in the ledger: the commit names the evidence. */
function receipt({ life, changes, checks }: EvidenceSource): Record<string, unknown> {
  const subject = changes.flatMap(({ path, after }) =>
    after === null ? [] : [{ name: path, digest: { sha256: sha256(after.bytes).slice(7) } }],
  );
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject,
    predicateType: 'https://waybill.dev/receipt/v1',
    predicate: {
      wo_id: life.woId,
      attempt: life.attempt,
      lane: life.admitted?.lane ?? null,
      requester: life.admitted?.requester ?? null,
      request_sha256: life.admitted?.request.sha256 ?? null,
      plan_sha256: life.started?.plan_sha256 ?? null,
      branch: life.started?.branch ?? null,
      base: life.started?.head ?? null,
      removed: changes.filter((c) => c.after === null).map((c) => c.path),
      outside: changes.filter((c) => isOutside(c.path)).map((c) => c.path),
      checks: checks.map(({ name, ok }) => ({ name, ok })),
    },
  };
}

function json(path: string, value: unknown): EvidenceFile {
  return { path, bytes: Buffer.from(`${JSON.stringify(value, null, 2)}\n`, 'utf8') };
}

/** The folder of one attempt's evidence: the first has the order's id, later ones add `@n`, which no id can hold. */
export function evidenceName(woId: string, attempt: number): string {
  return attempt <= 1 ? woId : `${woId}@${attempt}`;
}

/** Writes sealed evidence where operators look. A projection: the journal holds the same bytes. */
export function projectEvidence(folder: string, sealed: Pick<SealedEvidence, 'files'>): void {
  const temporary = join(dirname(folder), `.${basename(folder)}.tmp`);
  makeAnew(temporary);
  for (const file of sealed.files) writeUnsynced(join(temporary, file.path), file.bytes);
  try {
    fs.renameSync(temporary, folder);
  } catch (error) {
    if (errno(error) !== 'ENOTEMPTY' && errno(error) !== 'EEXIST' && errno(error) !== 'ENOTDIR') throw error;
    removeTree(folder);
    fs.renameSync(temporary, folder);
  }
}

/** An empty folder, in general where nothing is: looking first costs as much as making it. */
function makeAnew(path: string): void {
  try {
    fs.mkdirSync(path);
  } catch (error) {
    if (errno(error) !== 'EEXIST') return void fs.mkdirSync(path, { recursive: true });
    removeTree(path);
    fs.mkdirSync(path);
  }
}

/** One thing wrong with evidence on disk. */
export interface EvidenceFault {
  readonly kind: 'missing' | 'changed' | 'duplicate' | 'stray' | 'manifest';
  readonly path: string;
}

/** Holds an evidence folder against its manifest, and the manifest against the hash in the ledger. */
export function checkEvidence(folder: string, manifestSha256: string): EvidenceFault[] {
  const there = kindsBelow(folder);
  if (there.has(MANIFEST) && there.get(MANIFEST) !== 'file') return [{ kind: 'changed', path: MANIFEST }];
  const bytes = there.has(MANIFEST) ? readIfThere(`${folder}/${MANIFEST}`) : undefined;
  if (bytes === undefined) return [{ kind: 'missing', path: MANIFEST }];
  if (sha256(bytes) !== manifestSha256) return [{ kind: 'changed', path: MANIFEST }];
  const value: unknown = JSON.parse(bytes.toString('utf8'));
  if (!conforms('evidence-manifest', value)) return [{ kind: 'manifest', path: MANIFEST }];
  const faults: EvidenceFault[] = [];
  const listed = new Set<string>([MANIFEST]);
  for (const file of (value as EvidenceManifest).files) {
    if (listed.has(file.path)) faults.push({ kind: 'duplicate', path: file.path });
    listed.add(file.path);
    const kind = fileKind(folder, file, there.get(file.path));
    if (kind !== null) faults.push({ kind, path: file.path });
  }
  const strays = [...there.keys()].filter((path) => there.get(path) !== 'folder' && !listed.has(path));
  for (const path of strays.sort()) faults.push({ kind: 'stray', path });
  return faults;
}

/** What is wrong with a file that a manifest lists; `kind`: what the listing of the folder says of it. */
function fileKind(
  folder: string,
  file: EvidenceManifest['files'][number],
  kind: Kind | undefined,
): 'missing' | 'changed' | null {
  if (kind === undefined) return 'missing';
  const found = kind === 'file' ? digestIfThere(`${folder}/${file.path}`) : null;
  if (found === undefined) return 'missing';
  return found === null || found.size !== file.size || found.sha256 !== file.sha256 ? 'changed' : null;
}

/** Every file below a folder, relative, sorted. */
export function filesBelow(folder: string, prefix = ''): string[] {
  return namesIn(folder)
    .sort()
    .flatMap((name) => {
      const path = join(folder, name);
      return fs.lstatSync(path).isDirectory() ? filesBelow(path, `${prefix}${name}/`) : [`${prefix}${name}`];
    });
}
