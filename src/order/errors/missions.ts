/** What can go wrong with missions: rows of the one table in error.ts. */
export const MISSION_ERRORS = {
  CHAIN_INVALID: {
    what: 'A chain of steps cannot be used: its file does not read, a step takes what none before it gives, or what is built is never reviewed.',
    hint: 'Mend the line named; docs/missions.md tells what a chain is made of.',
  },
  NO_CHECKS: {
    what: 'An order asks for a chain that only runs checks, and has none: it would pass with nothing done.',
    hint: 'Name what is to be run under `tests`, or leave `chain` out, so that agents do the task.',
  },
  AGENT_INVALID: {
    what: 'An agent.yaml cannot be used: it has an unknown key or a wrong value.',
    hint: 'Mend the line named; docs/agents.md tells every key. `waybill agents ls` shows all of them.',
  },
  AGENT_UNAVAILABLE: {
    what: 'No agent that may do the step can be used here: none is named for its role, or each that is failed its probe.',
    hint: '`waybill agents check` says why; install or log in to one, or name another.',
    retryable: true,
  },
  AGENT_FAILED: {
    what: 'An agent broke off, or refused what it was asked to do.',
    hint: 'Its raw stream is in the evidence folder.',
    retryable: true,
  },
  AGENT_TIMEOUT: {
    what: 'An agent ran longer than its step may; it was ended with all that it had started.',
    hint: 'Give it more time in agents/ROLE/agent.yaml or under missions.step in policy.yaml, or make the task smaller.',
    retryable: true,
  },
  PACKET_INVALID: {
    what: 'What an agent handed in is not the document that its step asks for, also after its repairs; prose is none.',
    hint: 'The evidence folder has what it handed in; docs/packets.md tells what each step asks for.',
  },
  MISSION_ALTERED: {
    what: 'A document that a step of a mission gave is not what the ledger has the hash of: nothing goes on from it.',
    hint: 'Somebody wrote into the claim folder of a living order. `waybill retry` begins the mission anew.',
  },
  NOTHING_CHANGED: {
    what: 'The step that was to build changed no file.',
    hint: 'What it handed in stands in the evidence; say in the task what is to be there in the end.',
  },
  ENVELOPE_INVALID: {
    what: 'The paths that a mission may change are none, or cannot be what is meant.',
    hint: 'Name what is there under constraints.paths, or each file to be made, as in `src/hello.txt`; a pattern needs a folder that is there.',
  },
  ENVELOPE_VIOLATION: {
    what: 'A mission changed what it may not change. Nothing of it lands.',
    hint: 'Widen constraints.paths if that was meant, or tell the agent in the task to leave it alone; then `waybill retry`.',
  },
  GATE_FAILED: {
    what: 'Something that must be so before a mission works, or before it lands, is not.',
    hint: 'The terminal packet names every gate, and why it was not passed.',
  },
  REVIEW_REJECTED: {
    what: 'A reviewer rejected the work, or gave no verdict.',
    hint: 'The review is in the evidence folder; the work is kept. Drop a new order that says what was missing.',
  },
  NO_PROGRESS: {
    what: 'A step failed, and left the very changes that it had left when it failed before.',
    hint: 'Say in the task what stands in the way, or choose another agent; then `waybill retry`.',
  },
  OSCILLATION_DETECTED: {
    what: 'A step failed, and is back at changes that it had made before and given up since.',
    hint: 'Say in the task which of the two ways is wanted; then `waybill retry`.',
  },
  RETRIES_EXHAUSTED: {
    what: 'A step failed more often than policy tries again.',
    hint: 'The reasons are in the evidence folder. Mend what they name, or raise missions.retries in policy.yaml; then `waybill retry`.',
  },
  BUDGET_EXHAUSTED: {
    what: 'A mission used up what it may, and nobody raised it.',
    hint: '`waybill approvals ID` shows the figures. Raise the limit there, or give the next one more under constraints.budget.',
  },
  TOKEN_ACCOUNTING_UNAVAILABLE: {
    what: 'Tokens or money of the mission are limited, and an agent did not tell what it used, or told zeros.',
    hint: 'Use an agent that tells its usage (`waybill agents check`), or set missions.require_usage: false in policy.yaml.',
  },
  POLICY_CHANGED_MID_RUN: {
    what: 'policy.yaml became another while the mission ran, and what was done was allowed by the earlier one. The work is kept.',
    hint: '`waybill approvals ID` shows what it did. `waybill approve` lets it go on under the policy of now; `waybill deny` ends it.',
  },
  MISSION_STOPPED: {
    what: 'The file that stops all missions is there.',
    hint: 'When missions may go on, `waybill spine go` removes it; those that wait go on by themselves.',
  },
} as const;
