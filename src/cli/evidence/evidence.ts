import pc from 'picocolors';
import type { StateDocument } from '../../order/generated.ts';
import { orderIdOf } from '../../order/job.ts';
import { isTerminal } from '../../order/transition.ts';
import { bundlePath } from '../../pipeline/jobs/bundle.ts';
import { type Verification, verifyStation } from '../../pipeline/verify/verify.ts';
import { stateOf } from '../../views/order-state.ts';
import { EXIT, plain, print, printJson, usage } from '../output.ts';
import { stationOf } from '../station.ts';

type Options = Record<string, unknown> & { readonly station?: string; readonly json?: boolean };

/** What is wrong with the bundle or the evidence, or that there is no bundle. */
interface Fault {
  readonly kind: string;
  readonly subject: string;
  readonly message: string;
}

/** `waybill evidence verify JOB|ORDER`. Exits 1 where something does not hold. Throws USAGE, UNKNOWN_ORDER. */
export async function evidence(what: string, id: string, options: Options): Promise<void> {
  if (what !== 'verify') throw usage(`\`waybill evidence\` knows verify, not ${JSON.stringify(plain(what))}`);
  const station = await stationOf(options);
  const state = await stateOf(station, orderIdOf(id));
  const { wo_id: woId } = state;
  const withCommits = options['skipCommits'] !== true;
  const result = await verifyStation(station, woId, () => {}, withCommits);
  // asked for this one bundle, one that is gone is no proof of anything
  const isWrong = (finding: (typeof result.findings)[number]) =>
    finding.severity === 'error' || (finding.kind === 'bundle' && result.jobs > 0);
  const faults: Fault[] = result.findings.filter(isWrong);
  const isJob = result.jobs > 0;
  const bundle = isJob ? bundlePath(station, woId) : null;
  const lack = whyNothing(state, result);
  if (lack !== null) faults.push({ kind: isJob ? 'bundle' : 'evidence', subject: woId, message: lack });
  if (faults.length > 0) process.exitCode = EXIT.failed;
  const warnings = result.findings.filter((finding) => !isWrong(finding));
  if (options.json)
    return printJson({
      ok: faults.length === 0,
      wo_id: woId,
      bundle,
      records: result.records,
      evidence: result.evidence,
      commits: result.commits,
      faults: faults.map(told),
      warnings: warnings.map(told),
    });
  for (const { kind, subject, message } of faults) print(`${pc.red(kind)} ${subject}: ${plain(message)}`);
  for (const { kind, subject, message } of warnings) print(`${pc.yellow(kind)} ${subject}: ${plain(message)}`);
  const commits = withCommits ? `${result.commits} commits` : 'no commit looked at';
  const all = `${bundle === null ? '' : `the bundle ${bundle}, `}${result.evidence} evidence folders, ${commits}, ${result.records} ledger records`;
  print(
    faults.length === 0
      ? `${pc.green('verified')}: ${all}`
      : `${pc.red(`${faults.length} ${faults.length === 1 ? 'error' : 'errors'}`)} in ${all}`,
  );
}

/** Why there is nothing to hold against anything, which proves nothing (rule 7); null where there is something. */
function whyNothing({ status }: StateDocument, { jobs, bundles, evidence: folders }: Verification): string | null {
  if (jobs > 0 ? bundles > 0 : folders > 0) return null;
  if (status === 'rejected') return 'it was rejected: nothing was done, so there is nothing to prove';
  if (isTerminal(status)) return 'there is nothing left of it: it was purged, or a dry run';
  return jobs > 0
    ? `there is no bundle yet: the job is ${status}, and has come to no end and no checkpoint`
    : `there is no evidence yet: the order is ${status}`;
}

function told({ kind, subject, message }: Fault): Fault {
  return { kind, subject, message };
}
