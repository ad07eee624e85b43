/** The agent of tortured missions, and of tests of kills: a shell script, because it is started hundreds of times. */

/**
 * Plays every role by what it finds, and by nothing that it remembers: a turn that was cut short is done again and comes to the same. What is built
 * fails its check first, then a reviewer wants it otherwise, then it passes. Each call adds the name of its step to `runs/<wo_id>` of the station.
 */
const MISSION_AGENT = `step=$(sed -n 's/^Step: //p')
step=\${step%%
*}
made="made/$WAYBILL_ORDER.txt"
there=none
[ -f "$made" ] && read -r there < "$made"
echo "$step" >> "$WAYBILL_STATION/runs/$WAYBILL_ORDER"
put() { printf '%s\\n' "$1" > "$WAYBILL_PACKET"; }
case $WAYBILL_PACKET_NAME in
build_packet)
  put '{"goal": "It is made.", "approach": "Make it.", "steps": ["make it"], "files": [{"path": "'"$made"'", "change": "create", "why": "it is asked for"}], "tests": [], "risks": []}' ;;
plan_packet)
  put '{"summary": "One step.", "steps": [{"id": "make", "what": "make it", "paths": ["'"$made"'"], "done_when": "it is there"}]}' ;;
build_report)
  mkdir -p made
  case $there in none) echo draft ;; draft) echo first ;; *) echo second ;; esac > "$made.new"
  mv "$made.new" "$made"
  put '{"summary": "It is made.", "changed": [{"path": "'"$made"'", "what": "made"}], "tests_run": [], "open_questions": []}' ;;
verdict)
  case $there in
  second | none) put '{"verdict": "approved", "summary": "Looked at.", "findings": [], "required_changes": []}' ;;
  *) put '{"verdict": "needs_revision", "summary": "Looked at.", "findings": [], "required_changes": ["a second one"]}' ;;
  esac ;;
closing_packet)
  put '{"summary": "It is made.", "follow_ups": []}' ;;
esac
echo '{"input": 100, "output": 10, "usd": 0.01}' > "$WAYBILL_USAGE"
`;

const ROLES = ['designer', 'planner', 'builder', 'reviewer', 'steward'];

/** What a mission of this agent makes, in the end. */
export function madeBy(woId: string): Readonly<Record<string, string>> {
  return { [`made/${woId}.txt`]: 'second\n' };
}

/** The files by which every role of a station is done by this agent. `first`: shell that it runs before anything else. */
export function missionAgentFiles(first = ''): Readonly<Record<string, string>> {
  // a program in the repository is refused: orders may write there
  const command = JSON.stringify(['sh', '-c', `${first}\n${MISSION_AGENT}`]);
  const role = `version: 1\nuse:\n  - {name: torture, adapter: command, command: ${command}}\n`;
  return Object.fromEntries(ROLES.map((name) => [`agents/${name}/agent.yaml`, role]));
}

/** A mission for it; its check fails on what is built first. */
export function missionOrder(woId: string): Record<string, unknown> {
  return {
    wo_id: woId,
    type: 'mission',
    title: `Make ${woId}`,
    task: `Make made/${woId}.txt.`,
    constraints: { paths: ['made/**'] },
    tests: [{ name: 'no draft', argv: ['sh', '-c', `! grep -q draft made/${woId}.txt`] }],
  };
}
