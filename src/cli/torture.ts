import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import pc from 'picocolors';
import { WaybillError } from '../order/error.ts';
import { ensureDir, exists, namesIn, removeTree } from '../platform/durable.ts';
import { newUlid } from '../platform/ids.ts';
import { Bench } from '../torture/point.ts';
import { ROUND_KINDS, type Round, Torture } from '../torture/torture.ts';
import { EXIT, note, plain, print, printJson, usage } from './output.ts';

/** What each kind of round does, for the table. */
const WHAT: Record<(typeof ROUND_KINDS)[number], string> = {
  kill: 'SIGKILL before an operation',
  cut: 'half an operation, then SIGKILL',
  power: 'what was not synced is lost',
  EIO: 'an operation fails: input/output error',
  ENOSPC: 'an operation fails: disk full',
  EMFILE: 'an operation fails: too many open files',
  EACCES: 'an operation fails: permission denied',
  race: 'two stations, one of them killed',
  deaf: 'no file events arrive',
};

/** Tortures temporary stations in a folder of the user's choice, for as long as asked; exits 1 with a seed when anything failed. */
export async function torture(options: Record<string, unknown> & { readonly json?: boolean }): Promise<void> {
  const minutes = numberOf(options['minutes'], 1, '--minutes');
  const rounds = numberOf(options['rounds'], Number.POSITIVE_INFINITY, '--rounds');
  const seed = numberOf(options['seed'], Math.floor(Math.random() * 1e9), '--seed');
  const dir = resolve(String(options['dir'] ?? tmpdir()));
  // made here, it would lie on another disk than the one that is meant and not mounted
  if (!exists(dir)) throw new WaybillError('NO_INPUT', `${dir} does not exist`);
  const folder = join(dir, `waybill-torture-${newUlid()}`);
  ensureDir(folder);
  const done: Round[] = [];
  const begun = Date.now();
  try {
    const rack = new Torture(new Bench(folder));
    for (let n = 0; n < rounds && (rounds !== Number.POSITIVE_INFINITY || Date.now() - begun < minutes * 60_000); n++) {
      const round = await rack.round(seed + n);
      done.push(round);
      progress(options.json === true, done, begun);
      if (round.faults.length > 0 && options.json !== true) tell(round);
    }
  } finally {
    const failed = done.some((r) => r.faults.length > 0);
    if (!failed) removeTree(folder);
    else for (const name of namesIn(folder).filter((n) => n.startsWith('template-'))) removeTree(join(folder, name));
  }
  const failed = done.filter((r) => r.faults.length > 0);
  if (failed.length > 0) process.exitCode = EXIT.failed;
  const table = ROUND_KINDS.map((kind) => {
    const of = done.filter((r) => r.kind === kind);
    return { kind, what: WHAT[kind], tried: of.length, survived: of.filter((r) => r.faults.length === 0).length };
  });
  if (options.json === true)
    return printJson({
      ok: failed.length === 0,
      seed,
      rounds: done.length,
      seconds: (Date.now() - begun) / 1000,
      table,
      failed,
      kept: failed.length > 0 ? folder : null,
    });
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  print(`${'tried'.padStart(6)} ${'survived'.padStart(9)}`);
  for (const { what, tried, survived } of table)
    print(
      `${String(tried).padStart(6)} ${(survived === tried ? pc.green : pc.red)(String(survived).padStart(9))}  ${what}`,
    );
  const total = `${done.length} rounds in ${Math.round((Date.now() - begun) / 1000)} s, seed ${seed}`;
  if (failed.length === 0) print(`${pc.green('survived')}: ${total}; orders lost 0, effects doubled 0`);
  else print(`${pc.red(`${failed.length} failed`)} of ${total}; what is left of them is in ${folder}`);
}

function tell(round: Round): void {
  note(
    `${pc.red('failed')} ${round.kind} at ${round.at} of ${round.workload}: repeat it with --seed ${round.seed} --rounds 1`,
  );
  for (const fault of round.faults) note(`  ${plain(fault)}`);
}

function progress(json: boolean, done: readonly Round[], begun: number): void {
  if (json || !process.stderr.isTTY) return;
  process.stderr.write(`\r\x1b[K${done.length} rounds in ${Math.round((Date.now() - begun) / 1000)} s`);
}

function numberOf(value: unknown, otherwise: number, name: string): number {
  if (value === undefined) return otherwise;
  const number = Number(value);
  if (!(number > 0)) throw usage(`${name} needs a number above zero, not ${JSON.stringify(value)}`);
  return number;
}
