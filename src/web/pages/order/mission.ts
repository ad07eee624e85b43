import { html } from 'hono/html';
import type { SpineOutcome, SpineStep } from '../../../order/generated.ts';
import { budgetText } from '../../../views/missions/mission-outcome.ts';
import { durationText } from '../../../views/words.ts';
import type { Html } from '../../page.ts';
import { figure } from '../../parts/pager.ts';
import { shown } from '../../parts/text.ts';

const STEPS = 200;

/** How far a mission came: its steps with who did each, what they judged, used and cost. */
export function missionOf(mission: SpineOutcome | null): Html {
  if (mission === null) return html``;
  const { chain, steps, budget, usage_complete: isComplete, outcome, reason, terminal_packet: packet } = mission;
  return html`<section class="card"><h2>Mission</h2>
<p>${chain === null ? 'It has not begun.' : html`${shown(chain.name, 60)}: ${chain.steps.map((id, i) => html`${i === 0 ? '' : ' › '}<span class="${stepClass(id, steps)}">${shown(id, 40)}</span>`)}`}</p>
${outcome === 'CHECKPOINT' ? '' : html`<p>Outcome: <strong>${outcome}</strong>${reason === outcome ? '' : html` (${shown(reason, 80)})`}</p>`}
${steps.length === 0 ? '' : stepTable(steps)}
<p>Used: ${budgetText(budget).join(', ') || 'nothing'}${isComplete ? '' : ', at least: not every agent told'}.</p>
<ul class="meters">${Object.entries(budget).map(([key, { used, limit }]) => (limit === null || limit <= 0 ? '' : html`<li><label>${key.replace('_', ' ')} <meter min="0" max="${limit}" high="${limit * 0.9}" value="${Math.min(used, limit)}">${Math.round((used / limit) * 100)} %</meter> ${Math.round((used / limit) * 100)} %</label></li>`))}</ul>
${packet === null ? '' : html`<p>Terminal packet: <code>${shown(packet, 200)}</code></p>`}</section>`;
}

function stepClass(id: string, steps: readonly SpineStep[]): string {
  const last = steps.findLast(({ step }) => step === id);
  if (last === undefined) return 'none';
  return last.outcome === 'ok' ? 'ok' : last.outcome === 'running' ? 'now' : 'bad';
}

function stepTable(steps: readonly SpineStep[]): Html {
  const left = Math.max(0, steps.length - STEPS);
  return html`${left > 0 ? html`<p class="cut">The first ${left} steps are not shown here.</p>` : ''}<div class="scroll"><table><thead><tr><th scope="col" class="n">#</th><th scope="col">Step</th><th scope="col">Agent</th><th scope="col">Verdict</th><th scope="col" class="n">Time</th><th scope="col" class="n">Tokens</th><th scope="col" class="n">Cost</th><th scope="col" class="n wide">Diff lines</th></tr></thead>
<tbody>${steps
    .slice(left)
    .map(
      (step) =>
        html`<tr><td class="n">${step.n}</td><td>${shown(step.step, 60)}</td><td>${step.agent === null ? html`<span class="none">the runner</span>` : shown(step.agent, 60)}</td><td>${verdictOf(step)}</td><td class="n">${step.seconds === null ? '–' : durationText(step.seconds * 1000)}</td><td class="n">${step.agent === null ? '' : step.tokens === null ? 'not told' : figure(step.tokens)}</td><td class="n">${step.agent === null ? '' : step.usd === null ? 'not told' : `$${step.usd.toFixed(2)}`}</td><td class="n wide">${step.diff_lines ?? ''}</td></tr>`,
    )}</tbody></table></div>`;
}

function verdictOf({ outcome, verdict, code, why }: SpineStep): Html {
  const kind = outcome === 'ok' ? 'ok' : outcome === 'running' ? 'now' : 'bad';
  return html`<span class="${kind}">${shown(verdict ?? outcome, 40)}</span>${outcome === 'ok' ? '' : html` ${shown([code, why].filter((part) => part !== null).join(': '), 300)}`}`;
}
