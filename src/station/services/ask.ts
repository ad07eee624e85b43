import { WaybillError } from '../../order/error.ts';
import { type Environment, runTool, type ToolResult } from '../../platform/process.ts';

/** Service managers answer at once, or hang; starts and stops take as long as the service takes. */
const PATIENCE_MS = 20_000;

/** Runs launchctl or systemctl. Throws SERVICE_MANAGER_FAILED where the program is not there, or does not answer in time. */
export async function ask(
  argv: readonly string[],
  more: { readonly env?: Environment; readonly patienceMs?: number } = {},
): Promise<ToolResult> {
  const inherited = Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const env = { ...Object.fromEntries(inherited), LC_ALL: 'C', ...more.env };
  const result = await runTool(argv, { cwd: '/', env, timeoutMs: more.patienceMs ?? PATIENCE_MS });
  if (result.cut !== undefined) throw refused(argv, result, 'did not answer in time');
  if (result.exitCode === 127 && /ENOENT/.test(result.stderr))
    throw new WaybillError('SERVICE_MANAGER_FAILED', `there is no ${argv[0]} on PATH, so no service can be asked for`);
  return result;
}

/** The error for an answer that is none. */
export function refused(
  argv: readonly string[],
  result: ToolResult,
  how = `ended with ${result.exitCode}`,
): WaybillError {
  const said = `${result.stderr.trim()} ${result.stdout.toString('utf8').trim()}`
    .trim()
    .split('\n')
    .slice(0, 3)
    .join(' ');
  return new WaybillError('SERVICE_MANAGER_FAILED', `${argv.join(' ')} ${how}${said === '' ? '' : `: ${said}`}`);
}
