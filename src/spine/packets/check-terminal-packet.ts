import { hashOf } from '../../order/canonical-json.ts';
import { readDocument } from '../../order/document.ts';
import { asWaybillError } from '../../order/error.ts';
import type { TerminalPacket } from '../../order/generated.ts';

import { complaintsAbout, conforms } from '../../platform/schema.ts';

const LIMITS = { maxBytes: 64 * 1024 * 1024, maxDepth: 16 };
const MOST_COMPLAINTS = 20;

/**
 * What does not fit in a terminal packet as it was read, in words; empty where all of it does. `expected` is the packet computed anew from the
 * ledger: a hash that somebody computed again after an edit fits the text, and never that. null compares the packet with itself only.
 */
export function checkTerminalPacket(text: string | Uint8Array, expected: TerminalPacket | null): string[] {
  let value: unknown;
  try {
    value = readDocument(Buffer.from(text), 'yaml', LIMITS).value;
  } catch (thrown) {
    return [`it cannot be read: ${asWaybillError(thrown).message}`];
  }
  if (!conforms('terminal-packet', value))
    return complaintsAbout('terminal-packet', value, MOST_COMPLAINTS).map(
      ({ pointer, what }) => `${pointer === '' ? 'the packet' : pointer} ${what}`,
    );
  const packet = value as TerminalPacket;
  const { packet_hash: told, ...rest } = packet;
  const found = hashOf(rest);
  return [
    ...(found === told ? [] : [`its hash is ${found}, and it says ${told}`]),
    ...contradictions(packet),
    ...(expected === null ? [] : differences(packet, expected)),
  ];
}

/** What no ledger can have told. */
function contradictions(packet: TerminalPacket): string[] {
  const { outcome, reason, gates, commits, steps, started, ended } = packet;
  const told: string[] = [];
  if ((outcome === 'PASS') !== (reason === 'PASS')) told.push(`the outcome is ${outcome}, and the reason ${reason}`);
  if (outcome === 'PASS') {
    const isReadOnly = packet.chain?.reads_only === true;
    if (isReadOnly && commits.length > 0) told.push('a commit, and nothing of it writes');
    if (!isReadOnly && commits.length === 0) told.push('PASS without a commit');
    if (packet.evidence_sha256 === null) told.push('PASS without evidence');
    if (!isReadOnly && packet.review_packet === null) told.push('PASS without a review packet');
    if (!steps.some((step) => step.outcome === 'ok')) told.push('PASS without a step');
    for (const phase of ['pre', 'post'] as const)
      if (!gates.some((gate) => gate.phase === phase)) told.push(`PASS without a gate of phase ${phase}`);
    for (const gate of gates) if (!gate.ok) told.push(`PASS, and the gate ${gate.name} was not passed`);
  }
  if (started !== null && started > ended) told.push('it ended before it was started');
  steps.forEach((step, i) => {
    if (step.n <= (steps[i - 1]?.n ?? 0)) told.push(`step ${step.n} stands behind step ${steps[i - 1]?.n}`);
  });
  const tokens = steps.reduce((sum, step) => sum + (step.usage?.tokens ?? 0), 0);
  if (tokens !== packet.usage.tokens) told.push(`its steps used ${tokens} tokens, and it says ${packet.usage.tokens}`);
  return told;
}

/** The fields in which it is other than what the ledger tells. */
function differences(packet: TerminalPacket, expected: TerminalPacket): string[] {
  return (Object.keys(expected) as (keyof TerminalPacket)[])
    .filter((key) => key !== 'packet_hash' && hashOf(packet[key]) !== hashOf(expected[key]))
    .map((key) => `${key} is not what the ledger tells`);
}
