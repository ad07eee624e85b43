import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256 } from '../../src/order/canonical-json.ts';
import type { OrderDocument } from '../../src/order/generated.ts';
import type { GuardedPlace } from '../../src/policy/commands/never.ts';
import { type Judgement, judge, type Question, type Ruling } from '../../src/policy/judge.ts';
import { type Policy, parsePolicy } from '../../src/policy/policy.ts';
import { orderOf } from '../order/plans.ts';

/** What policy is asked in tests: an order as its author writes it, in a tree that is there. */

export function policyOf(lines = ''): Policy {
  return parsePolicy(Buffer.from(`version: 1\n${lines}`));
}

/** A question about an order whose paths are as they are written. */
export function questionOf(
  place: GuardedPlace,
  doc: Partial<OrderDocument>,
  more: Partial<Omit<Question, 'order'>> = {},
): Question {
  const { root, gitDir, hooksPath } = place;
  return {
    order: orderOf(doc),
    lane: 'MAIN',
    requester: { uid: 501, user: 'anna' },
    paths: [...(doc.files ?? []), ...(doc.actions ?? [])].flatMap((action) => ('path' in action ? [action.path] : [])),
    searchPath: place.path,
    root,
    gitDir,
    hooksPath,
    secrets: [],
    contentHash: (path) => {
      const at = join(root, path);
      return existsSync(at) ? sha256(readFileSync(at)) : null;
    },
    isTrusted: () => false,
    ...more,
  };
}

export function judged(
  policy: Policy,
  place: GuardedPlace,
  doc: Partial<OrderDocument>,
  more: Partial<Omit<Question, 'order'>> = {},
): Judgement {
  return judge(policy, questionOf(place, doc, more));
}

/** An order that runs one command: a line, or a program with its arguments. */
export function running(run: string | readonly string[]): Partial<OrderDocument> {
  return {
    actions: [typeof run === 'string' ? { action: 'command', command: run } : { action: 'command', argv: [...run] }],
  } as Partial<OrderDocument>;
}

export function writing(...paths: string[]): Partial<OrderDocument> {
  return { files: paths.map((path) => ({ path, content: 'x' })) } as Partial<OrderDocument>;
}

/** The one ruling of a judgement, as `class by rule`. */
export function verdict({ rulings }: Judgement): string {
  return rulings.map((ruling: Ruling) => `${ruling.class} ${ruling.by} ${ruling.rule}`).join(', ');
}
