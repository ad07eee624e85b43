import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { USER_SYSTEMD } from './runner/needs.ts';
import { CLI, until } from './station.ts';
import type { TestContext } from './suite.ts';

interface Said {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A real systemd of one user in namespaces of its own; everything in it dies with the test. For suites that need 'user-systemd'. */
export class UserSystemd {
  readonly #folder: string;
  readonly #init: number;

  private constructor(folder: string, init: number) {
    this.#folder = folder;
    this.#init = init;
  }

  static async start(t: TestContext): Promise<UserSystemd> {
    const folder = t.tempDir();
    mkdirSync(join(folder, 'home'));
    const child = spawn('unshare', [...USER_SYSTEMD, folder], { stdio: ['ignore', 'ignore', 'inherit'] });
    const gone = new Promise((done) => child.once('exit', done));
    t.defer(async () => {
      child.kill('SIGKILL');
      await gone;
      spawnSync('sh', [USER_SYSTEMD.at(-1) ?? '', folder, 'sweep']);
    });
    await until(() => onlyChildOf(child.pid ?? 0) !== 0, 'namespaces are made');
    const manager = new UserSystemd(folder, onlyChildOf(child.pid ?? 0));
    await until(() => manager.systemctl('show-environment').code === 0, 'systemd --user answers');
    return manager;
  }

  /** The home folder of its user. */
  home(...parts: string[]): string {
    return join(this.#folder, 'home', ...parts);
  }

  /** Runs a program inside, as its user would. */
  run(argv: readonly string[], cwd = '/'): Said {
    const env = { PATH: process.env['PATH'] ?? '', HOME: this.home(), XDG_RUNTIME_DIR: join(this.#folder, 'run') };
    const inside = ['-t', String(this.#init), '-m', '-p', 'env', '-C', cwd, ...argv];
    const { status, stdout, stderr } = spawnSync('nsenter', inside, { encoding: 'utf8', env });
    return { code: status, stdout, stderr };
  }

  systemctl(...args: string[]): Said {
    return this.run(['systemctl', '--user', ...args]);
  }

  /** Runs a command of the built program inside. */
  waybill(cwd: string, ...args: string[]): Said {
    return this.run([process.execPath, CLI, ...args], cwd);
  }
}

function onlyChildOf(pid: number): number {
  try {
    for (const task of readdirSync(`/proc/${pid}/task`))
      for (const child of readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' '))
        if (child !== '') return Number(child);
  } catch {
    // not yet
  }
  return 0;
}
