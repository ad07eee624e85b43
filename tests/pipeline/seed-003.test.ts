import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestStation, testStation } from '../support/station.ts';
import { assert, suite, type TestContext } from '../support/suite.ts';

/** Seed 003: its canary as written, and its rebuild order with four small real scripts, in the tree of 02luka. */

const CANARY = `wo_id: WO-CANARY-20251113-TEST
title: "Pipeline Health Check - Canary"
priority: P2
owner: auto-test
type: apply_patch

files:
  - path: tmp/canary_test.txt
    content: |
      Pipeline test at $(date)
      If you see this file and a state file, pipeline is working.
`;

const SCRIPTS = [
  'agents/apply_patch_processor/apply_patch_processor.zsh',
  'agents/json_wo_processor/json_wo_processor.zsh',
  'agents/wo_executor/wo_executor.zsh',
  'tools/followup_tracker_update.zsh',
];

const REBUILD = `wo_id: WO-20251113-WO-PIPELINE-REBUILD
title: "WO Pipeline Complete Rebuild with Durability"
priority: P0
owner: mary
type: apply_patch
created_at: "2025-11-13T23:45:00Z"

description: |
  Rebuild WO processing pipeline with persistence guarantees.
  Includes 4 processors + LaunchAgents + state directory + canary test.

files:
${SCRIPTS.map(
  (path) => `  - path: ${path}
    mode: "0755"
    content: |
      #!/usr/bin/env sh
      # ${path} - Durable Version
      set -eu
      BASE="\${LUKA_SOT:-$HOME/02luka}"
      echo "${path} in $BASE at $(date -u +%FT%TZ)"
`,
).join('')}  - path: ../Library/LaunchAgents/com.02luka.apply_patch_processor.plist
    content: |
      <?xml version="1.0" encoding="UTF-8"?>
      <!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
      <plist version="1.0"><dict>
        <key>Label</key><string>com.02luka.apply_patch_processor</string>
        <key>RunAtLoad</key><true/>
      </dict></plist>

post_verify:
  - "echo load com.02luka.apply_patch_processor"
  - mkdir -p g/followup/state
  - sh agents/wo_executor/wo_executor.zsh

tests:
  - name: "All scripts are executable"
    command: "ls -l agents/*/*.zsh tools/followup_tracker_update.zsh | grep -c '^-rwxr-xr-x'"
    expected: "4"

  - name: "State directory exists"
    command: "test -d g/followup/state && echo 'exists'"
    expected: "exists"

  - name: "Canary WO test"
    command: "test -f g/followup/state/WO-CANARY-20251113-TEST.json && echo 'canary_ok'"
    expected: "canary_ok"
`;

const RULES = `rules:
  - name: what the rebuild runs
    class: safe
    commands:
      - "echo load com.02luka.apply_patch_processor"
      - mkdir -p g/followup/state
      - sh agents/wo_executor/wo_executor.zsh
      - "ls -l agents/*/*.zsh tools/followup_tracker_update.zsh | grep -c '^-rwxr-xr-x'"
      - "test -d g/followup/state && echo 'exists'"
      - "test -f g/followup/state/WO-CANARY-20251113-TEST.json && echo 'canary_ok'"
`;
const ROOTS = 'roots: [../Library/LaunchAgents]\n';
const IN_PLACE = 'isolation: {commands: in_place}\n';
const WO_ID = 'WO-20251113-WO-PIPELINE-REBUILD';

const test = suite('seed 003', { needs: ['git', 'ssh-keygen'] });

test('the canary passes as the seed says, with --preset 02luka (rule 8: input is data)', (t) => {
  const s = testStation(t, { preset: '02luka' });
  s.write('bridge/inbox/CLC/WO-CANARY-20251113-TEST.yaml', CANARY);
  s.drain();
  assert.equal(
    s.read('tmp/canary_test.txt'),
    'Pipeline test at $(date)\nIf you see this file and a state file, pipeline is working.\n',
  );
  assert.equal(
    (JSON.parse(s.read('g/followup/state/WO-CANARY-20251113-TEST.json')) as { status: string }).status,
    'done',
  );
  const telemetry = s.read('g/telemetry/unified.jsonl');
  for (const event of ['wo_started', 'wo_completed'])
    assert.match(telemetry, new RegExp(`"event":"${event}".*"wo_id":"WO-CANARY-20251113-TEST"`));
  assert.equal(s.commitsOf('WO-CANARY-20251113-TEST').length, 1);
  assert.equal(s.git('status', '--porcelain'), '');
});

