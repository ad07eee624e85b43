import pc from 'picocolors';
import { restoreLedger, restoreProjections, unmarkProjections } from '../pipeline/restore/restore.ts';
import { verifyStation } from '../pipeline/verify/verify.ts';
import { takeLock } from '../platform/lock.ts';
import { runningStation, stateOf } from '../views/order-state.ts';
import { EXIT, plain, print, printJson, usage } from './output.ts';
import { stationOf } from './station.ts';

type Options = Record<string, unknown> & { readonly station?: string; readonly json?: boolean };

/** From here on a person wonders where the time goes. */
const WORTH_TELLING_MS = 1000;

/** Exits 1 when something does not hold; warnings (a commit that a person rewrote) are only told. */
export async function verify(woId: string | null, options: Options): Promise<void> {
  const station = await stationOf(options);
  if (woId !== null) await stateOf(station, woId);
  const tell =
    process.stderr.isTTY && !options.json
      ? (done: string) => process.stderr.write(`\r\x1b[Kverified ${done}`)
      : () => {};
  const withCommits = options['skipCommits'] !== true;
  const result = await verifyStation(station, woId, tell, withCommits);
  if (process.stderr.isTTY && !options.json) process.stderr.write('\r\x1b[K');
  const errors = result.findings.filter((f) => f.severity === 'error');
  if (errors.length > 0) process.exitCode = EXIT.failed;
  if (options.json) return printJson({ ok: errors.length === 0, ...result });
  for (const f of result.findings)
    print(`${f.severity === 'error' ? pc.red(f.kind) : pc.yellow(f.kind)} ${f.subject}: ${plain(f.message)}`);
  const commits = withCommits ? `${result.commits} commits` : 'no commit looked at';
  const what = `${result.records} ledger records, ${result.anchors} anchors, ${result.evidence} evidence folders, ${bundlesText(result.bundles)}${commits}`;
  print(
    errors.length === 0
      ? `${pc.green('verified')}: ${what}`
      : `${pc.red(`${errors.length} ${errors.length === 1 ? 'error' : 'errors'}`)} in ${what}`,
  );
  if (result.steps.some(({ ms }) => ms >= WORTH_TELLING_MS))
    print(pc.dim(result.steps.map(({ name, ms }) => `${name} in ${(ms / 1000).toFixed(1)} s`).join(', ')));
}

function bundlesText(bundles: number): string {
  return bundles === 0 ? '' : `${bundles} ${bundles === 1 ? 'bundle' : 'bundles'} of jobs, `;
}

/** Only the station process writes records: while one runs, it is asked; otherwise this process takes the lock for the while. */
export async function restore(options: Options): Promise<void> {
  if (typeof options['from'] === 'string') {
    if (options['ledger'] === true) throw usage('--ledger and --from are two ways: the journal here, or a backup');
    return (await import('./backup.ts')).restoreFrom(options['from'], options);
  }
  if (options['stationId'] !== undefined) throw usage('--station-id goes with --from');
  const station = await stationOf(options);
  const ledger = options['ledger'] === true;
  if (runningStation(station) !== null && !ledger && options['all'] !== true) {
    unmarkProjections(station);
    if (options.json) printJson({ ok: true, asked: true });
    else print(`The running station restores what is missing within ${station.settings.intake.scanSeconds} seconds.`);
    return;
  }
  const lock = takeLock(station.layout.lock);
  try {
    const rebuilt = ledger ? await restoreLedger(station) : null;
    const done = await restoreProjections(station, options['all'] === true);
    if (options.json) {
      printJson({ ok: true, ...done, ledger: rebuilt });
      return;
    }
    if (rebuilt !== null)
      print(
        `restored ${rebuilt.records} ledger records from the journal${rebuilt.taken === 0 ? '' : `, and took over ${rebuilt.taken} that only the old ledger had`}${rebuilt.kept === null ? '' : `; the old ledger is kept as ${rebuilt.kept}`}`,
      );
    print(
      `restored ${done.states} state files, ${done.results} results, ${done.evidence} evidence folders of ${done.orders} orders${done.packets === 0 ? '' : `, ${done.packets} packets of missions`}${done.bundles === 0 ? '' : `, ${done.bundles} bundles of jobs`}`,
    );
  } finally {
    lock.release();
  }
}
