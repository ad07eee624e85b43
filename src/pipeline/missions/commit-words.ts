import type { OrderLife } from '../../order/life.ts';
import { readPacket } from '../../spine/packets/packet.ts';
import { redactorOf } from '../../station/redactor.ts';
import type { Runtime } from '../runtime.ts';
import { latestDocument } from './documents.ts';

/** What a mission says in its commit: the words of its steward, and as trailers who did which step. */
export interface CommitWords {
  readonly body: readonly string[];
  readonly trailers: readonly string[];
}

const MOST_WORDS = 4000;

/** Nothing for orders that are no missions. */
export function commitWords(rt: Runtime, life: OrderLife): CommitWords {
  const history = life.mission?.history ?? [];
  const doers = new Set(
    history.flatMap((e) =>
      e.kind === 'stepped' && e.ok && e.agent !== null ? [`${e.agent} (${e.role ?? e.step})`] : [],
    ),
  );
  const trailers = doers.size === 0 ? [] : [`Agents: ${[...doers].join(', ')}`];
  const words = redactorOf(rt.station.settings).redactText(closingWords(rt, life));
  return { body: words === '' ? [] : plainLines(words), trailers };
}

/** Gates have just looked at the packet: what became of it since is no reason to hold up a landing, others are in it. */
function closingWords(rt: Runtime, life: OrderLife): string {
  try {
    const bytes = latestDocument(rt.claimFolder(life), life.mission?.history ?? [], 'closing_packet');
    if (bytes === null) return '';
    const { summary, commit_message: message } = readPacket('closing_packet', bytes);
    return `${message ?? ''}\n\n${summary}`.trim();
  } catch (error) {
    rt.log.warn(
      { err: error, wo_id: life.woId },
      'the closing packet cannot be read; the commit goes without its words',
    );
    return '';
  }
}

/** Words of an agent in a commit of ours: no control characters, and no line that reads like a trailer. */
function plainLines(words: string): string[] {
  return words
    .slice(0, MOST_WORDS)
    .split(/\r?\n/)
    .map((line) => line.replace(/\p{Cc}/gu, ' ').trimEnd())
    .map((line) => (/^[A-Za-z0-9-]+\s*:/.test(line) ? `  ${line}` : line));
}