/** Allows what the rebuild needs, makes Mary's key, and returns it. */
function opened(t: TestContext, s: TestStation): string {
  const key = join(t.tempDir(), 'key');
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'mary', '-f', key]);
  const mary = `approvers: [{name: mary, keys: [${JSON.stringify(readFileSync(`${key}.pub`, 'utf8').trim())}]}]\n`;
  s.write('policy.yaml', `version: 1\n${RULES}${ROOTS}${mary}${IN_PLACE}`);
  s.commitAll('Allow what the rebuild needs');
  return key;
}

test('the rebuild order lands with modes, a plist outside the root, and its three tests as checks (rules 9, 13 and 14)', (t) => {
  const s = testStation(t, { preset: '02luka' });
  const key = opened(t, s);
  s.write('bridge/inbox/CLC/WO-CANARY-20251113-TEST.yaml', CANARY);
  s.drain();
  writeFileSync(s.path(`bridge/inbox/CLC/${WO_ID}.yaml`), REBUILD);
  s.drain();
  // one of its checks runs a script that it brings itself: no rule about that command says what will be in it
  assert.equal(s.state(WO_ID).waiting_for, 'approval');
  assert.match(s.waybill('approvals', WO_ID).stdout, /itself writes agents\/wo_executor\/wo_executor\.zsh/);
  assert.ok(!s.exists('tools/followup_tracker_update.zsh'), 'nothing is done before');
  const approved = s.waybill('approve', WO_ID, '--key', key);
  assert.equal(approved.code, 0, approved.stderr);
  s.drain();
  const result = s.result(WO_ID, 'CLC');
  assert.equal(result.status, 'done', JSON.stringify(result.error));
  assert.deepEqual(
    result.checks.map((c) => c.ok),
    [true, true, true, true, true, true],
  );
  assert.deepEqual(
    result.checks.slice(3).map((c) => c.actual),
    ['4', 'exists', 'canary_ok'],
  );
  for (const path of SCRIPTS) {
    assert.equal(statSync(s.path(path)).mode & 0o777, 0o755, path);
    assert.match(s.git('ls-tree', 'HEAD', path), /^100755 /);
  }
  const plist = join(s.root, '../Library/LaunchAgents/com.02luka.apply_patch_processor.plist');
  assert.ok(existsSync(plist));
  assert.match(readFileSync(plist, 'utf8'), /^<\?xml/);
  assert.equal(s.commitsOf(WO_ID).length, 1);
  assert.equal(s.waybill('verify').code, 0);
  assert.deepEqual(s.leftovers(), []);
});

test('the policy that init writes refuses the plist, with the line to add, and asks about the commands (rule 7)', (t) => {
  const s = testStation(t, { preset: '02luka' });
  s.write('bridge/inbox/CLC/rebuild.yaml', REBUILD);
  s.drain();
  const first = s.result(WO_ID, 'CLC');
  assert.equal(first.error?.code, 'PATH_DENIED');
  const line = first.error?.hint.split('\n').at(-1) ?? '';
  assert.match(line, /^roots: \["\.\.\/Library\/LaunchAgents"\]$/);
  s.write('policy.yaml', `${s.read('policy.yaml').replace('roots: []', line)}${IN_PLACE}`);
  s.waybill('retry', WO_ID);
  s.drain();
  assert.deepEqual([s.state(WO_ID).status, s.state(WO_ID).waiting_for], ['parked', 'approval']);
  const asked = s.waybill('approvals', WO_ID).stdout;
  for (const text of ['mkdir -p g/followup/state', 'grep -c', 'canary_ok']) assert.ok(asked.includes(text), text);
  assert.ok(!s.exists('tools/followup_tracker_update.zsh'), 'nothing of it is done');
});

test.run();
