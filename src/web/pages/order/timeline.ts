import { html } from 'hono/html';
import type { Recorded } from '../../../order/event.ts';
import { gist } from '../../../views/gist.ts';
import { type StoryLine, storyOf } from '../../../views/story/story.ts';
import { durationText } from '../../../views/words.ts';
import type { Html } from '../../page.ts';
import { shown } from '../../parts/text.ts';
import { time } from '../../parts/time.ts';

/** Lines that are drawn: the first ones and the last ones. */
const [FIRST, LAST] = [20, 180];

/** What happened to it, in sentences; and the ledger's records that tell it. */
export function timelineOf(records: readonly Recorded[]): Html {
  if (records.length === 0)
    return html`<section class="card"><h2>What happened</h2><p class="none">The ledger on disk has no record of it any more.</p></section>`;
  const lines = storyOf(records);
  const attempts = new Set(lines.map(({ attempt }) => attempt)).size;
  return html`<section class="card"><h2>What happened</h2>
<ol class="story">${ends(lines).map((line, i, all) =>
    line === null
      ? html`<li class="cut">${lines.length - FIRST - LAST} more lines are not shown here: <code>waybill log</code> has all.</li>`
      : storyLine(line, attempts > 1 && line.attempt !== (all[i - 1]?.attempt ?? 0)),
  )}</ol>
<details><summary>Ledger records: ${records.length}</summary><div class="scroll"><table><thead><tr><th scope="col" class="n">Record</th><th scope="col">Time</th><th scope="col">Event</th><th scope="col">From, to</th><th scope="col">Of it</th></tr></thead>
<tbody>${ends(records).map((record) =>
    record === null
      ? html`<tr><td colspan="5" class="cut">${records.length - FIRST - LAST} more records are not shown here.</td></tr>`
      : html`<tr><td class="n">${record.seq}</td><td><code>${record.ts}</code></td><td>${record.event}</td><td>${record.to === null ? '' : `${record.from ?? 'new'} → ${record.to}`}</td><td>${shown(gist(record), 300)}</td></tr>`,
  )}</tbody></table></div></details></section>`;
}

function storyLine({ at, kind, text, ok, attempt, duration_ms: took }: StoryLine, isNew: boolean): Html {
  const mark = ok === null ? '·' : ok ? '✓' : '✗';
  return html`<li class="${kind}${ok === null ? '' : ok ? ' good' : ' ill'}">${isNew ? html`<strong class="attempt">Attempt ${attempt}</strong> ` : ''}${time(at)} <span aria-hidden="true" class="mark">${mark}</span> ${shown(text, 500)}${took === null || took < 1 ? '' : html` <span class="took">${durationText(took)}</span>`}</li>`;
}

/** All of a list, or its two ends with null between. */
function ends<T>(all: readonly T[]): (T | null)[] {
  return all.length <= FIRST + LAST ? [...all] : [...all.slice(0, FIRST), null, ...all.slice(-LAST)];
}
