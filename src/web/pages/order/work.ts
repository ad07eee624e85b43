import { html } from 'hono/html';
import type { CheckResult } from '../../../order/generated.ts';
import type { OrderLife } from '../../../order/life.ts';
import type { OrderDetails } from '../../../views/order/details.ts';
import type { EvidenceView, PlanView } from '../../../views/order/evidence.ts';
import { durationText, sizeText } from '../../../views/words.ts';
import type { Html } from '../../page.ts';
import { diffView } from '../../parts/diff.ts';
import { shown } from '../../parts/text.ts';
import { commandsOf } from './commands.ts';

const FILES = 100;
const DIFF_LINES = 1500;
/** A diff of so few lines is unfolded at once. */
const SHORT_DIFF_BYTES = 4000;
const CHECKS = 100;

/** What it was to do, what it changed, what its commands and checks said, and what became of it. */
export function workOf({ state, life, evidence }: OrderDetails): Html {
  const parts = [
    planOf(life, evidence),
    evidence?.patch == null || evidence.patch.size === 0 ? null : patchOf(evidence, evidence.patch),
    checksOf(life?.outcome?.checks ?? life?.executed?.checks ?? []),
    evidence === null || evidence.commands.length === 0
      ? null
      : html`<section class="card"><h2>Commands and checks</h2>${commandsOf(evidence.commands, `${evidence.path}/commands`)}</section>`,
    commitsOf(life, state.wo_id, state.title, state.commits),
    leftOf(life),
  ];
  return html`${parts.filter((part) => part !== null)}`;
}

function planOf(life: OrderLife | null, evidence: EvidenceView | null): Html | null {
  const plan = evidence?.plan ?? startedPlan(life);
  if (plan === null) return null;
  const { changes, commands, checks } = plan;
  if (changes.length + commands.length + checks.length === 0) return null;
  return html`<section class="card"><h2>Plan</h2><ol class="plan">${changes
    .slice(0, FILES)
    .map(
      ({ path, what }) => html`<li><span class="what ${what}">${what}</span> <code>${shown(path, 300)}</code></li>`,
    )}${
    changes.length > FILES ? html`<li class="more">and ${changes.length - FILES} more files</li>` : ''
  }${commands.slice(0, FILES).map(({ run, cwd }) => html`<li><span class="what">run</span> <code>${shown(run, 600)}</code>${cwd === null ? '' : html` in <code>${shown(cwd, 200)}</code>`}</li>`)}${checks
    .slice(0, FILES)
    .map(
      ({ name, run }) =>
        html`<li><span class="what">check</span> ${shown(name, 100)}${run === name ? '' : html`: <code>${shown(run, 600)}</code>`}</li>`,
    )}</ol></section>`;
}

/** Before there is evidence the ledger has the files of a plan. */
function startedPlan(life: OrderLife | null): PlanView | null {
  const started = life?.started ?? null;
  if (started === null) return null;
  return {
    changes: started.changes.map(({ path, before, after }) => ({
      path,
      what: before === null ? 'create' : after === null ? 'delete' : 'modify',
    })),
    commands: [],
    checks: [],
  };
}

function patchOf({ path }: EvidenceView, { text, size, cut, isBinary }: NonNullable<EvidenceView['patch']>): Html {
  const rest = html`All of it: <code>${shown(`${path}/changes.patch`, 300)}</code>, ${sizeText(size)}.`;
  return html`<section class="card"><h2>Diff</h2>${
    isBinary
      ? html`<p class="cut">The diff is no text. ${rest}</p>`
      : diffView(text, { lines: DIFF_LINES, rest, open: size < SHORT_DIFF_BYTES })
  }${cut > 0 && !isBinary ? html`<p class="cut">Only its first ${sizeText(size - cut)} are read here. ${rest}</p>` : ''}</section>`;
}

function checksOf(checks: readonly CheckResult[]): Html | null {
  if (checks.length === 0) return null;
  return html`<section class="card"><h2>Checks</h2><ul class="plain">${checks
    .slice(0, CHECKS)
    .map(
      (check) =>
        html`<li><span class="${check.ok ? 'ok' : 'bad'}"><span aria-hidden="true">${check.ok ? '✓' : '✗'}</span> ${check.ok ? 'ok' : 'failed'}</span> <code>${shown(check.name, 200)}</code>${howOf(check)}${
          check.ok || check.expected === undefined
            ? ''
            : html`<br>expected <code>${shown(check.expected, 300)}</code>, got <code>${shown(check.actual ?? '', 300)}</code>`
        }</li>`,
    )}</ul>${checks.length > CHECKS ? html`<p class="more">and ${checks.length - CHECKS} more</p>` : ''}</section>`;
}

function howOf({ timed_out: timedOut, signal, exit_code: code, duration_ms: took }: CheckResult): Html {
  const how =
    timedOut === true ? 'timed out' : signal != null ? `ended by ${signal}` : code == null ? '' : `exit code ${code}`;
  return html` ${how}${took === undefined ? '' : html` <span class="took">${durationText(took)}</span>`}`;
}

/** What it committed; the subject of our own commits is known without asking git. */
function commitsOf(life: OrderLife | null, woId: string, title: string, commits: readonly string[]): Html | null {
  const how = life?.landed?.how ?? null;
  if (commits.length === 0)
    return how === 'nothing_to_commit'
      ? html`<section class="card"><h2>Commits</h2><p class="none">It changed nothing in the repository, and made no commit.</p></section>`
      : null;
  const branch = life?.outcome?.branch ?? life?.landing?.branch ?? null;
  return html`<section class="card"><h2>Commits</h2><ul class="plain">${commits
    .slice(0, FILES)
    .map(
      (commit) =>
        html`<li><code>${shown(commit, 64)}</code> ${how === 'landed_by' ? 'by somebody else, with the same files' : shown(`wo(${woId}): ${title}`, 160)}</li>`,
    )}</ul>${branch === null ? '' : html`<p>On <code>${shown(branch, 200)}</code>.</p>`}</section>`;
}

/** What an order that failed could not put back, and what it was told beside its end. */
function leftOf(life: OrderLife | null): Html | null {
  const { unrestored = [], warnings = [] } = life?.outcome ?? {};
  const told = warnings.length > 0 ? warnings : (life?.admitted?.warnings ?? []);
  if (unrestored.length + told.length === 0) return null;
  return html`<section class="card"><h2>To know</h2><ul class="plain">${unrestored
    .slice(0, FILES)
    .map((path) => html`<li><span class="bad">not restored</span> <code>${shown(path, 300)}</code></li>`)}${told
    .slice(0, FILES)
    .map(
      ({ code, message }) => html`<li><span class="what">${code}</span> ${shown(message, 400)}</li>`,
    )}</ul></section>`;
}
