import { dirname } from 'node:path';
import pc from 'picocolors';
import type { JobResult } from '../../order/generated.ts';
import { EXIT, note, plain, print } from '../output.ts';

/** What people want to know beside a result. */
export interface AboutJob {
  /** The order that does the job. */
  readonly woId: string;
  /** Why it waits, or how it ended: a code, and words. */
  readonly waits: string;
  /** What somebody can do now. */
  readonly next: readonly string[];
}

const COLOURS = { PASS: pc.green, BLOCKED: pc.red, CANCELLED: pc.dim } as const;

/**
 * Says how a job stands, and sets the exit code: the same with --json and without. With --json it is the result as its producer takes it: versioned by
 * its kind, and nothing else beside it.
 */
export function tellResult(result: JobResult, json: boolean, about: AboutJob | null = null): void {
  process.exitCode = exitCodeOfResult(result);
  if (json) {
    print(JSON.stringify(result, null, 2));
    return;
  }
  const { outcome, reason } = result;
  const name = outcome === undefined ? pc.yellow('CHECKPOINT') : COLOURS[outcome](outcome);
  print(`${plain(result.job_id)}: ${name}${reason === undefined || reason === outcome ? '' : ` ${plain(reason)}`}`);
  if (outcome === undefined) print(`  waits   ${plain(about?.waits ?? result.trigger ?? '')}`);
  if (about !== null) print(`  order   ${about.woId}`);
  print(`  run     ${plain(result.run_id)}`);
  const packet = result.terminal_packet_ref ?? result.checkpoint_packet_ref;
  if (packet !== undefined) print(`  packet  ${plain(packet)}`);
  if (result.hash_manifest_ref !== undefined) print(`  bundle  ${plain(dirname(result.hash_manifest_ref))}`);
  for (const step of about?.next ?? []) note(`  next    ${plain(step)}`);
}

/** A dry run did what it was to do. */
function exitCodeOfResult({ state, outcome, reason }: JobResult): number {
  if (state === 'checkpoint') return EXIT.parked;
  return outcome === 'PASS' || reason?.startsWith('DRY_RUN') === true ? EXIT.done : EXIT.failed;
}
