import { WaybillError } from '../order/error.ts';

const HEAD = `# Settings of this Waybill station. Every key has a default; docs/reference-settings.md lists them all.
version: 1
`;

/** policy.yaml as \`waybill init\` writes it: the defaults, said aloud. */
function policyWith(roots: string): string {
  return `# What orders may do here, and who decides where a person must. docs/policy.md tells every key.
version: 1

# The first rule that matches a path or a command decides: safe runs, ask waits for a person, never is refused.
rules: []
#  - {name: tests, class: safe, commands: [[npm, test], "make check"]}
#  - {name: releases, class: ask, paths: [package.json, .github/]}
#  - {name: money, class: never, paths: [billing/], why: only people change this}

# What no rule speaks of.
defaults:
  paths: safe
  commands: ask
${roots}
# Who decides. Without anybody: the user that the station runs as, at a terminal.
approvers: []
#  - {name: anna, users: [anna], keys: ["sk-ssh-ed25519@openssh.com AAAA... anna"]}
`;
}

const LUKA_ROOTS = `
# Folders outside the station that orders may write to.
roots: []
#  - ../Library/LaunchAgents
`;

/** The settings files that \`waybill init\` can write. */
const PRESETS: Readonly<Record<string, string>> = {
  default: `${HEAD}
lanes:
  MAIN: {}
`,
  // The tree of seed 003: state, telemetry and alerts stand where its operators already look.
  '02luka': `${HEAD}
default_lane: CLC
lanes:
  CLC: {}
  ENTRY: {}

paths:
  state: g/followup/state
  archive: g/followup/archive
  evidence: g/followup/evidence
  followup: g/followup/followup.json
  telemetry: g/telemetry/unified.jsonl
  alerts: logs/guardrail_alerts.log
  reports: g/reports
  lessons: g/lessons

# What must not vanish silently: the lists of seed 003's guardrail.
guardrail:
  components:
    - {kind: file, path: agents/apply_patch_processor/apply_patch_processor.zsh, executable: true}
    - {kind: file, path: agents/json_wo_processor/json_wo_processor.zsh, executable: true}
    - {kind: file, path: agents/wo_executor/wo_executor.zsh, executable: true}
    - {kind: file, path: tools/followup_tracker_update.zsh, executable: true}
    - {kind: folder, path: g/followup/state}
    - {kind: folder, path: bridge/inbox/CLC}
    - {kind: folder, path: bridge/inbox/ENTRY}
    #  - {kind: service, name: com.02luka.wo_executor}
    #  - {kind: program, name: zsh}
`,
  // The tree of seed 000: what a loop spine shows stands where its operators and agents look for it.
  lifeos: `${HEAD}
lanes:
  MAIN: {}
  OPENCLAW: {}

paths:
  artifacts: artifacts

missions:
  stop_file: STOP_AUTONOMY

backlog:
  files: [docs/11_admin/BACKLOG.md, config/tasks/backlog.yaml]
  lane: MAIN
  #  claims: origin   # stations that name the same remote don't take the same item

documents:
  mode: warn
  #  block_from: 2026-12-01   # from this day on what is wrong fails the check
  folder: docs
  index: docs/INDEX.md
  corpus: docs/LifeOS_Strategic_Corpus.md
  register: docs/11_admin/Plan_Supersession_Register.md
  state: [docs/11_admin/LIFEOS_STATE.md, docs/11_admin/PROJECT_STATUS_v1.0.md]
  claims:
    - program: openclaw
      phrases: [OpenClaw is not installed, OpenClaw install is blocked, blocked on OpenClaw install]
  #  weekly: "0 6 * * 1"   # the drift report, and its findings as items of the backlog
`,
};

/** The text of a preset. Throws UNKNOWN_PRESET. */
export function presetText(name: string): string {
  const text = Object.hasOwn(PRESETS, name) ? PRESETS[name] : undefined;
  if (text === undefined) throw new WaybillError('UNKNOWN_PRESET', `there is no preset ${name}`);
  return text;
}

/** The policy.yaml of a preset. Throws UNKNOWN_PRESET. */
export function policyText(name: string): string {
  presetText(name);
  return policyWith(name === '02luka' ? LUKA_ROOTS : '');
}
