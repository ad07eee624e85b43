import type { GateResult } from '../../order/generated.ts';
import type { HistoryEntry, MissionLife } from '../../order/mission.ts';
import { changeFault } from './envelope.ts';
import { ask, type Gate, isCommit, isHash, several } from './gate.ts';

/** What is looked at after the work. null is what nobody could find out, and is never passed. */
export interface AfterWork {
  /** No step of its chain writes: then nothing may be changed, and nobody reviews. */
  readonly readsOnly?: boolean;
  readonly mission: MissionLife | null;
  /** Hash of the policy as it is now. */
  readonly policySha256: string | null;
  /** Reviewers that have to approve what was built last. */
  readonly approvals: number | null;
  /** Names of the checks that the order has, and what came of those that were run. */
  readonly checks: {
    readonly declared: readonly string[];
    readonly results: readonly { readonly name: string; readonly ok: boolean }[];
    /** The tree of the checkout when they began, as it was measured there, and the tree of the commit that is the result. */
    readonly ranOn: string;
    readonly result: string;
    /** What the checkout held beside that tree when they began. */
    readonly dirty: readonly string[];
  } | null;
  /** Every path that is other than at the base, as the runner measured it: of a file that moved, both. */
  readonly changed: readonly string[] | null;
  readonly paths: readonly string[] | null;
  readonly protected: readonly string[] | null;
  readonly evidence: {
    /** Documents that are missing, or are not what the ledger has the hash of. */
    readonly faults: readonly { readonly kind: string; readonly path: string }[];
    /** What has to be in it, and what is: paths in the evidence. */
    readonly required: readonly string[];
    readonly present: readonly string[];
  } | null;
  /** Every document that the chain gives: its hash on record, and the hash of the bytes that are there (null for none). */
  readonly packets:
    | readonly {
        readonly name: string;
        readonly recorded: string;
        readonly found: string | null;
      }[]
    | null;
  /** Names that must be among them. */
  readonly requiredPackets: readonly string[] | null;
  readonly commit: {
    readonly id: string;
    /** Paths that the commit has other than they were measured in the checkout. */
    readonly differing: readonly string[];
  } | null;
  readonly ledger: {
    /** Whether its chain of hashes was read to its end without a break. */
    readonly intact: boolean;
    /** What the last step says of the changes, and what was measured now. */
    readonly recordedDiff: string | null;
    readonly measuredDiff: string | null;
  } | null;
}

/** Asked when the chain is at its end; PASS needs every one of them. */
export function askAfterWork(source: AfterWork): GateResult[] {
  return ask('post', GATES, source);
}

const GATES: readonly Gate<AfterWork>[] = [
  { name: 'policy_unchanged', why: policyUnchanged },
  { name: 'reviewed', why: reviewed },
  { name: 'checks', why: checksPassed },
  { name: 'changed_files', why: changedFiles },
  { name: 'evidence', why: evidenceComplete },
  { name: 'packets', why: packetsPresent },
  {
    name: 'commit',
    why({ commit }) {
      if (commit === null || !isCommit(commit.id)) return 'no commit holds the work';
      return commit.differing.length === 0 ? null : several('not in the commit as measured', commit.differing);
    },
  },
  { name: 'ledger', why: ledgerAgrees },
];

function policyUnchanged({ mission, policySha256 }: AfterWork): string | null {
  if (mission === null || !isHash(policySha256)) return 'there is no hash of a policy to compare';
  return mission.begun.policy_sha256 === policySha256 ? null : 'policy.yaml is another than when it began';
}

