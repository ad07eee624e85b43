import { differences, putBackMissing } from '../../git/snapshot/compare.ts';
import { changesBetween, type Snapshot } from '../../git/snapshot/read.ts';
import { headOf, hindrancesOf } from '../../pipeline/rollback/look.ts';
import { orderOf } from '../../pipeline/rollback/order.ts';
import { leftOut } from '../../pipeline/rollback/snapshot.ts';
import { shortRandom } from '../../platform/ids.ts';
import { currentUser } from '../../platform/user.ts';
import { loadPolicy } from '../../policy/policy.ts';
import type { Station } from '../../station/station.ts';
import { agreed, assertAcceptable, assertRunning, carryOut, SMALLER } from '../carry-out.ts';
import { showEnd } from '../drop.ts';
import { EXIT, note, plain, print, printJson } from '../output.ts';

type Options = Record<string, unknown> & { readonly station?: string; readonly json?: boolean };

/**
 * Brings a snapshot's files back to where they stood. What is missing on disk is put there as it was, uncommitted work as uncommitted work. What is there and
 * committed with other bytes is brought back by an order. What is there and not committed stays, and is named: it would be lost.
 */
export async function restoreInto(
  station: Station,
  one: Snapshot,
  paths: readonly string[],
  options: Options,
): Promise<void> {
  const { repo } = station;
  const found = await differences(repo, one, leftOut(station.settings), paths);
  const missing = found.filter((d) => d.now === 'missing').map((d) => d.path);
  const changed = found.filter((d) => d.now === 'changed').map((d) => d.path);
  const head = changed.length === 0 ? '' : headOf(station);
  const wanted = new Set(changed);
  const changes =
    changed.length === 0 ? [] : (await changesBetween(repo.git, head, one.id)).filter((c) => wanted.has(c.path));
  const hindrances =
    changes.length === 0 ? new Map() : await hindrancesOf(station, loadPolicy(station.layout.root), head, changes);
  // what HEAD has as the snapshot has it differs on disk alone: that is somebody's work
  const committed = new Set(changes.map((c) => c.path));
  const stays = [
    ...changed
      .filter((path) => !committed.has(path))
      .map((path) => ({ path, why: 'it has changes that are not committed' })),
    ...changes.flatMap(({ path }) => (hindrances.has(path) ? [{ path, why: String(hindrances.get(path)?.why) }] : [])),
  ];
  const written = changes.filter(({ path }) => !hindrances.has(path));
  const woId = `WO-RESTORE-${one.name.slice(0, 60)}-${shortRandom(6)}`;
  const order =
    written.length === 0
      ? null
      : await orderOf(repo, { from: head, to: one.id }, written, {
          woId,
          title: `Restore from snapshot ${one.name}`,
          summary: `Brings back what snapshot ${one.name} of ${one.at} holds (${one.id}).`,
          owner: currentUser(),
          tags: ['restore', 'snapshot'],
        });
  if (order !== null) {
    assertAcceptable(station, woId, order, SMALLER);
    assertRunning(station);
  }
  if (!options.json) {
    for (const path of missing) print(`put back   ${plain(path)}`);
    for (const { path } of written) print(`by order   ${plain(path)}`);
    for (const { path, why } of stays) print(`stays      ${plain(path)}: ${plain(why)}`);
    if (missing.length + written.length + stays.length === 0)
      print(`nothing to bring back: the work tree has all that ${one.name} has`);
  }
  if (missing.length + written.length > 0 && !(await agreed('Bring them back?', options)))
    return print('Nothing was changed.');
  const back = missing.length === 0 ? { back: [], failed: '' } : await putBackMissing(repo, one, missing);
  const failed = missing.filter((path) => !back.back.includes(path));
  const end = order === null ? null : await carryOut(station, woId, order, options);
  const result = end !== null && 'result' in end ? end.result : null;
  process.exitCode =
    end !== null && 'parked' in end
      ? EXIT.parked
      : stays.length + failed.length > 0 || (result !== null && result.status !== 'done')
        ? EXIT.failed
        : EXIT.done;
  if (options.json)
    return printJson({
      ok: process.exitCode === EXIT.done,
      name: one.name,
      put_back: back.back,
      failed,
      order: order === null ? null : woId,
      stays,
      result,
    });
  const code = process.exitCode;
  if (result !== null) showEnd(result, false);
  process.exitCode = code;
  if (end !== null && 'parked' in end) note(`${woId} is parked: ${plain(end.parked.progress ?? '')}`);
  for (const path of failed) note(`not put back: ${plain(path)}${back.failed === '' ? '' : `: ${plain(back.failed)}`}`);
  if (stays.length > 0)
    note(
      `${stays.length} ${stays.length === 1 ? 'file stays' : 'files stay'} as they are; \`waybill snapshot restore ${one.name} --to DIR\` writes the snapshot's beside them.`,
    );
}
