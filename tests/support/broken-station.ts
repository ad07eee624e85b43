import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { GuardrailLook } from '../../src/order/generated.ts';
import { kill } from './runner/processes.ts';
import { CLI, TestStation, testStation, until } from './station.ts';
import type { TestContext } from './suite.ts';

/** What the runbooks' station looks after; `more` are lines of further components. */
const settings = (more = '', other = '') => `version: 1
lanes:
  MAIN: {}
guardrail:
  altered_after_minutes: 0
${other}  components:
    - {kind: file, path: agents/wo_executor/wo_executor.zsh, executable: true}
    - {kind: file, path: config/limits.json}
    - {kind: folder, path: prompts}
    - {kind: glob, pattern: 'tools/*.sh', at_least: 3}
${more}`;

export const EXECUTOR = 'agents/wo_executor/wo_executor.zsh';

/** A station as the runbooks have it, all well and seen so: three commits, one order done, a file that git does not have. Returns its root. */
export function stationTemplate(t: TestContext): string {
  const s = testStation(t, {
    settings: settings(),
    files: { '.gitignore': 'config/limits.json\n', 'prompts/executor.md': 'Be exact.\n' },
  });
  for (const name of ['wo-runner', 'collect', 'report']) s.write(`tools/${name}.sh`, '#!/bin/sh\nexit 0\n', 0o755);
  s.commitAll('Add the tools');
  for (const line of ['first', 'second']) {
    s.write(EXECUTOR, `#!/bin/sh\n# the ${line} version\nexec true\n`, 0o755);
    s.commitAll(`The ${line} executor`);
  }
  s.write('config/limits.json', '{"most": 3}\n');
  s.drop({ wo_id: 'WO-BEGIN', title: 'Begin', files: [{ path: 'notes/begin.md', content: 'begun\n' }] });
  s.drain();
  const { code, stdout } = s.waybill('guardrail', '--once');
  if (code !== 0) throw new Error(`the template is at fault:\n${stdout}`);
  return s.root;
}

export interface Said {
  readonly code: number | null;
  readonly stdout: string;
  /** Both streams. */
  readonly said: string;
}

/** A copy of the template, with a home and a PATH of its own, to break and to mend. */
export class BrokenStation extends TestStation {
  readonly home: string;
  readonly #bin: string;
  readonly #groups: number[] = [];

  constructor(template: string, folder: string) {
    super(join(folder, 'ops'));
    this.home = join(folder, 'home');
    this.#bin = join(folder, 'bin');
    cpSync(template, this.root, { recursive: true });
    mkdirSync(join(this.home, '.local/bin'), { recursive: true });
    this.program('waybill', `exec '${process.execPath}' '${CLI}' "$@"`);
  }

  /** Puts a program on PATH. */
  program(name: string, text: string): void {
    mkdirSync(this.#bin, { recursive: true });
    writeFileSync(join(this.#bin, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  }

  /** Pastes lines into a shell at the root, which ends at the first that fails. What it leaves in the background goes on. */
  sh(text: string): Promise<Said> {
    // a group of its own, so that what it leaves in the background can be ended
    const child = spawn('sh', ['-e', '-c', text], {
      detached: true,
      cwd: this.root,
      env: { ...process.env, HOME: this.home, PATH: `${this.#bin}:${this.home}/.local/bin:${process.env['PATH']}` },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    if (child.pid !== undefined) this.#groups.push(child.pid);
    let [stdout, said] = ['', ''];
    child.stdout.on('data', (bytes: Buffer) => {
      stdout += bytes.toString('utf8');
      said += bytes.toString('utf8');
    });
    child.stderr.on('data', (bytes: Buffer) => {
      said += bytes.toString('utf8');
    });
    return new Promise((done) => child.once('close', (code) => done({ code, stdout, said })));
  }

  /** The same, for what must work. */
  async must(text: string): Promise<void> {
    const { code, said } = await this.sh(text);
    if (code !== 0) throw new Error(`$ ${text}\n${said}`);
  }

  /** Looks after more, and changes other settings of the guardrail. Commits them, and has the guardrail look, unless `look` is false. */
  async settings(more: string, { other = '', top = '', look = true } = {}): Promise<void> {
    this.write('waybill.yaml', `${settings(more, other)}${top}`);
    await this.must(`git commit -qam 'Look after more'${look ? ' && { waybill guardrail --once || true; }' : ''}`);
  }

  /** Starts the station process in the background, and waits until it works. */
  async started(): Promise<void> {
    await this.must('nohup waybill up > /dev/null 2>> .git/waybill/up.log &');
    await until(() => this.exists('.git/waybill/running.json'), 'the station runs');
    await this.must('waybill canary');
  }

  /** The process that holds the station now. */
  pid(): number {
    return (JSON.parse(this.read('.git/waybill/lock')) as { pid: number }).pid;
  }

  look(): GuardrailLook {
    return JSON.parse(this.read('.git/waybill/guardrail/look.json')) as GuardrailLook;
  }

  alerts(): string[] {
    return this.exists('logs/guardrail_alerts.log') ? this.read('logs/guardrail_alerts.log').trim().split('\n') : [];
  }

  /** Ends what was left running. */
  end(): void {
    for (const group of this.#groups) kill(-group);
  }
}
