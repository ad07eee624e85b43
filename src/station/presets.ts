import { WaybillError } from '../order/error.ts';

const HEAD = `# Settings of this Waybill station. Every key has a default; docs/reference-settings.md lists them all.
version: 1
`;

const COMMANDS = `
# Orders may run these commands and checks, and no others. A text allows exactly that line;
# argv allows a program with these first arguments.
commands:
  allow: []
  #  - npm test
  #  - argv: [node, scripts/check.mjs]
`;

/** The settings files that \`waybill init\` can write. */
const PRESETS: Readonly<Record<string, string>> = {
  default: `${HEAD}
lanes:
  MAIN: {}
${COMMANDS}`,
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

# Folders outside the station that orders may write to.
fence:
  roots: []
  #  - ../Library/LaunchAgents
${COMMANDS}`,
};

/** The text of a preset. Throws UNKNOWN_PRESET. */
export function presetText(name: string): string {
  const text = Object.hasOwn(PRESETS, name) ? PRESETS[name] : undefined;
  if (text === undefined) throw new WaybillError('UNKNOWN_PRESET', `there is no preset ${name}`);
  return text;
}
