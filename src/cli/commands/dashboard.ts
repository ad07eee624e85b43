import { command } from '../command.ts';

/** What an operator leaves open. */

command(
  'dashboard',
  'serve the dashboard to a browser on this machine, until Ctrl-C',
  ['waybill dashboard', 'waybill dashboard --port 0', 'waybill dashboard --host 0.0.0.0 --allow-host ops.lan'],
  (c) =>
    c
      .option('--port <n>', 'listen here; 0 takes a free one (default: 4747)')
      .option('--host <address>', 'listen on this address (default: 127.0.0.1); elsewhere also looking needs the token')
      .option('--allow-host <name...>', 'further names under which browsers reach it'),
  async (_, o) => (await import('../watch/dashboard.ts')).dashboard(o),
);
