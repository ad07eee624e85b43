import type { Causes } from './cause.ts';

/** Missions and the agents that do their steps. */
export const MISSIONS = {
  CHAIN_INVALID: {
    causes: [
      'The chain that policy or the order names has no file agents/chains/NAME.yaml, or that file is a symbolic link.',
      'The file does not read, or a step takes a document that none before it gives.',
      'The chain would land what nobody reviewed, or lets an agent work before policy was asked.',
    ],
    cure: [
      'Go to the line of the chain that the error names, and compare with the example in docs/missions.md.',
      'Or leave `chain` out of the order: `short` and `full` are built in.',
      'Commit the mended file, then `waybill retry ID`. A mission that has begun keeps the chain that it began with.',
    ],
    see: ['missions.md#chains', 'missions.md#your-own-chain'],
  },
  NO_CHECKS: {
    causes: ['The order asks for `chain: checks`, which does nothing else than run checks, and names none.'],
    cure: [
      'Name what is to be run under `tests` or `post_verify`; of a job under `command`.',
      'Where agents are to do work, leave `chain` out.',
      'Drop it again under the same wo_id.',
    ],
    see: ['missions.md#chains', 'jobs.md#jobs-that-only-run-a-command'],
  },
  AGENT_INVALID: {
    causes: [
      'agents/ROLE/agent.yaml has a key that is not known, or a wrong value.',
      'agent.yaml or its prompt file is a symbolic link, or not UTF-8.',
      'The program that it names lies in the repository, where orders may write.',
    ],
    cure: [
      'See which file and line: `waybill agents ls`; only that role is stopped.',
      'Mend it by docs/agents.md, or write it anew: move it away, then `waybill agents init --role ROLE`.',
      'Try it: `waybill agents check ROLE`. Missions that wait for an agent go on by themselves.',
    ],
    see: ['agents.md#a-role', 'reference-agents.md'],
  },
  AGENT_UNAVAILABLE: {
    causes: [
      'The program of the agent is not installed, or not on the PATH of the station; a service has a shorter one than a terminal.',
      'It is not logged in, or its key is not handed on under `env` of its agent.yaml.',
      'There is no agents/ROLE/agent.yaml, or the role is not for this lane.',
      'The mission names agents that the role does not have.',
    ],
    cure: [
      'Ask each agent: `waybill agents check` tells what it answered. Run it as the user and in the surroundings of the station.',
      'Where there are no roles, `waybill agents init`; otherwise install it, log in, or name another one under `use`.',
      'The mission waits and is looked at again by itself, ever more rarely, up to an hour; `waybill release ID` looks at once.',
    ],
    see: ['agents.md#setting-up', 'agent-programs.md', 'services.md#127-program-not-found'],
  },
  AGENT_FAILED: {
    causes: [
      'The provider of the model refused or was not there: no credit, too many requests, an outage.',
      'The agent declined the task, or broke off in the middle of it.',
      'It asked for something that its role may not do (`tools` in agent.yaml), and ended its turn when that was refused.',
    ],
    cure: [
      'See which step, and why: `waybill spine status ID`.',
      'Read what it said: the raw stream of the step is in the evidence folder that `waybill show ID` names.',
      'Look whether it works at all: `waybill agents check`.',
      'Wait for the provider, add a fallback under `use`, or allow the tool that it needs; then `waybill retry ID`. Where the mission asks a person, `waybill approve ID` does the step again.',
    ],
    see: ['agents.md#what-an-agent-may-do-and-what-stops-it', 'budgets.md#after-a-failure'],
  },
  AGENT_TIMEOUT: {
    causes: [
      'The task is too large for the time of one step (missions.step.seconds in policy.yaml, 1800 unless set otherwise; timeout_seconds of the role).',
      'The agent hangs: on a provider that does not answer, or on a command that waits or never ends.',
    ],
    cure: [
      'See how far it came: `waybill spine status ID`, and the raw stream of the step in its evidence folder.',
      'Make the task smaller, or split it into several missions joined by `depends_on`.',
      'Or give steps more time: timeout_seconds in agents/ROLE/agent.yaml, missions.step.seconds in policy.yaml.',
      'Then `waybill retry ID`.',
    ],
    see: ['budgets.md#five-limits', 'agents.md#a-role'],
  },
  PACKET_INVALID: {
    causes: [
      'The agent answered in prose, and did not write the packet file that its step asks for.',
      'The packet lacks keys, or has wrong ones; it was told so twice, and did not mend it.',
      'The model is too small for the step, or `prompt` of its role leads it away from what is asked.',
    ],
    cure: [
      'Read what it handed in, and what is wrong with it: `waybill show ID`, then its evidence folder.',
      'Compare with what the step asks for in docs/packets.md, and mend `prompt` of the role where that contradicts it.',
      'Name another agent for the role in agents/ROLE/agent.yaml, then `waybill retry ID`.',
    ],
    see: ['packets.md#what-an-agent-has-to-do', 'packets.md#what-comes-of-a-packet-that-is-not-valid'],
  },
  MISSION_ALTERED: {
    causes: [
      'Somebody, or an agent without a sandbox, changed or removed a document below .git/waybill/claimed while the mission was at work.',
      'Objects that the mission made are gone: the repository was pruned or copied back from elsewhere.',
    ],
    cure: [
      'See which document: the message names step and path. Find out who wrote there before you go on.',
      'See whether the records hold: `waybill verify ID`.',
      'Begin the mission anew with `waybill retry ID`; nothing of the old work is gone on from, and what it had made is kept.',
      'Give agents that run as your own user a sandbox, or a user of their own.',
    ],
    see: ['checkpoints.md#what-is-asked', 'sandbox.md', 'security.md#commands'],
  },
  NOTHING_CHANGED: {
    causes: [
      'The work is done already: the branch has it.',
      'The task does not say what is to be there in the end, so the agent only told what could be done.',
      'The agent was refused writing: `tools` of its role do not have edit, or its own sandbox is read-only.',
    ],
    cure: [
      'Read what it handed in: the packets of the steps are in the evidence folder that `waybill show ID` names.',
      'Say in the task which files are to say or do what in the end, best with a check that is red now.',
      'See that the role may `edit`: `waybill agents ls`; then drop the order again.',
    ],
    see: ['missions.md#writing-one', 'agents.md#what-an-agent-may-do-and-what-stops-it'],
  },
  ENVELOPE_INVALID: {
    causes: [
      'A path under constraints.paths is misspelt: no file, folder or match is there, and it is no new file in a folder that is.',
      'A pattern leads out of the root, or its folder does not exist yet.',
    ],
    cure: [
      'Read in the message which path it is, and compare with `git ls-files`.',
      'Name files and folders that are there, and new files in full: `src/new/hello.txt` needs the folder `src/new`.',
      'Drop the order again under the same wo_id.',
    ],
    see: ['missions.md#writing-one', 'packets.md#gates'],
  },
  ENVELOPE_VIOLATION: {
    causes: [
      'The agent changed files beside those under constraints.paths, often a lock file, a snapshot of tests or a format of its neighbours.',
      'A step that may only hand in a document, such as a review, changed files.',
      'A check wrote into files that git tracks.',
    ],
    cure: [
      'See which files: `waybill why ID` names them, `waybill keep show ID` has what was made.',
      'Where it was a slip of the agent and the mission asks, `waybill approve ID` does the step again.',
      'Otherwise end it with `waybill deny ID`, widen constraints.paths or say in the task what is to be left alone, and drop it again under the same wo_id.',
    ],
    see: ['missions.md#what-stops-it', 'budgets.md#after-a-failure'],
  },
  GATE_FAILED: {
    causes: [
      'Before the work: a declared path is protected, or nothing is committed yet.',
      'After it: a reviewer is missing, a document is not as it was on record, or the policy changed meanwhile.',
      'Something could not be found out; that counts as not passed.',
    ],
    cure: [
      'See which gate, and why: `waybill why ID`; the terminal packet of the mission names every one.',
      'Look up in docs/packets.md when that gate is passed, and bring it about.',
      'Then `waybill approve ID` where the mission asks, else `waybill retry ID`.',
    ],
    see: ['packets.md#gates', 'missions.md#what-is-left-of-it'],
  },
  REVIEW_REJECTED: {
    causes: [
      'A reviewer found that the work does not do what the task asks for, or must not land at all.',
      'The verdict of the reviewer was none of approved, needs_revision, rejected, escalate.',
    ],
    cure: [
      'Read the verdict: it is in the evidence folder that `waybill show ID` names.',
      'Look at the work: `waybill keep show ID` has all of it.',
      'Drop a new order under a new wo_id, whose task says what was missing.',
      'Where the reviewer is wrong, `waybill retry ID` begins anew, with another design and another review.',
    ],
    see: ['missions.md#checkpoints-revisions-budgets', 'packets.md#what-an-agent-has-to-do'],
  },
  NO_PROGRESS: {
    causes: [
      'The agent cannot do better with what it is told: its check asks for something that the task does not say.',
      'The check is red for a reason that the agent cannot touch: a missing program, a file outside of its paths, a broken branch.',
    ],
    cure: [
      'See what failed, and with which output: `waybill show ID`.',
      'Run that check by hand on the branch; where it is red there too, mend that first.',
      'Say in the task what stands in the way, or name another agent under `agents`; then drop it again, or `waybill retry ID`.',
    ],
    see: ['budgets.md#after-a-failure', 'missions.md#what-stops-it'],
  },
  OSCILLATION_DETECTED: {
    causes: [
      'Two checks, or a check and a review, ask for opposite things, and the agent does one after the other.',
      'The task can be read in two ways.',
    ],
    cure: [
      'Look at both: `waybill spine status ID` has each step, its evidence folder what failed after it.',
      'Decide which of the two ways is wanted, and say so in the task; mend the check that contradicts it.',
      'Drop the order again, or `waybill retry ID` where only its surroundings were mended.',
    ],
    see: ['budgets.md#after-a-failure'],
  },
  RETRIES_EXHAUSTED: {
    causes: [
      'The same kind of failure came more often in a row than missions.retries in policy.yaml tries again (2 unless set otherwise), or too many steps failed in the whole mission (5).',
      'What fails is not the agent’s to mend: the message names the code and the reason of the last failure.',
    ],
    cure: [
      'Read the last reason: `waybill why ID`, and look that code up with `waybill explain CODE`.',
      'Mend what it names.',
      'Then `waybill retry ID`: a new attempt with all its retries and a whole new budget.',
      'Where failures pass by themselves, such as those of a provider, raise missions.retries in policy.yaml.',
    ],
    see: ['budgets.md#after-a-failure', 'reference-policy.md#keys'],
  },
  BUDGET_EXHAUSTED: {
    causes: [
      'The task needs more tokens, money, time, steps or changed lines than it was given.',
      'The agent goes in circles, or reads far more than it needs.',
      'One step used up all that missions.step in policy.yaml gives to a step; no raise of the mission’s budget helps then.',
    ],
    cure: [
      'See the figures, and what was made of them: `waybill approvals ID`.',
      'Where it is worth it, `waybill approve ID` raises that limit by as much as it was given, and the mission goes on where it stopped; `waybill deny ID` ends it.',
      'Give the next one more under constraints.budget, or make its task smaller; for the limit of a step change missions.step.',
    ],
    see: ['budgets.md#five-limits', 'checkpoints.md#what-a-yes-means'],
  },
  TOKEN_ACCOUNTING_UNAVAILABLE: {
    causes: [
      'Tokens or money are limited, and the agent does not tell what it used; OpenCode and agents of the adapter `command` often do not.',
      'The agent told zeros, which is not possible for work that was done.',
    ],
    cure: [
      'See which agent it was: `waybill spine status ID`.',
      'Use one that tells its usage (docs/agents-real.md has a table), or limit time and attempts in place of tokens and money.',
      'Or let an operator set `missions: {require_usage: false}` in policy.yaml: then what was set aside counts.',
      'Then `waybill approve ID` does the step again, and `waybill deny ID` ends the mission.',
    ],
    see: ['budgets.md#agents-that-tell-nothing', 'agents-real.md'],
  },
  POLICY_CHANGED_MID_RUN: {
    causes: [
      'Somebody changed policy.yaml, if only a comment, while the mission was at work or waited.',
      'Another branch with another policy.yaml was checked out at the root.',
    ],
    cure: [
      'See what changed: `git log -p -3 -- policy.yaml`, and what the mission did: `waybill approvals ID`.',
      'Where that is allowed under the policy of now, `waybill approve ID`; where not, `waybill deny ID`. Its work is kept.',
    ],
    see: ['checkpoints.md#going-on', 'policy.md#missions'],
  },
  MISSION_STOPPED: {
    causes: [
      'Somebody stopped all missions with `waybill spine stop`, or made the file STOP_MISSIONS by hand.',
      'The file is committed, or was brought back by a checkout.',
    ],
    cure: [
      'See who stopped them, and why: `cat STOP_MISSIONS` (missions.stop_file in waybill.yaml may name another file).',
      'When the reason is gone, `waybill spine go`: the missions go on where they stopped.',
      'To end a single one for good, `waybill spine abort ID`.',
    ],
    see: ['missions.md#what-stops-it'],
  },
} as const satisfies Causes;