/** Review is never assumed: what was changed last has been approved after that, and nobody said otherwise. */
function reviewed({ mission, approvals, readsOnly }: AfterWork): string | null {
  if (readsOnly === true) return null;
  if (mission === null || approvals === null) return 'nobody knows of a review';
  if (!Number.isInteger(approvals) || approvals < 1) return 'no review is asked for, and one is always needed';
  const last = mission.history.findLastIndex(
    (entry) =>
      // also what a failed step left is the work by now
      (entry.kind === 'rebased' && entry.review) || (entry.kind === 'stepped' && entry.changes !== undefined),
  );
  const since = mission.history.slice(last + 1);
  // a person who was asked by a review, and said yes, stands in for it: for all reviewers
  const stoodIn = since.some(
    (entry, n) => entry.kind === 'decided' && entry.what === 'checkpoint' && isReviewOf(since[n - 1], entry.at),
  );
  if (stoodIn) return null;
  const verdicts = since.flatMap((entry) => (entry.kind === 'stepped' && entry.verdict !== null ? [entry] : []));
  const against = verdicts.filter(({ verdict }) => verdict !== 'approved');
  if (against.length > 0)
    return several(
      'not approved',
      against.map(({ step, verdict }) => `${step} says ${verdict}`),
    );
  const given = verdicts.filter(({ ok }) => ok).length;
  return given >= approvals ? null : `approved by ${given} after the last change, and ${approvals} have to`;
}

function isReviewOf(entry: HistoryEntry | undefined, step: string): boolean {
  return entry?.kind === 'stepped' && entry.step === step && entry.verdict !== null && entry.verdict !== 'approved';
}

function checksPassed({ checks, readsOnly }: AfterWork): string | null {
  if (checks === null) return 'nobody ran the checks';
  if (readsOnly === true && checks.results.length === 0) return 'there was none, and nothing else was done';
  if (!isCommit(checks.result) || checks.ranOn !== checks.result)
    return 'the checks ran on something else than the result';
  if (checks.dirty.length > 0) return several('the checkout was not clean', checks.dirty);
  const failed = checks.results.filter(({ ok }) => ok !== true).map(({ name }) => name);
  if (failed.length > 0) return several('failed', failed);
  const ran = checks.results.map(({ name }) => name);
  const left = [...checks.declared];
  for (const name of ran) {
    const at = left.indexOf(name);
    if (at !== -1) left.splice(at, 1);
  }
  return left.length === 0 ? null : several('not run', left);
}

function changedFiles({ changed, paths, protected: closed, readsOnly }: AfterWork): string | null {
  if (readsOnly === true && changed !== null)
    return changed.length === 0 ? null : several('changed, and nothing may be', changed);
  if (changed === null || paths === null || closed === null) return 'what was changed, or may be, is not known';
  if (paths.length === 0) return 'nothing may be changed: the list of paths is empty';
  if (changed.length === 0) return 'nothing is changed';
  const faults = changed.flatMap((path) => {
    const fault = changeFault({ paths, protected: closed }, path);
    return fault === null ? [] : [`${path} ${fault}`];
  });
  return faults.length === 0 ? null : several('not allowed', faults);
}

function evidenceComplete({ evidence }: AfterWork): string | null {
  if (evidence === null) return 'there is no evidence';
  const { faults, required, present } = evidence;
  if (faults.length > 0)
    return several(
      'not as they are on record',
      faults.map(({ kind, path }) => `${path} is ${kind}`),
    );
  if (required.length === 0) return 'nobody said what has to be in it';
  const missing = required.filter((path) => !present.includes(path));
  return missing.length === 0 ? null : several('missing', missing);
}

function packetsPresent({ packets, requiredPackets }: AfterWork): string | null {
  if (packets === null || requiredPackets === null) return 'nobody looked for the packets';
  if (requiredPackets.length === 0) return 'nobody said which packets there have to be';
  const missing = requiredPackets.filter((name) => !packets.some((packet) => packet.name === name));
  if (missing.length > 0) return several('missing', missing);
  const other = packets.filter(({ recorded, found }) => !isHash(recorded) || found !== recorded);
  return other.length === 0
    ? null
    : several(
        'not as they are on record',
        other.map(({ name }) => name),
      );
}

function ledgerAgrees({ ledger, mission, readsOnly }: AfterWork): string | null {
  if (ledger === null || mission === null) return 'the ledger was not read';
  if (ledger.intact !== true) return 'its chain of hashes is broken';
  if (mission.open !== null) return `the step ${mission.open.step} is not at its end`;
  if (readsOnly !== true && !isHash(ledger.recordedDiff)) return 'it has no hash of the changes';
  return ledger.recordedDiff === ledger.measuredDiff ? null : 'what is there is not what it has on record';
}
