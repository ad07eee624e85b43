import pc from 'picocolors';
import { restoreProjections } from '../pipeline/restore.ts';
import { verifyStation } from '../pipeline/verify.ts';
import { EXIT, note, plain, print, printJson } from './output.ts';
import { stateOf, stationOf } from './station.ts';

type Options = Record<string, unknown> & { readonly station?: string; readonly json?: boolean };

/** Exits 1 when something does not hold; warnings (a commit that a person rewrote) are only told. */
export async function verify(woId: string | null, options: Options): Promise<void> {
  const station = await stationOf(options);
  if (woId !== null) stateOf(station, woId);
  const tell =
    process.stderr.isTTY && !options.json
      ? (done: string) => process.stderr.write(`\r\x1b[Kverified ${done}`)
      : () => {};
  const result = await verifyStation(station, woId, tell);
  if (process.stderr.isTTY && !options.json) process.stderr.write('\r\x1b[K');
  const errors = result.findings.filter((f) => f.severity === 'error');
  if (errors.length > 0) process.exitCode = EXIT.failed;
  if (options.json) return printJson({ ok: errors.length === 0, ...result });
  for (const f of result.findings)
    print(`${f.severity === 'error' ? pc.red(f.kind) : pc.yellow(f.kind)} ${f.subject}: ${plain(f.message)}`);
  const what = `${result.records} ledger records, ${result.anchors} anchors, ${result.evidence} evidence folders, ${result.commits} commits`;
  print(errors.length === 0 ? `${pc.green('verified')}: ${what}` : `${pc.red(`${errors.length} errors`)} in ${what}`);
}

export async function restore(options: Options): Promise<void> {
  const station = await stationOf(options);
  const done = await restoreProjections(station, options['all'] === true);
  if (options.json) return printJson({ ok: true, ...done });
  print(
    `restored ${done.states} state files, ${done.results} results, ${done.evidence} evidence folders of ${done.orders} orders`,
  );
  note('state, outbox and evidence are rebuilt from ledger and journal');
}
