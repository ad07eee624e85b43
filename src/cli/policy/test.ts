import pc from 'picocolors';
import { type ReadDocument, readDocument } from '../../order/document.ts';
import { asWaybillError, WaybillError } from '../../order/error.ts';
import type { PolicyCase } from '../../order/generated.ts';
import { hooksPathOf, surroundings } from '../../pipeline/approvals/gate.ts';
import { Trust } from '../../pipeline/approvals/trust.ts';
import { readIfThere } from '../../platform/durable.ts';
import { conform } from '../../platform/schema.ts';
import { currentUser } from '../../platform/user.ts';
import { fenceOf, resolveTarget } from '../../policy/fence.ts';
import { judgePaths, judgeRun, type Ruling, ruleText } from '../../policy/judge.ts';
import { loadPolicy } from '../../policy/policy.ts';
import { readLedger } from '../../record/ledger.ts';
import { EXIT, plain, print, printJson } from '../output.ts';
import { stationOf } from '../station.ts';
import type { PolicyOptions } from './options.ts';

/** Holds policy.yaml against a file of expectations. Exits 1 where one is not met. Throws SCHEMA_INVALID with line and column. */
export async function testPolicy(file: string, options: PolicyOptions): Promise<void> {
  const station = await stationOf(options);
  const policy = loadPolicy(station.layout.root);
  const bytes = readIfThere(file);
  if (bytes === undefined) throw new WaybillError('NO_INPUT', `${file} is not there`);
  const { document, cases } = readCases(file, bytes);
  const place = {
    station,
    trust: new Trust(station.layout),
    ledger: { read: (seq: number) => readLedger(station.layout.ledger, seq) },
  };
  const hooksPath = await hooksPathOf(station);
  const rule = (c: PolicyCase): Ruling | undefined => {
    const who = { lane: c.lane ?? station.settings.defaultLane, requester: requesterOf(c.requester) };
    const around = surroundings(place, who, hooksPath);
    if (c.path !== undefined)
      return judgePaths(policy, { ...who, ...around, paths: [resolveTarget(fenceOf(station, policy), c.path)] })[0];
    const run = c.argv === undefined ? { shell: c.command ?? '' } : { argv: c.argv };
    return judgeRun(policy, { ...who, ...around, paths: [] }, run);
  };
  const results = cases.map((c, n) => {
    const found = ruleOrRefusal(() => rule(c));
    const ok = found.class === c.expect && (c.rule === undefined || c.rule === found.rule);
    const name = c.name ?? c.path ?? c.command ?? c.argv?.join(' ') ?? '';
    return { name, ok, expect: c.expect, ...found, line: document.locate(['cases', n]).line ?? null };
  });
  const failed = results.filter(({ ok }) => !ok).length;
  if (failed > 0) process.exitCode = EXIT.failed;
  if (options.json) return printJson({ ok: failed === 0, policy: policy.sha256, results });
  for (const { name, ok, expect, class: cls, by, line } of results)
    if (!ok)
      print(
        `${pc.red('not met')}  ${plain(name)} (${file}:${line ?? '?'}): expected ${expect}, is ${cls}: ${plain(by)}`,
      );
  print(`${results.length - failed} met, ${failed} not met`);
}

/** Throws SCHEMA_INVALID, YAML_INVALID and others of a document, with the file, line and column. */
function readCases(file: string, bytes: Uint8Array): { document: ReadDocument; cases: readonly PolicyCase[] } {
  try {
    const document = readDocument(bytes, 'yaml', { maxBytes: 16 * 1024 * 1024, maxDepth: 8 });
    return { document, cases: conform('policy-cases', document.value, 'SCHEMA_INVALID', document).cases };
  } catch (thrown) {
    const { code, message, hint, place } = asWaybillError(thrown);
    throw new WaybillError(code, message, { hint, place: { file, ...place } });
  }
}

function requesterOf(name: string | number | undefined): { uid: number; user: string | null } {
  if (typeof name === 'number') return { uid: name, user: null };
  return { uid: name === undefined ? (process.geteuid?.() ?? -1) : -1, user: name ?? currentUser() };
}

/** A path that the fence refuses is never, by the fence. */
function ruleOrRefusal(judge: () => Ruling | undefined): { class: Ruling['class']; rule: string; by: string } {
  try {
    const ruling = judge();
    if (ruling !== undefined)
      return { class: ruling.class, rule: ruling.rule, by: `${ruleText(ruling)}: ${ruling.why}` };
  } catch (error) {
    if (!(error instanceof WaybillError) || error.code !== 'PATH_DENIED') throw error;
    return { class: 'never', rule: 'fence', by: error.message };
  }
  return { class: 'safe', rule: '', by: 'nothing is asked' };
}
