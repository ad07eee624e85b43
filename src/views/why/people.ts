import type { StateDocument } from '../../order/generated.ts';
import { currentUser } from '../../platform/user.ts';
import { loadPolicy, type Policy } from '../../policy/policy.ts';
import type { Station } from '../../station/station.ts';
import { type Asked, askedOf } from '../approvals.ts';
import { type Fact, fact, type Part, run } from './explanation.ts';

/** So many reasons are told; the review has all. */
const MOST_RULINGS = 5;

/** A wait for a person: who may decide, with what proof, about what, until when. */
export function forPeople(station: Station, state: StateDocument): Part {
  const { wo_id: woId } = state;
  const asked = askedOf(state);
  const shows = run('see all that would happen', `waybill approvals ${woId}`);
  if (asked === null) return { next: [shows] };
  const sign = asked.proof === 'ssh' ? ' --key FILE' : '';
  return {
    until: asked.expires_at,
    released_by: decidersOf(station, asked),
    facts: factsOf(asked),
    next: [
      shows,
      run('say yes', `waybill approve ${woId}${sign}`),
      run('say no', `waybill deny ${woId} --reason TEXT`),
    ],
  };
}

function factsOf({ stage, rulings, changed, expires_at: expiresAt, asked_at: askedAt }: Asked): Fact[] {
  const more = rulings.length - MOST_RULINGS;
  return [
    fact('asked at', `${askedAt}, ${STAGES[stage]}`),
    ...rulings.slice(0, MOST_RULINGS).map(({ subject, rule, why }) => fact('because', `${subject}: ${why} (${rule})`)),
    ...(more > 0 ? [fact('because', `and ${more} more`)] : []),
    ...(changed.length > 0 ? [fact('asks again', `changed since the last yes: ${changed.join('; ')}`)] : []),
    ...(expiresAt === null ? [] : [fact('ends', `fails with EXPIRED at ${expiresAt}, if nobody decides`)]),
  ];
}

const STAGES: Readonly<Record<Asked['stage'], string>> = {
  start: 'before anything is done',
  landing: 'before it lands: the work is done',
  checkpoint: 'at a checkpoint of the mission',
  budget: 'because the mission has used up what it was given',
};

/** Who may say yes, as policy.yaml names them now. */
function decidersOf({ layout }: Station, { approvers: allowed, proof }: Asked): string[] {
  let policy: Policy;
  try {
    policy = loadPolicy(layout.root);
  } catch {
    return ['nobody, until policy.yaml can be read again'];
  }
  const may = policy.approvers.filter(({ name }) => allowed === null || allowed.includes(name));
  if (proof === 'ssh') {
    const signing = may.filter(({ keys }) => keys.length > 0);
    return signing.length === 0
      ? ['nobody: it needs a signature, and policy.yaml has no key of an approver who may decide this']
      : signing.map(({ name }) => `${name}, by a signature`);
  }
  if (policy.approvers.length === 0) return [`the user who runs the station (${currentUser()}), at a terminal`];
  if (may.length === 0) return [`nobody: policy.yaml names none of ${(allowed ?? []).join(', ')} as an approver`];
  return may.map(({ name, users, keys }) => {
    const ways = [
      ...(users.length === 0 ? [] : [`at a terminal as ${users.join(' or ')}`]),
      ...(keys.length === 0 ? [] : ['by a signature']),
    ];
    return `${name}${ways.length === 0 ? ', who has neither a user nor a key in policy.yaml' : `, ${ways.join(' or ')}`}`;
  });
}
