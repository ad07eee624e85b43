import pc from 'picocolors';
import type { SpineOutcome } from '../../order/generated.ts';
import { budgetText } from '../../views/missions/mission-outcome.ts';
import { colouredStatus, EXIT, exitCodeOfStatus, note, plain, print, printJson } from '../output.ts';

const COLOURS = { PASS: pc.green, DRY_RUN: pc.green, BLOCKED: pc.red, CHECKPOINT: pc.yellow } as const;

/** Says how a mission stands, and sets the exit code: the same with --json and without. */
export function tellOutcome(told: SpineOutcome, json: boolean): void {
  process.exitCode = told.outcome === 'BLOCKED' ? EXIT.failed : exitCodeOfStatus(told.status);
  if (json) {
    const { v: _v, ...rest } = told;
    printJson(rest);
    return;
  }
  const { wo_id: woId, outcome: name, status, waiting_for: waitingFor, reason, why, at } = told;
  const waits = waitingFor === null ? '' : ` (${waitingFor}${at === null ? '' : ` at ${plain(at)}`})`;
  const code = reason === name ? '' : ` ${reason}`;
  print(`${woId}: ${COLOURS[name](name)}${code}, ${colouredStatus(status)}${waits}`);
  if (why !== null && why !== '') print(`  ${plain(why).replaceAll('\n', '\n  ')}`);
  for (const { path, change } of told.files) print(`  ${change.padEnd(6)}  ${plain(path)}`);
  for (const commit of told.commits) print(`  ${'commit'.padEnd(6)}  ${commit}`);
  const used = budgetText(told.budget);
  if (used.length > 0) print(`  ${'used'.padEnd(6)}  ${used.join(', ')}${told.usage_complete ? '' : ', at least'}`);
  if (told.terminal_packet !== null) print(`  ${'packet'.padEnd(6)}  ${plain(told.terminal_packet)}`);
  for (const step of told.next) note(`  next    ${plain(step)}`);
}
