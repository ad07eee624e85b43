import type { Causes } from './cause.ts';

/** What people decided, or decided in vain. */
export const DECISIONS = {
  APPROVAL_STALE: {
    causes: [
      'Somebody else decided before, or the order was cancelled meanwhile.',
      'What the order would do has changed since it was shown: the branch moved, policy.yaml changed, the mission went on.',
      'A signature was made for an earlier question of the same order.',
      'Of `waybill policy distrust PATTERN`: nothing is trusted under that pattern, or more than one thing is.',
    ],
    cure: [
      'See what became of it: `waybill why ID`, and `waybill log ID` for who decided.',
      'Where it still asks, look at it anew with `waybill approvals ID`, then `waybill approve ID` or `waybill deny ID`.',
      'Sign again what is asked now: `waybill approvals ID --text`.',
      'For trust, `waybill policy trust` lists what there is.',
    ],
    see: ['approvals.md#what-you-are-shown-and-what-you-agree-to', 'approvals.md#trust'],
  },
  APPROVAL_REFUSED: {
    causes: [
      'Policy wants a signature by a key, and the decision came from a terminal.',
      'The user, or the key, is none of the approvers that policy.yaml names for this.',
      'Nobody sits there: no terminal, or a process that the station, git, a hook or a coding agent started.',
      'The signature is of another text: another reason, with or without --always, or an earlier question.',
    ],
    cure: [
      'See who may decide, and by which proof: `waybill approvals ID`.',
      'At a terminal of your own: `waybill approve ID`; with a key: `waybill approve ID --key FILE`.',
      'Where the key is elsewhere, sign the output of `waybill approvals ID --text` there, and bring the signature: `waybill approve ID --signature FILE`. Say the same --reason on both sides.',
      'Where the right person is not named, an operator adds them under `approvers` in policy.yaml.',
      'Where the message says that somebody changed what was asked, trust nothing in it: `waybill cancel ID`, and drop the order again.',
    ],
    see: ['approvals.md#who-may-decide', 'approvals.md#require-a-key', 'approvals.md#the-key-is-on-another-machine'],
  },
  DENIED: {
    causes: ['A person looked at what the order would do, and said no.'],
    cure: [
      'Read who said no, and why: `waybill why ID`, `waybill log ID`.',
      'Change what they named, and drop the order again under the same wo_id: it asks anew.',
      'Do not retry it unchanged; where the no was a mistake, `waybill retry ID` asks again.',
    ],
    see: ['approvals.md', 'checkpoints.md#what-a-yes-means'],
  },
  EXPIRED: {
    causes: [
      'The order sets `expires`, and nobody decided before that time.',
      'Those who may decide were not told: no alert reaches them, or none of them looks at `waybill approvals`.',
    ],
    cure: [
      'See what it asked for: `waybill show ID`.',
      'Where it is still wanted, `waybill retry ID`, or drop it again with a later `expires` or none.',
      'Have approvers told: sinks under guardrail.alerts in waybill.yaml, reminders by approvals.remind_hours in policy.yaml.',
    ],
    see: ['approvals.md#when-nobody-decides', 'alerts.md'],
  },
  CANCELLED: {
    causes: [
      'A person ended it, with `waybill cancel` or, of a mission, `waybill spine abort`.',
      'A step was only cut short because the station was told to stop; then it goes on at the next start by itself.',
    ],
    cure: [
      'See who ended it, and why: `waybill log ID`.',
      'To run it again as it is, `waybill retry ID`.',
      'What it had made by then, if anything, is kept: `waybill keep show ID`.',
    ],
    see: ['operating.md#changing-its-course', 'keeps.md'],
  },
} as const satisfies Causes;
