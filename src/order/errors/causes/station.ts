import type { Causes } from './cause.ts';

/** The station process, its repository, settings and services. */
export const STATION = {
  NO_STATION: {
    causes: [
      'You are in a folder without a waybill.yaml here or above, and neither --station nor WAYBILL_STATION names one.',
      'WAYBILL_STATION or LUKA_SOT names a folder that was moved, or whose disk is not mounted.',
      'waybill.yaml was lost: a checkout of another branch, `git clean`, a deletion.',
      'The station was never started here: .git/waybill/station.json is missing, as in a fresh clone.',
    ],
    cure: [
      'See which folder is meant: the message names it; `echo $WAYBILL_STATION $LUKA_SOT` tells what is set.',
      'Name the right one: `waybill status --station DIR`.',
      'Where waybill.yaml is lost, bring it back: `git checkout HEAD -- waybill.yaml`; `waybill history waybill.yaml` tells who took it.',
      'For a new station, or a fresh clone, `waybill init`.',
    ],
    see: ['reference-commands.md', 'runbooks/settings-broken.md', 'quick-start.md'],
  },
  STATION_HELD: {
    causes: [
      'A station process runs already, as a service or in another terminal; there is one for each station.',
      'The process that held it is stopped (SIGSTOP) or hangs on a disk: it still holds the lock. One that is dead does not.',
      'Two guardrails look at the same time, or two commands take an item of the backlog.',
    ],
    cure: [
      'See which process it is, and whether its heartbeat is young: `waybill status`, `waybill service status`.',
      'Let it do the work: commands reach it by themselves.',
      'To run it yourself, end that one: `kill PID` with the number that the message names, or stop its service. A process that is stopped goes on with `kill -CONT PID`.',
      'Never remove the lock file: another process could then take the same station.',
    ],
    see: ['operating.md#the-station-process', 'how-it-works.md#the-lock', 'runbooks/station-stopped.md'],
  },
  STATION_NOT_RUNNING: {
    causes: [
      'Nobody started one, or it was stopped and is no service.',
      'It ended by an error: waybill.yaml, the ledger, a full disk; its log says which.',
      'The service waits to be tried again, or was given up after an exit of 64, 65 or 66.',
    ],
    cure: [
      'See how it stands: `waybill status`; of a service `waybill service status`.',
      'Start it: `waybill up`, or `waybill up --drain` for only what waits now; as a service `waybill service install`.',
      'Where it ends at once, do what its message says.',
      'What was dropped waits; a command that says nothing was changed must be given again.',
    ],
    see: ['operating.md#the-station-process', 'services.md#status', 'runbooks/station-died.md'],
  },
  LOCK_LOST: {
    causes: [
      'Somebody removed .git/waybill or the lock file in it, or put .git back from an older copy while the station ran.',
      'A sync program or a script that cleans up replaced the file.',
    ],
    cure: [
      'Find out whether .git was put back: then read docs/operating.md, "When .git was put back from an older copy", before you go on.',
      'See whether the records hold: `waybill verify`.',
      'Start it again: `waybill up`. What was in hand is recovered; where records are lost, it says so and keeps what tells of them.',
      'Keep .git out of syncs, and leave .git/waybill alone.',
    ],
    see: [
      'operating.md#when-git-was-put-back-from-an-older-copy',
      'how-it-works.md#the-lock',
      'runbooks/moved-back.md',
    ],
  },
  REPO_UNSUPPORTED: {
    causes: [
      'The repository is bare, or has SHA-256 objects, reftable, a sparse checkout, a sparse or a split index.',
      'The folder is in a repository and not its root, or is a linked work tree.',
      'An order wants a worktree, and nothing is committed yet; or its branch is gone.',
    ],
    cure: [
      'Read in the message which form it is; docs/reference-settings.md tells for each what to do, as `git sparse-checkout disable` or `git update-index --no-split-index`.',
      'Make the station at the root of the main work tree: `waybill init DIR`.',
      'In an empty repository commit once: `git commit --allow-empty -m begin`.',
      'Orders that are parked go on by themselves; one that failed by it with `waybill retry ID`.',
    ],
    see: ['reference-settings.md#repositories', 'operating.md#parked'],
  },
  TRACKED_STATE: {
    causes: [
      'State, outbox or artifacts were committed once, with `git add -A` before there was a station.',
      'A tracked .gitignore has a line with ! that brings one of these folders back.',
    ],
    cure: [
      'See what is tracked: `git ls-files state bridge` with the folders of your settings, or `waybill doctor`.',
      'Untrack it, the files stay: `git rm -r --cached PATH`, then commit. Take the line with ! out of .gitignore.',
      'Or name other folders under `paths` in waybill.yaml.',
      'Then give the command again.',
    ],
    see: ['quick-start.md', 'doctor.md', 'reference-settings.md'],
  },
  POLICY_INVALID: {
    causes: [
      'policy.yaml has a key that is misspelt, or a wrong value; or it is no YAML, after a merge by hand.',
      'policy.yaml is missing: the station was made before there was one, or a checkout or a deletion took it.',
      'It was written for a newer Waybill, and has keys that this one does not know.',
      'It is a symbolic link, or the station may not read it.',
    ],
    cure: [
      'See line and column: `waybill policy check`.',
      'Mend that line; docs/reference-policy.md lists every key. Or bring back what was committed: `git checkout HEAD -- policy.yaml`.',
      'Where there is none, `waybill policy init` writes the defaults.',
      'Nothing more: a running station reads it again by itself, and orders that are ready begin. What ended with this code goes on with `waybill retry ID`.',
    ],
    see: ['policy.md#when-it-changes-is-broken-or-gone', 'reference-policy.md#keys'],
  },
  SETTINGS_INVALID: {
    causes: [
      'waybill.yaml has a key that is misspelt, or a wrong value; or it is no YAML, after a merge by hand.',
      'A key moved: commands.allow and fence stand in policy.yaml now.',
      'A path leads out of the station, or a folder for worktrees lies in the repository.',
      'Of `waybill init --preset`: waybill.yaml is there already.',
    ],
    cure: [
      'Go to the line and key that the error names; docs/reference-settings.md lists every key.',
      'Or bring back what was committed: `git checkout HEAD -- waybill.yaml`.',
      'Check it: `waybill doctor`. A running station reads it again by itself; until then intake goes on, and no order is started.',
    ],
    see: ['reference-settings.md', 'runbooks/settings-broken.md'],
  },
  UNKNOWN_PRESET: {
    causes: ['The name after --preset is misspelt.'],
    cure: [
      'Take one of default, 02luka, lifeos: `waybill init --preset 02luka`.',
      'Or run `waybill init`, and set the paths under `paths` in waybill.yaml.',
    ],
    see: ['reference-settings.md#presets'],
  },
  NEWER_VERSION: {
    causes: [
      'The order or job was written for a newer Waybill: its version, or that in `kind`, is higher than what this one reads.',
      'The ledger or evidence was written by a newer Waybill, and an older one was started on it.',
      'A program wrote a number of its own under `version` of an order.',
    ],
    cure: [
      'See which one runs: `waybill --version`.',
      'Upgrade it, and start the station again. Never start an older one on a ledger of a newer.',
      'Where the version of the order means something else, take that line out, and drop it again.',
    ],
    see: ['reference-actions.md#the-order', 'how-it-works.md#the-ledger'],
  },
  ALERT_FAILED: {
    causes: [
      'The address of the webhook is wrong, does not answer, or answers with an error.',
      'The variable that a header takes its value from is not set where the station or the guardrail runs; a service has surroundings of its own.',
      'The command of an alert ended with another code than 0, or ran too long.',
      'A desktop notification was asked for where there is no desktop, such as in a system service.',
    ],
    cure: [
      'Read which sink it was, and what it said. No alert is lost: they stand in logs/guardrail_alerts.log (paths.alerts).',
      'Try the address or the command by hand, as the user of the service.',
      'Mend guardrail.alerts in waybill.yaml, or set the variable in the service; then see what `waybill guardrail --once` says.',
    ],
    see: ['alerts.md', 'services.md#what-is-installed'],
  },
  ADDRESS_TAKEN: {
    causes: [
      'A dashboard runs already, of this station or of another one, or another program has the port.',
      'The address after --host is none of this machine.',
      'The port is below 1024, which only root may take.',
    ],
    cure: [
      'See who has it: `ss -ltnp`, on macOS `lsof -nP -iTCP -sTCP:LISTEN`.',
      'Where it is a dashboard of this station, open that one, or end it.',
      'Otherwise take another port: `waybill dashboard --port 0` takes a free one and prints the address.',
    ],
    see: ['dashboard.md#when-it-does-not-work', 'reference-commands.md#dashboard'],
  },
  PROGRAM_MISSING: {
    causes: [
      'git or node is not on the PATH of whoever installs the service, or is not executable.',
      'node was upgraded or removed since this process was started.',
      'Waybill runs from its sources, and was not built.',
    ],
    cure: [
      'See where they are: `command -v node git`.',
      'Install what is missing, or put its folder on PATH; of Waybill itself `npm run build`.',
      'Then `waybill service install` again.',
    ],
    see: ['services.md#what-is-installed', 'runbooks/program-not-found.md'],
  },
  SERVICE_MANAGER_FAILED: {
    causes: [
      'There is no systemd or launchd here, as in most containers.',
      'The systemd of the user is not running: no login session, or `su` and `sudo` without one (XDG_RUNTIME_DIR is not set).',
      'The user may not do it: services of the machine are root’s.',
    ],
    cure: [
      'Ask it by hand: `systemctl --user status`, on macOS `launchctl print gui/$(id -u)`.',
      'Log in as that user, or `loginctl enable-linger USER`, then `waybill service install` again.',
      'Services of the machine: `sudo waybill service install --station DIR`.',
      'Where there is no service manager, let yours run `waybill up`; `waybill service print` shows with what surroundings.',
    ],
    see: ['services.md#whose-services', 'services.md#status'],
  },
} as const satisfies Causes;
