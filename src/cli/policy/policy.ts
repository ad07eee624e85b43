import { WaybillError } from '../../order/error.ts';
import { readTrust } from '../../pipeline/approvals/trust.ts';
import { answered } from '../../pipeline/commands/answered.ts';
import { sendCommand } from '../../pipeline/commands/send-command.ts';
import { now } from '../../platform/clock.ts';
import { loadPolicy } from '../../policy/policy.ts';
import { locateStation } from '../../station/locate.ts';
import { POLICY_FILE } from '../../station/settings.ts';
import { writePolicy } from '../../station/station.ts';
import { runningStation } from '../../views/order-state.ts';
import { note, plain, print, printJson, usage } from '../output.ts';
import { HOW_TO_START, stationOf, stationToRead } from '../station.ts';
import { explainPolicy } from './explain.ts';
import type { PolicyOptions } from './options.ts';
import { testPolicy } from './test.ts';

/** `waybill policy …`. */
export async function policy(what: string, arg: string | undefined, options: PolicyOptions): Promise<void> {
  switch (what) {
    case 'init':
      return initPolicy(options);
    case 'check':
      return checkPolicy(options);
    case 'explain':
      if (arg === undefined) throw usage('explain takes an order: a file, - or an id');
      return explainPolicy(arg, options);
    case 'test':
      if (arg === undefined) throw usage('test takes a file of cases');
      return testPolicy(arg, options);
    case 'trust':
      return listTrust(options);
    case 'distrust':
      if (arg === undefined) throw usage('distrust takes a pattern: `waybill policy trust` lists them');
      return distrustPattern(arg, options);
    default:
      throw usage(`policy knows init, check, explain, test, trust and distrust, not ${JSON.stringify(what)}`);
  }
}

async function initPolicy(options: PolicyOptions): Promise<void> {
  const root = await locateStation(options.station);
  const written = writePolicy(root, 'default');
  if (options.json) return printJson({ ok: true, written, path: `${root}/${POLICY_FILE}` });
  print(written ? `${root}/${POLICY_FILE} is written. Commit it.` : `${root}/${POLICY_FILE} is there already.`);
}

/** Says whether policy.yaml can be used. Throws POLICY_INVALID with line and column. */
async function checkPolicy(options: PolicyOptions): Promise<void> {
  const found = loadPolicy(await locateStation(options.station));
  const { sha256, rules, approvers, defaults, approvals } = found;
  if (options.json) return printJson({ ok: true, sha256, rules: rules.length, approvers: approvers.length, defaults });
  print(`${POLICY_FILE} is valid: ${sha256}`);
  for (const { name, line, class: cls } of rules) print(`  ${cls.padEnd(5)}  ${plain(name)} (line ${line ?? '?'})`);
  print(`  ${defaults.paths.padEnd(5)}  paths that no rule speaks of`);
  print(`  ${defaults.commands.padEnd(5)}  commands that no rule speaks of`);
  const who = approvers.map(({ name, keys }) => `${name}${keys.length > 0 ? ' (key)' : ''}`).join(', ');
  print(`Decisions: ${who === '' ? 'the user that the station runs as' : who}; proof: ${approvals.proof}`);
}

async function listTrust(options: PolicyOptions): Promise<void> {
  const station = await stationToRead(options);
  const entries = readTrust(station.layout);
  const { trustAfter } = loadPolicy(station.layout.root).approvals;
  if (options.json) return printJson({ ok: true, trust_after: trustAfter, entries });
  if (entries.length === 0) return print('Nothing was approved yet that could become safe.');
  for (const { pattern, text, uid, lane, asks, promoted } of entries) {
    const how =
      promoted === null
        ? `${asks.length} of ${trustAfter} approvals in a row`
        : `safe since ${promoted.at}, by ${promoted.by}`;
    print(`${pattern.slice(7, 19)}  ${plain(text).replaceAll('\n', ' ')}  uid ${uid} in ${lane}  ${plain(how)}`);
  }
}

async function distrustPattern(wanted: string, options: PolicyOptions): Promise<void> {
  const station = await stationOf(options);
  const plainWanted = wanted.replace(/^sha256:/, '');
  const found = readTrust(station.layout).filter(({ pattern }) => pattern.slice(7).startsWith(plainWanted));
  const [entry] = found;
  if (entry === undefined || plainWanted.length < 6 || new Set(found.map(({ pattern }) => pattern)).size > 1)
    throw new WaybillError(
      'APPROVAL_STALE',
      `${wanted} names ${found.length === 0 ? 'nothing' : 'more than one'} that is counted`,
      {
        hint: '`waybill policy trust` lists what is, with six characters or more of each.',
      },
    );
  const reason = options['reason'];
  const path = sendCommand(station, {
    v: 1,
    command: 'distrust',
    at: now(),
    pattern: entry.pattern,
    ...(typeof reason === 'string' ? { reason } : {}),
  });
  const running = runningStation(station) !== null;
  const taken = running && (await answered(path, 10_000));
  if (options.json) return printJson({ ok: true, pattern: entry.pattern, taken });
  print(taken ? `${plain(entry.text)} is asked about again.` : 'It is waiting for the station.');
  if (!running) note(HOW_TO_START);
}
