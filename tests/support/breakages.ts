import { chmodSync, mkdirSync, rmSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FaultKind } from '../../src/guardrail/finding.ts';
import { type BrokenStation, EXECUTOR } from './broken-station.ts';
import { until } from './station.ts';

/** One way to break a station. */
export interface Breakage {
  readonly how: string;
  readonly kind: FaultKind;
  /** What makes the guardrail look, where that is not `--once`. */
  readonly looks?: string;
  readonly break: (s: BrokenStation) => unknown;
}

const by = (how: string, kind: FaultKind, act: Breakage['break'], looks?: string): Breakage[] => [
  { how, kind, break: act, ...(looks === undefined ? {} : { looks }) },
];

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** What breaks a station, for each page of docs/runbooks and each case that its part "Mend" knows. */
export const BREAKAGES: Readonly<Record<string, Readonly<Record<string, readonly Breakage[]>>>> = {
  'file-missing': {
    'HEAD has it': by('rm', 'missing', (s) => rmSync(s.path(EXECUTOR))),
    'HEAD does not have it': by('reset --hard to before it', 'missing', (s) => s.must('git reset -q --hard HEAD~3')),
  },
  'not-executable': { '': by('chmod -x', 'not_executable', (s) => chmodSync(s.path(EXECUTOR), 0o644)) },
  truncated: {
    '': [
      ...by('emptied', 'truncated', (s) => truncateSync(s.path(EXECUTOR))),
      ...by('cut off', 'truncated', (s) => truncateSync(s.path(EXECUTOR), 20)),
    ],
  },
  altered: {
    'The change is right': by('edited', 'altered', (s) => s.write(EXECUTOR, '#!/bin/sh\nexec better\n')),
    'The change is not right': by('edited', 'altered', (s) => s.write(EXECUTOR, '#!/bin/sh\nexec worse\n')),
    'git does not have the file': by('edited', 'altered', (s) => s.write('config/limits.json', '{"most": 900}\n')),
  },
  'moved-back': {
    'After a reset': by('reset --hard', 'moved_back', (s) => s.must('git reset -q --hard HEAD~2')),
    'After a checkout': by('checkout of an older branch', 'moved_back', (s) =>
      s.must('git branch old HEAD~2 && git checkout -q old'),
    ),
    'It was meant': by('reset --hard', 'moved_back', (s) => s.must('git reset -q --hard HEAD~2')),
  },
  'not-what-it-should-be': {
    '': [
      ...by('a folder in its place', 'not_a_file', (s) => {
        rmSync(s.path(EXECUTOR));
        mkdirSync(s.path(EXECUTOR));
      }),
      ...by('a link in its place', 'not_a_file', (s) => {
        s.move(EXECUTOR, 'executor.elsewhere');
        symlinkSync(s.path('executor.elsewhere'), s.path(EXECUTOR));
      }),
    ],
  },
  'folder-missing': {
    'A folder of the station': by('rm -r of inbox and state', 'missing', (s) => {
      rmSync(s.path('bridge/inbox/MAIN'), { recursive: true });
      rmSync(s.path('state/orders'), { recursive: true });
    }),
    'A folder of files that HEAD has': by('rm -r', 'missing', (s) => rmSync(s.path('prompts'), { recursive: true })),
  },
  'too-few-files': {
    'Files vanished': by('rm', 'too_few', (s) => rmSync(s.path('tools/report.sh'))),
    'A commit took them away': by('git rm and commit', 'too_few', (s) =>
      s.must("git rm -q tools/report.sh && git commit -qm 'Clean up'"),
    ),
  },
  'station-died': {
    '': by('SIGKILL', 'not_alive', async (s) => {
      await s.started();
      process.kill(s.pid(), 'SIGKILL');
    }),
  },
  'station-stopped': {
    '': by('SIGSTOP', 'not_alive', async (s) => {
      await s.started();
      process.kill(s.pid(), 'SIGSTOP');
    }),
  },
  'guardrail-silent': {
    '': [
      // nobody waits for twenty minutes: its last look is put back by as much
      ...by('SIGKILL', 'not_alive', async (s) => {
        await s.settings('    - {kind: processor, name: guardrail}\n', { look: false });
        await guardrailKilled(s);
        const at = new Date(Date.now() - 20 * MINUTE_MS).toISOString();
        s.write('.git/waybill/guardrail/look.json', JSON.stringify({ ...s.look(), at }));
      }),
      ...by('SIGKILL beside a station', 'not_alive', async (s) => {
        const other = '  enabled: false\n  every_seconds: 2\n';
        const top = 'intake:\n  scan_seconds: 1\n';
        await s.settings('    - {kind: processor, name: guardrail}\n', { other, top, look: false });
        await s.started();
        await guardrailKilled(s);
        await until(() => s.alerts().some((line) => line.includes('processor:guardrail')), 'the station says so');
      }),
    ],
  },
  // there is no systemd here: a program in its place answers as that of version 252 does
  'service-not-running': {
    'It ended': by('a unit that failed', 'not_running', (s) => failedUnit(s, 3)),
    '127: program not found': by('a unit whose program is gone', 'not_running', (s) => failedUnit(s, 127)),
    'Not loaded': by('a unit that nobody enabled', 'not_running', (s) => failedUnit(s, null)),
  },
  'program-not-found': {
    'It is gone from PATH': by('rm of a link', 'not_found', async (s) => {
      await withRunner(s);
      rmSync(join(s.home, '.local/bin/wo-runner'));
    }),
    'It is not executable': by('chmod -x', 'not_found', async (s) => {
      await withRunner(s);
      chmodSync(s.path('tools/wo-runner.sh'), 0o644);
    }),
  },
  // no disk is filled: more is asked for than any has
  'disk-nearly-full': {
    '': by('too little room', 'low_disk', (s) =>
      s.settings('    - {kind: disk, path: ., min_free_mb: 999999999}\n', { look: false }),
    ),
  },
  'waits-too-long': {
    'Nobody takes drops': by('a drop, and no station', 'waits_long', (s) => {
      s.drop({ wo_id: 'WO-20251113-REPORT', title: 'Report', files: [{ path: 'notes/report.md', content: 'x\n' }] });
      const then = new Date(Date.now() - 2 * DAY_MS);
      utimesSync(s.path('bridge/inbox/MAIN/WO-20251113-REPORT.json'), then, then);
    }),
    // a hundredth of a second in place of a day
    'An order waits': by('a dependency that never comes', 'waits_long', async (s) => {
      await s.settings('    - {kind: waiting, max_hours: 0.000003}\n', { look: false });
      const files = [{ path: 'notes/report.md', content: 'x\n' }];
      s.drop({ wo_id: 'WO-20251113-REPORT', title: 'Report', depends_on: ['WO-NEVER'], files });
      s.drain();
    }),
  },
  'ledger-broken': {
    '': [
      ...by('its tail cut off', 'broken', (s) => {
        const ledger = '.git/waybill/ledger/000000000001.jsonl';
        const lines = s.read(ledger).trimEnd().split('\n');
        s.write(ledger, `${lines.slice(0, -1).join('\n')}\n`);
      }),
      ...by('its file removed', 'broken', (s) => rmSync(s.path('.git/waybill/ledger/000000000001.jsonl'))),
    ],
  },
  'backup-too-old': {
    '': [
      ...by('never made', 'too_old', (s) =>
        s.settings('', { top: 'backup:\n  to: ../ops-backup.bundle\n', look: false }),
      ),
      ...by('made three days ago', 'too_old', async (s) => {
        await s.settings('', { top: 'backup:\n  to: ../ops-backup.bundle\n', look: false });
        await s.must('waybill backup');
        const report = JSON.parse(s.read('.git/waybill/backup.json')) as { at: string };
        s.write('.git/waybill/backup.json', JSON.stringify({ ...report, at: daysAgo(3) }));
      }),
    ],
  },
  'component-unreadable': {
    'A component': by('a kind that nobody knows', 'unreadable', (s) => {
      const text = s.read('waybill.yaml');
      s.write('waybill.yaml', text.replace('{kind: folder, path: prompts}', '{kind: directory, path: prompts}'));
    }),
    'A list': [
      ...by('rm', 'unreadable', async (s) => {
        await withList(s);
        rmSync(s.path('guardrail/critical.yaml'));
      }),
      ...by('written over', 'unreadable', async (s) => {
        await withList(s);
        s.write('guardrail/critical.yaml', 'nothing: here\n');
      }),
    ],
  },
  'settings-broken': {
    '': [
      ...by('rm', 'missing', (s) => rmSync(s.path('waybill.yaml'))),
      ...by('not YAML any more', 'unreadable', (s) => s.write('waybill.yaml', 'version: 1\nlanes: [\n')),
      ...by('emptied', 'truncated', (s) => truncateSync(s.path('waybill.yaml'))),
      ...by('a key that nobody knows', 'unreadable', (s) =>
        s.write('waybill.yaml', `${s.read('waybill.yaml')}gardrail: {}\n`),
      ),
    ],
  },
  // a folder stands for a disk that is mounted; nothing is mounted in a test
  'check-failed': {
    '': by('a disk that is not mounted', 'check_failed', async (s) => {
      mkdirSync(s.path('media/archive'), { recursive: true });
      await s.settings('    - {kind: disk, path: media/archive, min_free_mb: 1}\n');
      rmSync(s.path('media'), { recursive: true });
    }),
  },
  'repair-escalated': {
    '': by('rm, again and again', 'missing', async (s) => {
      const other = '  repairs_a_day: 2\n';
      await s.settings(`    - {kind: file, path: ${EXECUTOR}, executable: true, repair: auto}\n`, { other });
      for (let n = 0; n < 2; n++) {
        rmSync(s.path(EXECUTOR));
        await s.must('waybill guardrail --once || waybill up --drain');
        await until(() => s.exists(EXECUTOR), 'the repair is done');
        await s.must('waybill guardrail --once');
      }
      rmSync(s.path(EXECUTOR));
    }),
  },
  'canary-failed': {
    'No station runs': by('no station process', 'not_alive', () => {}, '--deep'),
    'It waits': by(
      'a detached HEAD',
      'waits_long',
      async (s) => {
        await s.started();
        await s.must('git checkout -q --detach');
      },
      '--deep --timeout 2',
    ),
    'It failed': by(
      'a file where its folder is to be',
      'broken',
      async (s) => {
        writeFileSync(s.path('tmp'), 'in the way\n');
        await s.started().catch(() => {});
      },
      '--deep',
    ),
  },
};

