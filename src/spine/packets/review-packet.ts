import { sha256 } from '../../order/canonical-json.ts';
import type { Change, Content } from '../../order/change.ts';
import { renderDiff } from '../../order/diff.ts';
import type { BuildReport, CheckResult, MeasuredFile, ReviewPacket } from '../../order/generated.ts';

/** What the runner knows when a review is due. */
export interface ReviewSource {
  readonly mission: string;
  readonly title: string;
  readonly attempt: number;
  /** How often the work was sent back in this attempt. */
  readonly revision: number;
  /** The commit that the work is made to. */
  readonly base: string;
  /** All that the mission changes, as the runner measured it. */
  readonly changes: readonly Change[];
  readonly checks: readonly CheckResult[];
  readonly report: BuildReport | null;
}

/** A diff up to this size is shown whole: about as much as a model takes in beside the rest. */
const MOST_SHOWN_BYTES = 256 * 1024;

/** What a reviewer is given: the report, and what was measured beside it. The same source gives the same packet. */
export function reviewPacket(source: ReviewSource): ReviewPacket {
  const { mission, title, attempt, revision, base, checks, report } = source;
  const changes = [...source.changes].sort((a, b) => (a.path < b.path ? -1 : 1));
  const diff = renderDiff(changes);
  const files = changes.map(measuredFile);
  const reported = new Set(report?.changed.map(({ path }) => path));
  const measured = new Set(files.map(({ path }) => path));
  return {
    v: 1,
    mission,
    title,
    attempt,
    revision,
    base,
    files,
    ...shown(diff),
    diff_sha256: sha256(diff),
    diff_lines: countLines(diff).added + countLines(diff).removed,
    checks: checks.map((check) => ({
      name: check.name,
      ok: check.ok,
      exit_code: check.exit_code ?? null,
      timed_out: check.timed_out ?? false,
    })),
    unreported: report === null ? [] : [...measured].filter((path) => !reported.has(path)),
    unchanged: [...reported].filter((path) => !measured.has(path)),
    report: report === null ? null : { ...report },
  };
}

function measuredFile(change: Change): MeasuredFile {
  const { path, before, after } = change;
  const diff = renderDiff([change]);
  // its own line in place of hunks; lines of a file never begin like that in a diff
  const binary = /^Binary files /m.test(diff.toString('latin1'));
  const { added, removed } = countLines(diff);
  return {
    path,
    change: before === null ? 'create' : after === null ? 'delete' : 'modify',
    binary,
    added: binary ? null : added,
    removed: binary ? null : removed,
    before: measuredContent(before),
    after: measuredContent(after),
  };
}

function measuredContent(content: Content | null): MeasuredFile['before'] {
  return content === null ? null : { mode: content.mode, sha256: sha256(content.bytes), size: content.bytes.length };
}

/** Git's own rule: a NUL in the first 8,000 bytes. */
export function isBinary(bytes: Buffer): boolean {
  return bytes.subarray(0, 8000).includes(0);
}

/** Lines added and removed in hunks; the heads of files are none, also where a line of the file looks like one. */
function countLines(diff: Buffer): { added: number; removed: number } {
  let [added, removed, old, now] = [0, 0, 0, 0];
  for (const line of diff.toString('latin1').split('\n')) {
    if (old > 0 || now > 0) {
      if (line.startsWith('+')) [added, now] = [added + 1, now - 1];
      else if (line.startsWith('-')) [removed, old] = [removed + 1, old - 1];
      else if (!line.startsWith('\\')) [old, now] = [old - 1, now - 1];
      continue;
    }
    const hunk = /^@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@/.exec(line);
    if (hunk !== null) [old, now] = [Number(hunk[1] ?? 1), Number(hunk[2] ?? 1)];
  }
  return { added, removed };
}

/** The diff as text, cut after a whole line where it is too long. */
function shown(diff: Buffer): Pick<ReviewPacket, 'diff' | 'diff_cut'> {
  if (diff.length <= MOST_SHOWN_BYTES) return { diff: diff.toString('utf8'), diff_cut: null };
  const end = diff.lastIndexOf(10, MOST_SHOWN_BYTES - 1) + 1;
  return { diff: diff.subarray(0, end).toString('utf8'), diff_cut: { shown_bytes: end, bytes: diff.length } };
}
