import { command } from '../command.ts';

/** Commands about the services that keep a station running. */

command(
  'service <what> [part]',
  'run the station and its guardrail as services of launchd or systemd: install, uninstall, status, print',
  [
    'waybill service install',
    'waybill service status',
    'waybill service print station --launchd',
    'sudo waybill service install --station /srv/ops',
    'waybill service uninstall',
  ],
  (c) =>
    c
      .addHelpText(
        'after',
        `
What:
  install     writes the service files, has them loaded and started; again: brings them up to date
  uninstall   stops the services and removes their files
  status      files, processes, last exit codes; exits 1 unless all is well
  print       writes the files to standard output, changes nothing

Part: station or guardrail; without one, both.`,
      )
      .option('--launchd', 'for launchd (default on macOS)')
      .option('--systemd', 'for systemd (default elsewhere)')
      .option('--user', 'as services of this user (default unless run by root)'),
  async ([what, part], o) => (await import('../guardrail/service.ts')).service(what ?? '', part, o),
);
