import { sha256 } from '../../order/canonical-json.ts';
import type { Change, Content } from '../../order/change.ts';
import type { ReviewPacket, VerdictPacket } from '../../order/generated.ts';
import { isGoodId } from '../../order/id.ts';
import { fenced } from './fence.ts';
import { isBinary } from './review-packet.ts';

/** One reviewer's answer, and what names it. */
export interface NamedVerdict {
  readonly step: string;
  readonly role: string;
  readonly agent: string;
  /** Hash of the bytes that were handed in. */
  readonly sha256: string;
  readonly verdict: VerdictPacket;
}

export interface ReviewText {
  readonly task: string;
  readonly packet: ReviewPacket;
  /** Hash of the packet's bytes, as its step gave it. */
  readonly packetSha256: string;
  /** The changes that the packet measures, with their content. */
  readonly changes: readonly Change[];
  /** Every answer on this work, the last one last. */
  readonly verdicts: readonly NamedVerdict[];
}

/** `Review_Packet_<Mission>_vX.Y.md`: X is the attempt, Y the revision. An id that is no file name is made one, and no other gets the same. */
export function reviewPacketName(woId: string, attempt: number, revision: number): string {
  const safe = isGoodId(woId)
    ? woId
    : `${woId.replace(/[^A-Za-z0-9_-]+/g, '-').slice(0, 80)}-${sha256(woId).slice(7, 19)}`;
  return `Review_Packet_${safe}_v${attempt}.${revision}.md`;
}

/**
 * The review packet as people read it, without a tool: the task, each changed file as it is now, the diff, the checks, every verdict, and the
 * hashes. Throws nothing; the same input gives the same text.
 */
export function reviewPacketText({ task, packet, packetSha256, changes, verdicts }: ReviewText): string {
  const parts = [
    `# Review packet: ${plainLine(packet.mission)} v${packet.attempt}.${packet.revision}`,
    plainLine(packet.title),
    '## Task',
    fenced(task, 'text'),
    '## Changed files',
    packet.files.length === 0 ? 'None.' : fileTable(packet),
    ...mismatch(packet),
    ...[...changes].sort((a, b) => (a.path < b.path ? -1 : 1)).flatMap(fileText),
    '## Diff',
    packet.diff === '' ? 'None.' : fenced(packet.diff, 'diff'),
    ...(packet.diff_cut === null
      ? []
      : [`Cut: ${packet.diff_cut.shown_bytes} of ${packet.diff_cut.bytes} bytes are shown. The hash is of all of it.`]),
    '## Checks',
    packet.checks.length === 0 ? 'None were run.' : packet.checks.map(checkLine).join('\n'),
    '## Report of the builder',
    packet.report === null ? 'None.' : fenced(JSON.stringify(packet.report, null, 2), 'json'),
    '## Verdicts',
    ...(verdicts.length === 0 ? ['None.'] : verdicts.flatMap(verdictText)),
    '## Hashes',
    [
      `- base: ${packet.base}`,
      `- review packet: ${packetSha256}`,
      `- diff: ${packet.diff_sha256} (${packet.diff_lines} lines)`,
      ...verdicts.map(({ step, sha256: hash }) => `- verdict of ${plainLine(step)}: ${hash}`),
    ].join('\n'),
  ];
  return `${parts.join('\n\n')}\n`;
}

function fileTable({ files }: ReviewPacket): string {
  const rows = files.map(({ path, change, binary, added, removed, after }) => {
    const lines = binary ? 'no text' : `+${added} -${removed}`;
    return `- ${change} ${plainLine(path)} (${lines}${after === null ? '' : `, ${after.sha256}`})`;
  });
  return rows.join('\n');
}

/** What the builder says beside what was found: a difference is worth a look. */
function mismatch({ unreported, unchanged }: ReviewPacket): string[] {
  const told = (words: string, paths: readonly string[]) =>
    paths.length === 0 ? [] : [`${words}: ${paths.map(plainLine).join(', ')}`];
  return [...told('Changed, and not in the report', unreported), ...told('In the report, and not changed', unchanged)];
}

function fileText({ path, before, after }: Change): string[] {
  const head = `### ${plainLine(path)}`;
  if (after === null) return [head, 'Deleted.'];
  const mode =
    before !== null && before.mode !== after.mode ? [`Its mode is ${after.mode} now; it was ${before.mode}.`] : [];
  return [head, ...mode, contentText(after)];
}

function contentText({ bytes }: Content): string {
  if (bytes.length === 0) return 'Empty.';
  if (isBinary(bytes)) return `No text: ${bytes.length} bytes, ${sha256(bytes)}.`;
  const text = bytes.toString('utf8');
  const fence = fenced(text, 'text');
  const notes = [
    ...(text.endsWith('\n') ? [] : ['There is no new line at its end.']),
    ...(Buffer.from(text, 'utf8').equals(bytes) ? [] : ['Bytes that are no UTF-8 are shown as \ufffd.']),
  ];
  return [fence, ...notes].join('\n\n');
}

function checkLine({ name, ok, exit_code, timed_out }: ReviewPacket['checks'][number]): string {
  const why = timed_out ? ', its time was up' : exit_code === null ? '' : `, exit code ${exit_code}`;
  return `- ${ok ? 'passed' : 'failed'}: ${plainLine(name)}${why}`;
}

function verdictText({ step, role, agent, verdict }: NamedVerdict): string[] {
  return [
    `### ${plainLine(step)}: ${verdict.verdict}`,
    `By ${plainLine(agent)} as ${plainLine(role)}.`,
    fenced(JSON.stringify(verdict, null, 2), 'json'),
  ];
}

/** Words of others on a line of ours: one line, with nothing that Markdown makes something of. */
function plainLine(text: string): string {
  return text
    .replace(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .replace(/[\\`*_[\]<>#|~&]/g, '\\$&')
    .trim();
}
