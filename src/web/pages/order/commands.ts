import { html } from 'hono/html';
import type { CommandRun } from '../../../views/order/commands.ts';
import type { OrderDetails } from '../../../views/order/details.ts';
import { durationText } from '../../../views/words.ts';
import type { Html } from '../../page.ts';
import { outputBox } from '../../parts/output.ts';
import { shown } from '../../parts/text.ts';

/** Commands that are drawn. */
const MOST = 60;

/** What it does at this moment, as its programs say it. */
export function runningOf({ state, running }: OrderDetails): Html {
  if (running === null) return html``;
  const { now, ended } = running;
  return html`<section class="card running" aria-label="Running now"><h2>Running now</h2>
<p>${shown(state.progress ?? 'started', 200)}</p>
${ended.length === 0 ? '' : html`<details><summary>Ended in this attempt: ${ended.length}</summary>${commandsOf(ended, 'the claim of the order')}</details>`}
${now.length === 0 ? html`<p class="none">No program has said anything yet.</p>` : now.map(({ n, name, output, tail }) => outputBox(`${n} ${shown(name, 60)}, ${output}`, tail, html`All of it is kept as evidence.`))}
</section>`;
}

/** Commands and checks that ended, each folded with what it said. */
export function commandsOf(runs: readonly CommandRun[], where: string): Html {
  const left = Math.max(0, runs.length - MOST);
  return html`${left > 0 ? html`<p class="cut">The first ${left} are not shown here; they lie in <code>${shown(where, 200)}</code>.</p>` : ''}${runs
    .slice(left)
    .map((run) => commandOf(run, where))}`;
}

function commandOf(run: CommandRun, where: string): Html {
  const { n, name, exitCode, signal, timedOut, durationMs, sandbox } = run;
  const isGood = exitCode === 0 && !timedOut;
  const how = timedOut ? 'timed out' : signal === null ? `exit code ${exitCode ?? '?'}` : `ended by ${signal}`;
  const rest = (ending: string) => html`All of it: <code>${shown(`${where}/${run.file}.${ending}`, 300)}</code>`;
  return html`<details class="command"${isGood ? '' : html` open`}><summary><span class="${isGood ? 'ok' : 'bad'}"><span aria-hidden="true">${isGood ? '✓' : '✗'}</span> ${how}</span> ${n} <code>${shown(name, 100)}</code>${durationMs === null ? '' : html` <span class="took">${durationText(durationMs)}</span>`}</summary>
<p><code>${shown(run.run, 1000)}</code>${sandbox === null ? '' : html` in ${shown(sandbox, 30)}`}</p>
${run.stdout === null ? html`<p class="none">Its output is not read here: ${rest('stdout')}</p>` : outputBox('stdout', run.stdout, rest('stdout'))}
${run.stderr === null || run.stderr.size === 0 ? '' : outputBox('stderr', run.stderr, rest('stderr'))}</details>`;
}
