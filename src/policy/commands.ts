import { WaybillError } from '../order/error.ts';
import { type Invocation, invocationText, type Order } from '../order/order.ts';
import type { Settings } from '../station/settings.ts';

/** Whether settings allow this command: a shell line only as a whole, a program by its first arguments. */
export function isAllowed(run: Invocation, allow: Settings['commands']['allow']): boolean {
  return allow.some((rule) => {
    if (rule === '*') return true;
    if (typeof rule === 'string') return 'shell' in run && run.shell.trim() === rule.trim();
    return 'argv' in run && rule.argv.every((part, i) => run.argv[i] === part);
  });
}

/** Throws COMMAND_NOT_ALLOWED with the lines to add, unless every command and check of the order is allowed (rule 7). */
export function assertCommandsAllowed(order: Order, settings: Settings): void {
  const denied = [...order.commands, ...order.checks].filter(({ run }) => !isAllowed(run, settings.commands.allow));
  const first = denied[0];
  if (first === undefined) return;
  const lines = [
    ...new Set(
      denied.map(({ run }) =>
        'shell' in run ? `    - ${JSON.stringify(run.shell)}` : `    - argv: ${JSON.stringify(run.argv)}`,
      ),
    ),
  ];
  // The line `*` itself cannot be allowed: in settings it would open everything.
  if (denied.some(({ run }) => 'shell' in run && run.shell.trim() === '*'))
    throw new WaybillError('COMMAND_NOT_ALLOWED', 'the command * cannot be allowed by itself', {
      hint: 'Write a command that says what it runs.',
    });
  throw new WaybillError(
    'COMMAND_NOT_ALLOWED',
    `waybill.yaml does not allow ${JSON.stringify(invocationText(first.run))}${denied.length > 1 ? ` and ${denied.length - 1} more` : ''}`,
    {
      hint: `If they should run, add to waybill.yaml and retry:\ncommands:\n  allow:\n${lines.join('\n')}`,
    },
  );
}
