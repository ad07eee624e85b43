import { join } from 'node:path';
import pc from 'picocolors';
import { readClaim } from '../../intake/claim.ts';
import { WaybillError } from '../../order/error.ts';
import { isGoodId } from '../../order/id.ts';
import { dryRun } from '../../pipeline/dry-run.ts';
import { exists } from '../../platform/durable.ts';
import { type Ruling, ruleText, subjectText } from '../../policy/judge.ts';
import type { Station } from '../../station/station.ts';
import { readState } from '../../views/order-state.ts';
import { laneOf } from '../drop.ts';
import { type Given, readInput } from '../input.ts';
import { EXIT, fail, plain, print, printJson } from '../output.ts';
import { stationOf } from '../station.ts';
import { missionDocument, missionText } from './mission.ts';
import type { PolicyOptions } from './options.ts';

const COLOURS = { safe: pc.green, ask: pc.yellow, never: pc.red } as const;

/** Says for each path and command of an order which rule decides, and why. Exits 1 where it would be refused. */
export async function explainPolicy(what: string, options: PolicyOptions): Promise<void> {
  const station = await stationOf(options);
  const { given, lane } = await orderNamed(station, what, options);
  const { woId, judgement, refusal, mission } = await dryRun(station, given, lane);
  if (refusal !== null) process.exitCode = EXIT.failed;
  const rulings = judgement.rulings.map(documentOf);
  const error = refusal === null ? null : { code: refusal.code, message: refusal.message, hint: refusal.hint };
  if (options.json)
    return printJson({
      ok: refusal === null,
      wo_id: woId,
      lane,
      class: judgement.class,
      rulings,
      mission: mission === null ? null : missionDocument(mission),
      error,
    });
  for (const { class: cls, subject, rule, why } of rulings)
    print(
      `${COLOURS[cls](cls.padEnd(5))}  ${plain(subject).replaceAll('\n', ' ')}  ${pc.dim(`${plain(rule)}: ${plain(why)}`)}`,
    );
  if (mission !== null) for (const line of missionText(mission)) print(plain(line).replaceAll('\n', ' '));
  const verdict = refusal === null ? judgement.class : 'never';
  print(`${woId} in ${lane}: ${COLOURS[verdict](VERDICTS[verdict])}`);
  if (refusal !== null) fail(refusal, false);
}

const VERDICTS = { safe: 'would run', ask: 'would ask a person', never: 'would be refused' } as const;

function documentOf(ruling: Ruling) {
  const { class: cls, proof, approvers, why } = ruling;
  return { class: cls, subject: subjectText(ruling.subject), rule: ruleText(ruling), why, proof, approvers };
}

/** An order by its id while it waits for a person, else a file. Throws NO_INPUT. */
async function orderNamed(
  station: Station,
  what: string,
  options: PolicyOptions,
): Promise<{ given: Given; lane: string }> {
  const state = isGoodId(what) && !exists(what) ? readState(station, what) : null;
  if (state === null) return { given: await readInput(what), lane: laneOf(station, options) };
  const { claim } = (state.meta['approval'] as { claim?: string } | undefined) ?? {};
  const isHere = claim !== undefined && exists(join(station.layout.claimed, claim));
  const request = isHere ? readClaim(station.layout.claimed, claim) : null;
  if (request !== null) return { given: request, lane: state.lane };
  throw new WaybillError('NO_INPUT', `${what} does not wait for an approval: it is ${state.status}`, {
    hint: `Name its file: \`waybill policy explain ${state.request.path} --lane ${state.lane}\`.`,
  });
}
