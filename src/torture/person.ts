import { join } from 'node:path';
import { type Decision, decisionText, SIGNATURE_NAMESPACE } from '../order/approval.ts';
import { WaybillError } from '../order/error.ts';
import type { StateDocument } from '../order/generated.ts';
import { asksPeople } from '../order/transition.ts';
import { sendCommand } from '../pipeline/commands/send-command.ts';
import { now } from '../platform/clock.ts';
import { ensureDir, namesIn, readIfThere, removeTree } from '../platform/durable.ts';
import { runTool, type ToolResult } from '../platform/process.ts';
import type { Station } from '../station/station.ts';

/** The person beside a tortured station: decides what orders ask, signed with a key, as `waybill approve --key` does. */

/** An order, and what its author wants to hear when it asks. */
interface Question {
  readonly woId: string;
  readonly decide?: 'approve' | 'deny';
}

const keyOf = (root: string) => join(root, '.git', 'torture', 'key');

/** Makes the key of whoever decides; returns its public half. Throws IO_ERROR where ssh-keygen is missing. */
export async function makeKey(root: string): Promise<string> {
  ensureDir(join(root, '.git', 'torture'));
  await keygen(root, ['-q', '-t', 'ed25519', '-N', '', '-C', 'torture', '-f', keyOf(root)]);
  return (readIfThere(`${keyOf(root)}.pub`)?.toString('utf8') ?? '').trim();
}

/** Sends a decision about everything that is asked now. Returns how many that were. */
export async function decideAsked(station: Station, tasks: readonly Question[]): Promise<number> {
  const asked = tasks.flatMap((task) => {
    const ask = task.decide === undefined ? null : askOf(station, task.woId);
    return ask === null ? [] : [{ ...ask, woId: task.woId, decision: task.decide ?? ('deny' as const) }];
  });
  for (const about of asked) {
    const reason = about.decision === 'deny' ? 'as told' : '';
    const decision: Decision = { ...about, station: station.id, always: false, reason };
    const { root } = station.layout;
    const args = ['-q', '-Y', 'sign', '-n', SIGNATURE_NAMESPACE, '-f', keyOf(root)];
    const { stdout } = await keygen(root, args, decisionText(decision));
    sendCommand(station, {
      v: 1,
      command: 'decide',
      at: now(),
      wo_id: about.woId,
      ask: about.ask,
      sha256: about.sha256,
      decision: about.decision,
      ...(reason === '' ? {} : { reason }),
      proof: { kind: 'ssh', signature: stdout.toString('utf8') },
    });
  }
  return asked.length;
}

/** Reads the answers to what was sent, and takes them away. Returns those that tell of no decision that came before; none where calls failed. */
export function readAnswers(station: Station, errors: boolean): string[] {
  const { commands } = station.layout;
  return namesIn(commands)
    .filter((name) => name.endsWith('.refused.json'))
    .flatMap((name) => {
      const path = join(commands, name);
      const { code, message } = JSON.parse(readIfThere(path)?.toString('utf8') ?? '{}') as Record<string, string>;
      removeTree(path);
      // it was sent once more, because whoever sent it saw nothing of the first
      return errors || code === 'APPROVAL_STALE' ? [] : [`a decision was refused: ${code} ${message}`];
    });
}

function askOf(station: Station, woId: string): { ask: string; sha256: string } | null {
  try {
    const text = readIfThere(join(station.layout.state, `${woId}.json`))?.toString('utf8') ?? 'null';
    const state = JSON.parse(text) as StateDocument | null;
    if (state?.status !== 'parked' || !asksPeople(state.waiting_for)) return null;
    const { ask, sha256 } = state.meta['approval'] as { ask: string; sha256: string };
    return { ask, sha256 };
  } catch {
    return null; // a power loss took half of it; the station shows it again
  }
}

async function keygen(cwd: string, args: readonly string[], input = ''): Promise<ToolResult> {
  const env = { PATH: process.env['PATH'] ?? '', LC_ALL: 'C' };
  const result = await runTool(['ssh-keygen', ...args], { cwd, env, input });
  if (result.exitCode === 0) return result;
  throw new WaybillError('IO_ERROR', `ssh-keygen ended with ${result.exitCode}: ${result.stderr.trim()}`);
}
