import type { Contracts } from '../../platform/schema.ts';

/** The documents that steps hand to each other, by the names that chains use, and the contract of each. */
const CONTRACTS = {
  context: 'context-packet',
  build_packet: 'build-packet',
  plan_packet: 'plan-packet',
  build_report: 'build-report',
  review_packet: 'review-packet',
  verdict: 'verdict',
  closing_packet: 'closing-packet',
} as const satisfies Record<string, keyof Contracts>;

/** A document that steps hand to each other. `commit` is none: it is an id, and stands in the ledger. */
export type PacketName = keyof typeof CONTRACTS;

/** What a packet of this name holds. */
export type PacketOf<N extends PacketName> = Contracts[(typeof CONTRACTS)[N]];

/** Which file of schemas/ describes a packet. */
export function contractOf<N extends PacketName>(name: N): (typeof CONTRACTS)[N] {
  return CONTRACTS[name];
}