function daysAgo(days: number): string {
  return new Date(Date.now() - days * DAY_MS).toISOString();
}

async function guardrailKilled(s: BrokenStation): Promise<void> {
  await s.must('nohup waybill guardrail > /dev/null 2>&1 &');
  await until(() => s.look().by === 'guardrail', 'the guardrail looks');
  process.kill(s.look().pid, 'SIGKILL');
}

async function withList(s: BrokenStation): Promise<void> {
  s.write('guardrail/critical.yaml', `- ${EXECUTOR}\n- prompts/\n`);
  await s.must('git add guardrail');
  await s.settings('', { other: '  lists: [guardrail/critical.yaml]\n' });
}

async function withRunner(s: BrokenStation): Promise<void> {
  symlinkSync(s.path('tools/wo-runner.sh'), join(s.home, '.local/bin/wo-runner'));
  await s.settings('    - {kind: program, name: wo-runner}\n');
}

/** A unit of systemd that ended with this; null: that is not enabled and never ran. */
async function failedUnit(s: BrokenStation, code: number | null): Promise<void> {
  if (code !== 127) symlinkSync(s.path('tools/wo-runner.sh'), join(s.home, '.local/bin/wo-runner'));
  writeFileSync(join(s.home, 'exit'), code === null ? 'none' : String(code));
  mkdirSync(join(s.home, '.config/systemd/user'), { recursive: true });
  writeFileSync(
    join(s.home, '.config/systemd/user/wo-runner.service'),
    '[Service]\nExecStart=%h/.local/bin/wo-runner\n',
  );
  s.program('systemctl', SYSTEMCTL);
  await s.settings('    - {kind: service, name: wo-runner.service, manager: systemd}\n', { look: false });
}

/** Answers as systemctl 252 does, of one unit whose last exit code stands in ~/exit. */
const SYSTEMCTL = `
case "$*" in --system*show*) unit=not-found;; *) unit=loaded;; esac
code=$(cat "$HOME/exit")
[ "$code" != none ] || unit=not-found
start() {
  if [ -x "$HOME/.local/bin/wo-runner" ]; then echo running; else echo 127; fi > "$HOME/exit"
}
case "$*" in
  *show*)
    state=failed sub=failed pid=0 result=exit-code main=1
    [ "$code" != running ] || { state=active sub=running pid=$$ result=success main=0 code=0; }
    [ "$unit" != not-found ] || { state=inactive sub=dead result=success main=0 code=0; }
    printf 'MainPID=%s\\nResult=%s\\nExecMainCode=%s\\nExecMainStatus=%s\\n' $pid $result $main $code
    printf 'LoadState=%s\\nActiveState=%s\\nSubState=%s\\n' $unit $state $sub ;;
  *cat*) cat "$HOME/.config/systemd/user/wo-runner.service" ;;
  *enable*|*restart*) start ;;
  *daemon-reload*|*reset-failed*) ;;
  *) echo "Unknown command verb $*." >&2; exit 1 ;;
esac`;
