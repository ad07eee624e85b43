import { dirname, join } from 'node:path';
import { exists, removeDurable } from '../../platform/durable.ts';
import type { Environment } from '../../platform/process.ts';
import { ask, refused } from './ask.ts';
import { NOT_LOADED, type ServiceLook, whyStopped } from './meaning.ts';
import type { Service, ServiceScope } from './service.ts';
import { wantedBy } from './unit.ts';

const PROPERTIES = 'LoadState,ActiveState,SubState,MainPID,ExecMainStatus,ExecMainCode,Result';

/** Asks the user's systemd, or the machine's. Throws SERVICE_MANAGER_FAILED where it cannot be asked. */
export async function lookAtSystemd(name: string, scope: ServiceScope): Promise<ServiceLook> {
  const argv = [...systemctl(scope), 'show', '-p', PROPERTIES, '--', name];
  const result = await ask(argv, { env: environment(scope) });
  const text = result.stdout.toString('utf8');
  if (result.exitCode !== 0 || !text.includes('LoadState=')) throw refused(argv, result);
  return readShow(text);
}

/** What `systemctl show` prints, as a look. */
export function readShow(text: string): ServiceLook {
  const value = new Map(
    text
      .split('\n')
      .filter((line) => line.includes('='))
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1).trim()]),
  );
  const word = (name: string) => value.get(name) ?? '';
  const number = (name: string) => (/^\d+$/.test(word(name)) ? Number(word(name)) : 0);
  const loaded = word('LoadState') === 'loaded';
  const running =
    loaded && ['active', 'reloading', 'deactivating'].includes(word('ActiveState')) && number('MainPID') > 0;
  // ExecMainCode is that of waitid(2): 0 for none yet, 1 exited, 2 killed, 3 killed with a core
  const ended = number('ExecMainCode');
  const lastExit = ended === 0 ? null : ended === 1 ? number('ExecMainStatus') : 128 + number('ExecMainStatus');
  return {
    manager: 'systemd',
    loaded,
    running,
    pid: running ? number('MainPID') : null,
    lastExit,
    why: running ? null : loaded ? whyNot(lastExit, word('Result'), word('SubState')) : whyUnloaded(word('LoadState')),
  };
}

/** What systemd itself meets when it starts a program, as the exit code of a child that never became that program. */
const BEFORE_THE_PROGRAM: Readonly<Record<number, string>> = {
  200: 'its working folder cannot be entered',
  203: 'program not found, or not executable',
  216: 'its group does not exist',
  217: 'its user does not exist',
};

function whyNot(lastExit: number | null, result: string, sub: string): string {
  const before = lastExit === null ? undefined : BEFORE_THE_PROGRAM[lastExit];
  const why = before === undefined ? whyStopped(lastExit) : `ended with ${lastExit}: ${before}`;
  const known = ['', 'success', 'exit-code', 'signal', 'core-dump'].includes(result);
  return `${why}${known ? '' : ` (${result})`}${sub === 'auto-restart' ? '; it is started again soon' : ''}`;
}

function whyUnloaded(loadState: string): string {
  if (loadState === 'not-found' || loadState === '') return NOT_LOADED;
  return `not loaded: its unit is ${loadState === 'masked' ? 'masked' : `not readable (${loadState})`}`;
}

/** Makes systemd read the unit, start it now and at every boot or login. A unit that runs with another text is started again. */
export async function loadUnit(service: Service, changed: boolean): Promise<void> {
  const { scope, name } = service;
  await must([...systemctl(scope), 'daemon-reload'], scope);
  await must([...systemctl(scope), 'enable', '--', name], scope);
  // one that gave up is counted as failed until then
  await ask([...systemctl(scope), 'reset-failed', '--', name], { env: environment(scope) });
  await must([...systemctl(scope), changed ? 'restart' : 'start', '--', name], scope, service.stopSeconds);
}

/** Stops the unit and takes it out of what is started at boot or login. One that is not known, or whose file somebody removed, is no error. */
export async function unloadUnit(service: Service): Promise<void> {
  const { scope, name, file } = service;
  const look = await lookAtSystemd(name, scope);
  if (look.loaded) await must([...systemctl(scope), 'stop', '--', name], scope, 2 * service.stopSeconds);
  // refused for a unit without a file, whose link would then start nothing at every login
  await ask([...systemctl(scope), 'disable', '--', name], { env: environment(scope) });
  removeDurable(join(dirname(file), `${wantedBy(scope)}.wants`, name));
}

/** After the unit's file is gone: systemd forgets it. */
export async function forgetUnit({ scope, name }: Service): Promise<void> {
  await must([...systemctl(scope), 'daemon-reload'], scope);
  await ask([...systemctl(scope), 'reset-failed', '--', name], { env: environment(scope) });
}

async function must(argv: readonly string[], scope: ServiceScope, takesSeconds = 0): Promise<void> {
  const result = await ask(argv, { env: environment(scope), patienceMs: (takesSeconds + 30) * 1000 });
  if (result.exitCode !== 0) throw refused(argv, result);
}

function systemctl(scope: ServiceScope): string[] {
  return ['systemctl', scope === 'user' ? '--user' : '--system'];
}

/** From cron there is no XDG_RUNTIME_DIR, and without it nobody finds the user's systemd. */
function environment(scope: ServiceScope): Environment {
  const usual = `/run/user/${process.getuid?.() ?? 0}`;
  const isMissing = scope === 'user' && (process.env['XDG_RUNTIME_DIR'] ?? '') === '' && exists(usual);
  return { SYSTEMD_PAGER: '', SYSTEMD_COLORS: '0', ...(isMissing ? { XDG_RUNTIME_DIR: usual } : {}) };
}
