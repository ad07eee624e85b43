import { closeRepository } from '../../git/repository.ts';
import { WaybillError } from '../../order/error.ts';
import type { ResultDocument } from '../../order/generated.ts';
import { type Made, readCommitted } from '../../pipeline/documents/committed.ts';
import { now } from '../../platform/clock.ts';
import { shortRandom } from '../../platform/ids.ts';
import { currentUser } from '../../platform/user.ts';
import type { Station } from '../../station/station.ts';
import { assertAcceptable, carryOut } from '../carry-out.ts';
import { showEnd } from '../drop.ts';
import { EXIT, exitCodeOfStatus, note, plain, print, printJson } from '../output.ts';
import { stationOf } from '../station.ts';
import type { DocumentOptions } from './options.ts';

/** Writes index and corpus by an order, where they are not current; with --check it only says so. Throws USAGE where settings name neither. */
export async function build(options: DocumentOptions): Promise<void> {
  const station = await stationOf(options);
  try {
    const { made, notRead } = await readCommitted(station);
    if (made.length === 0)
      throw new WaybillError('USAGE', 'settings name no index and no corpus', {
        hint: 'Set documents.index or documents.corpus in waybill.yaml.',
      });
    const [unread] = notRead;
    if (unread !== undefined)
      throw new WaybillError('NOT_UTF8', unread.message, { place: { file: unread.refs[0] ?? '' } });
    const stale = made.filter(({ wanted, present }) => wanted !== present);
    if (options['check'] === true) {
      tellStale(made, stale, options.json === true);
      return;
    }
    if (stale.length === 0) {
      if (options.json) return printJson({ ok: true, changed: [], order: null, result: null });
      return print(`${names(made)}: current, nothing to do`);
    }
    assertOurs(stale, options['replace'] === true);
    await write(station, stale, options);
  } finally {
    await closeRepository(station.repo);
  }
}

function tellStale(made: readonly Made[], stale: readonly Made[], json: boolean): void {
  if (stale.length > 0) process.exitCode = EXIT.failed;
  const state = ({ wanted, present }: Made) =>
    wanted === present ? 'current' : present === null ? 'missing' : 'not current';
  if (json) printJson({ ok: stale.length === 0, files: made.map((file) => ({ path: file.path, state: state(file) })) });
  else for (const file of made) print(`${plain(file.path)}: ${state(file)}`);
}

/** Throws NOT_GENERATED before anything is handed in. */
function assertOurs(stale: readonly Made[], replace: boolean): void {
  const other = stale.filter(({ isOurs }) => !isOurs);
  if (other.length > 0 && !replace)
    throw new WaybillError('NOT_GENERATED', `${names(other)} was not made by this command, and nothing was changed`);
}

async function write(station: Station, stale: readonly Made[], options: DocumentOptions): Promise<void> {
  const woId = `WO-DOCS-${shortRandom(6)}`;
  const order = {
    wo_id: woId,
    title: `Build ${stale.map(({ kind }) => kind).join(' and ')} of the documents`,
    summary: `Writes ${names(stale)} as the committed documents make them.`,
    type: 'apply_patch',
    owner: currentUser(),
    created_at: now(),
    tags: ['documents'],
    actions: stale.map(({ path, wanted, present }) => ({
      action: 'write',
      path,
      content: wanted,
      must_exist: present !== null,
    })),
  };
  const bytes = Buffer.from(`${JSON.stringify(order, null, 2)}\n`, 'utf8');
  assertAcceptable(station, woId, bytes, 'take the corpus out of documents there');
  const end = await carryOut(station, woId, bytes, options);
  const result: ResultDocument | null = 'result' in end ? end.result : null;
  process.exitCode = result === null ? EXIT.parked : exitCodeOfStatus(result.status);
  const changed = stale.map(({ path }) => path);
  if (options.json) return printJson({ ok: result?.status === 'done', changed, order: woId, result });
  if (result !== null) showEnd(result, false);
  else note(`${woId} is parked and goes on by itself: \`waybill why ${woId}\` says for what it waits`);
}

function names(made: readonly Made[]): string {
  return plain(made.map(({ path }) => path).join(', '));
}
