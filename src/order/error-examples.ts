import type { ErrorCode, Place } from './error.ts';

/** An order that is refused with the code, or, where one file alone cannot show it, the message as it reads. */
export type ErrorExample =
  | { readonly file: string; readonly order: string; readonly message?: never }
  | { readonly message: string; readonly place?: Place; readonly file?: never };

const FILES = 'files:\n  - {path: hello.txt, content: "hello\\n"}\n';

/**
 * One example for every error code: for `waybill explain`, for the documentation, and for the tests, which read each order and hold the
 * answer against the code.
 */
export const ERROR_EXAMPLES: Readonly<Record<ErrorCode, ErrorExample>> = {
  TOO_LARGE: {
    message: 'MAIN/WO-1.yaml has 52428800 bytes, the limit is 16777216 bytes',
    place: { file: 'WO-1.yaml' },
  },
  NOT_UTF8: { message: 'the file is not valid UTF-8', place: { file: 'WO-1.yaml', line: 3, column: 12 } },
  EMPTY: { file: 'WO-1.yaml', order: '# nothing yet\n' },
  YAML_INVALID: { file: 'WO-1.yaml', order: `wo_id: WO-1\ntitle: Fix: the greeting\n${FILES}` },
  JSON_INVALID: {
    file: 'WO-1.json',
    order: '{\n  "wo_id": "WO-1",\n  "files": [{"path": "hello.txt", "content": "hello"}],\n}\n',
  },
  TOO_DEEP: { file: 'WO-1.yaml', order: `wo_id: WO-1\nmetadata: ${'['.repeat(40)}${']'.repeat(40)}\n${FILES}` },
  NOT_AN_ORDER: { file: 'WO-1.yaml', order: '- wo_id: WO-1\n- wo_id: WO-2\n' },
  NOT_A_FILE: { message: 'MAIN/WO-1.yaml is a symbolic link, not a file', place: { file: 'WO-1.yaml' } },
  UNCLAIMABLE: {
    message: "MAIN/WO-1.yaml cannot be claimed: EACCES: permission denied, open '/repo/bridge/inbox/MAIN/WO-1.yaml'",
    place: { file: 'WO-1.yaml' },
  },
  CHANGED_AFTER_CLAIM: { message: 'WO-1.yaml was written to after it was claimed' },
  SCHEMA_INVALID: { file: 'WO-1.yaml', order: `wo_id: WO-1\nretries: three\n${FILES}` },
  UNKNOWN_FIELD: { file: 'WO-1.yaml', order: `wo_id: WO-1\n${FILES}post_verfy:\n  - test -f hello.txt\n` },
  AMBIGUOUS_FIELD: { file: 'WO-1.yaml', order: `wo_id: WO-1\nowner: anna\nassignee: bert\n${FILES}` },
  UNKNOWN_SHAPE: { file: 'WO-1.yaml', order: 'wo_id: WO-1\nrouting_hint: oss\npriority: P1\n' },
  DEPRECATED_TYPE: {
    message: 'type: autonomous_build_cycle is not taken any more',
    place: { file: 'WO-1.yaml', line: 2, column: 1 },
  },
  BUNDLE_INVALID: {
    message: 'body_file: the bundle has no file "body.md" (it has notes.md)',
    place: { file: 'WO-1', line: 4, column: 1 },
  },
  CHECKSUM_MISMATCH: {
    message:
      'evidence/manifest.json: checksums.body is "9f86d081884c7d65", but the file has 60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752',
    place: { file: 'evidence/manifest.json' },
  },
  UNKNOWN_TYPE: { file: 'WO-1.yaml', order: `wo_id: WO-1\ntype: apply-patches\n${FILES}` },
  NO_ID: { file: 'hello.yaml', order: `title: Say hello\n${FILES}` },
  BAD_ID: { file: 'WO-1.yaml', order: `wo_id: WO 1/fix it\n${FILES}` },
  DUPLICATE_ID: { message: 'WO-1 exists already (done) with other content', place: { file: 'WO-1.yaml' } },
  ACTION_ORDER: {
    file: 'WO-1.yaml',
    order:
      'wo_id: WO-1\nactions:\n  - {action: command, argv: [make]}\n  - {action: write, path: hello.txt, content: "hello"}\n',
  },
  NOTHING_TO_DO: { file: 'WO-1.yaml', order: 'wo_id: WO-1\ntype: mission\n' },
  PATH_DENIED: { message: '../other/hello.txt: lies outside the station' },
  TARGET_MISSING: { message: 'hello.txt does not exist' },
  SET_FAILED: { message: 'config.json: port.number cannot be set: 8080 stands where "number" would be looked for' },
  TARGET_EXISTS: { message: 'hello.txt exists already' },
  FIND_NOT_FOUND: { message: 'README.md: "old words" does not stand in the file' },
  FIND_AMBIGUOUS: { message: 'README.md: "words" stands at lines 3 and 9' },
  PATCH_INVALID: {
    file: 'WO-1.yaml',
    order:
      'wo_id: WO-1\nactions:\n  - action: patch\n    patch: |\n      --- a/x\n      +++ b/x\n      @@ -1,3 +1,4 @@\n       one\n',
  },
  PATCH_FAILED: { message: 'hello.txt: hunk 1 does not apply' },
  DIRTY_TARGET: { message: 'hello.txt has changes that are not committed' },
  TARGET_CHANGED: { message: 'hello.txt changed between plan and landing' },
  COMMAND_FAILED: { message: 'make docs ended with 2' },
  COMMAND_TIMEOUT: { message: 'make docs ran longer than 600 seconds' },
  COMMAND_NOT_FOUND: { message: 'make does not exist' },
  SANDBOX_MISSING: { message: 'policy requires a sandbox for commands, and bwrap is not on PATH (/usr/bin:/bin)' },
  CHECK_FAILED: { message: 'it greets: expected "hi", got "hello"' },
  EFFECT_UNVERIFIED: { message: 'the station died while make docs ran, which is not declared idempotent' },
  DEPENDENCY_FAILED: { message: 'WO-0, which it depends on, ended as failed' },
  DEPENDENCY_UNKNOWN: { message: 'WO-0 was never seen within 168 hours' },
  DEPENDENCY_CYCLE: { file: 'WO-1.yaml', order: `wo_id: WO-1\ndepends_on: [WO-1]\n${FILES}` },
  CANCELLED: { message: 'cancelled by anna on the command line: not needed any more' },
  IO_ERROR: { message: "ENOSPC: no space left on device, write '/repo/.git/waybill/tmp/hello.txt'" },
  GIT_FAILED: { message: 'git update-ref ended with 128: unable to create refs/heads/main.lock' },
  NOT_A_JOB: {
    message: 'job.json says kind: "work-order", and no job does',
    place: { file: 'job.json', line: 2, column: 3 },
  },
  NO_CHECKS: { message: 'WO-1 has no check, and the chain checks does nothing else than run them' },
  CHAIN_INVALID: {
    message: 'step build: what it builds is never reviewed',
    place: { file: 'agents/chains/mine.yaml', line: 6, column: 5 },
  },
  AGENT_INVALID: {
    message: 'comand: is not a known key',
    place: { file: 'agents/builder/agent.yaml', line: 4, column: 5 },
  },
  AGENT_UNAVAILABLE: { message: 'builder: claude: claude-agent-acp is not on PATH; codex: not logged in' },
  AGENT_FAILED: { message: 'build: claude ended with 1: API Error: 529 overloaded' },
  AGENT_TIMEOUT: { message: 'build: claude ran longer than 1800 seconds' },
  PACKET_INVALID: { message: 'design: build_packet is no JSON: it begins with "Done. Added hash_json"' },
  ENVELOPE_INVALID: { message: 'constraints.paths: scr/ is not there, and nothing beside it' },
  ENVELOPE_VIOLATION: { message: 'build changed billing/rates.yaml, and may change src/, tests/' },
  MISSION_ALTERED: {
    message: 'the build_packet of step 3, design, is not what it was: .mission/03-design/build_packet.json',
  },
  NOTHING_CHANGED: { message: 'build changed no file' },
  GATE_FAILED: { message: 'packets: missing: build_packet' },
  REVIEW_REJECTED: { message: 'review rejected it: the hash leaves out the last line' },
  NO_PROGRESS: { message: 'build failed again with the same changes (sha256:3f2a91c0de)' },
  OSCILLATION_DETECTED: {
    message: 'build failed, and is back at the changes of its run before the last (sha256:3f2a91c0de)',
  },
  RETRIES_EXHAUSTED: { message: 'build failed 3 times in a row (test_failure), and is tried again 2 times' },
  BUDGET_EXHAUSTED: { message: '120400 of 100000 tokens are used' },
  TOKEN_ACCOUNTING_UNAVAILABLE: { message: 'build: tokens are limited, and mine told nothing of what it used' },
  POLICY_CHANGED_MID_RUN: { message: 'policy.yaml was sha256:aa246c8db7 at the start, and is sha256:51d0c2be90' },
  REGISTER_INVALID: {
    message: 'plans.0.status: must be one of active, superseded, draft',
    place: { file: 'docs/register.yaml', line: 3, column: 13 },
  },
  STATUS_FILE_INVALID: { message: 'status: must be one of ok, warn, fail' },
  NOT_GENERATED: { message: 'docs/INDEX.md was written by somebody' },
  MISSION_STOPPED: { message: 'stopped before build, because the file that stops all missions is there' },
  BACKLOG_CHANGED: {
    message: 'BACKLOG.md: the item 3f2a9c01d4e5 is not as it was read',
    place: { file: 'BACKLOG.md', line: 12, column: 1 },
  },
  BACKLOG_MISSING: { message: 'neither BACKLOG.md nor backlog.yaml is there' },
  BACKLOG_NO_ITEM: { message: 'none of 12 items can be begun: 7 done, 3 blocked, 2 without a definition of done' },
  BACKLOG_UNKNOWN_ITEM: { message: 'no item 0f3a9c1d22e4 stands in BACKLOG.md' },
  BACKLOG_ITEM_TAKEN: { message: '0f3a9c1d22e4 is claimed by ops-x7k2 since 2026-11-22T08:00:00.000Z' },
  BACKLOG_CLAIMS_UNREACHABLE: {
    message: 'git ls-remote with origin ended with 128: fatal: Could not read from remote repository.',
  },
  NO_STATION: { message: 'no waybill.yaml in /home/anna or above' },
  STATION_HELD: { message: 'process 4711 holds this station since 2026-11-20T10:00:00.000Z' },
  STATION_NOT_RUNNING: { message: 'WO-1 is dropped and waits: no station process is running' },
  LOCK_LOST: { message: '/repo/.git/waybill/lock is not the file that was locked' },
  REPO_UNSUPPORTED: { message: '/repo uses the reftable format' },
  TRACKED_STATE: { message: 'state/orders is tracked by git' },
  POLICY_INVALID: { message: 'ruels: is not a known key', place: { file: 'policy.yaml', line: 2, column: 1 } },
  POLICY_DENIED: { message: 'never: "sudo make install": it asks for other rights (built in)' },
  WORKTREE_BROKEN: { message: 'worktree 01KAMVA1B2C3D4E5F6G7H8J9K0: its .git file is not the one that was written' },
  BRANCH_TAKEN: { message: 'refs/heads/waybill/WO-1 is there already' },
  LIMIT_EXCEEDED: { message: 'changes 1204 files, the limit is 1000' },
  APPROVAL_STALE: { message: 'WO-1 asks for something else by now' },
  APPROVAL_REFUSED: { message: 'WO-1 needs a signature by ssh, and this came from a terminal' },
  DENIED: { message: 'denied by anna at a terminal: not before the release' },
  EXPIRED: { message: 'nobody decided until 2026-11-21T10:00:00.000Z' },
  SETTINGS_INVALID: { message: 'lanse: is not a known key', place: { file: 'waybill.yaml', line: 2, column: 1 } },
  UNKNOWN_PRESET: { message: 'there is no preset 03luka' },
  NEWER_VERSION: { file: 'WO-1.yaml', order: `v: 2\nwo_id: WO-1\n${FILES}` },
  LEDGER_BROKEN: { message: 'the ledger ends at record 86, but had a record 88, as journal commit 3f2a91c0de tells' },
  BACKUP_FAILED: {
    message: 'git push to git@backup:ops.git ended with 128: fatal: Could not read from remote repository.',
  },
  BACKUP_DIVERGED: {
    message: 'the journal of ops-x7k2 in /mnt/usb/ops.bundle is at 3f2a91c0de, which this station does not know',
  },
  ALERT_FAILED: { message: 'the webhook at https://example.org was tried 5 times: ECONNREFUSED' },
  PROGRAM_MISSING: { message: 'git: no folder of PATH has it' },
  SERVICE_MANAGER_FAILED: {
    message: 'systemctl --user daemon-reload ended with 1: Failed to connect to bus: No medium found',
  },
  UNKNOWN_ORDER: { message: 'no order WO-9 is known here' },
  REQUEST_CUT: { message: 'the request of WO-1 held a secret, and the records have it without' },
  ILLEGAL_TRANSITION: { message: 'WO-1: released is not possible while parked (approval)' },
  UNKNOWN_KEEP: { message: 'no keep WO-9 is here' },
  KEEP_CHANGED: { message: 'something was added since they were shown, so they stay: WO-1' },
  UNKNOWN_SNAPSHOT: { message: 'no snapshot "monday" is here' },
  SNAPSHOT_EXISTS: { message: 'there is a snapshot monday already' },
  NOT_REVERTIBLE: { message: '3f2a91c0de is a merge of 2 parents' },
  ROLLBACK_CONFLICT: { message: 'later work is in the way of 2 files: docs/a.md, docs/b.md' },
  UNKNOWN_COMMAND: { message: '01JD0000000000000000000000.json is no JSON' },
  ADDRESS_TAKEN: { message: 'nothing can listen on 127.0.0.1:4747: EADDRINUSE' },
  NO_INPUT: { message: 'fix.yaml cannot be read: ENOENT: no such file or directory' },
  USAGE: { message: '--limit takes a whole number from 1' },
  TIMED_OUT: { message: 'WO-1 did not end within 30 seconds' },
  INTERNAL: { message: 'Cannot read properties of undefined' },
};
