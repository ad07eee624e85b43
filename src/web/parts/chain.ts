import { html } from 'hono/html';
import type { MissionStep, StepStanding } from '../../views/missions/mission-row.ts';
import type { Html } from '../page.ts';
import { shown } from './text.ts';

/** A mark and a word for each: colour says nothing that text does not. */
const SIGNS: Readonly<Record<StepStanding, readonly [string, string]>> = {
  done: ['✓', 'done'],
  failed: ['✗', 'failed'],
  now: ['▶', 'now'],
  lost: ['!', 'broken off'],
  asks: ['?', 'asks you'],
  to_come: ['○', 'to come'],
  again: ['↻', 'to be done again'],
};

/** A mission's chain as a row of steps: which are done, which is being done, which come. */
export function chainRow(steps: readonly MissionStep[]): Html {
  return html`<ol class="chain">${steps.map(({ id, standing, agent, verdict, times }) => {
    const [mark, word] = SIGNS[standing];
    const more = [
      ...(verdict === null || standing === 'to_come' ? [] : [verdict.replaceAll('_', ' ')]),
      ...(agent === null || standing === 'to_come' ? [] : [`by ${agent}`]),
      ...(times > 1 ? [`${times} times`] : []),
    ];
    return html`<li class="${standing}"><span class="mark" aria-hidden="true">${mark}</span> <b>${shown(id, 40)}</b> <span class="sr">${word}</span>${more.length === 0 ? '' : html`<span class="soft">${shown(more.join(', '), 80)}</span>`}</li>`;
  })}</ol>`;
}
