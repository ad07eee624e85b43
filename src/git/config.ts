import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { fs, ifThere } from '../platform/fs.ts';
import type { Git } from './git.ts';

/** Who commits where git knows nobody: a machine without user.name and user.email. */
const NOBODY = 'Waybill <waybill@localhost>';

/** Git's settings as they count now. */
export interface GitConfig {
  /** The last value of a key; keys in lower case, apart from subsections. Undefined where it is not set, '' where it has no value. */
  get(key: string): string | undefined;
  /** `Name <mail>` of who commits here. Asked for when it is wanted: who only looks at a station never does. */
  committer(): Promise<string>;
}

/**
 * Asks git for its settings only when a file that they come from, or could come from, is not what it was: a landing needs them, and two
 * processes for that cost more than the landing.
 */
export class Configuration {
  readonly #git: Git;
  readonly #gitDir: string;
  #known: GitConfig | null = null;
  #files: readonly string[] = [];
  #seen = '';

  constructor(git: Git, gitDir: string) {
    this.#git = git;
    this.#gitDir = gitDir;
  }

  /** `changed` is whether git was asked, and so whether a git that stays may know other settings. */
  async read(): Promise<{ config: GitConfig; changed: boolean }> {
    const files = [...new Set([...this.#files, ...this.#places()])];
    if (this.#known !== null && this.#look(files) === this.#seen) return { config: this.#known, changed: false };
    const before = this.#look(files);
    const list = await this.#git.try(['config', '--list', '--null', '--show-origin']);
    const values = new Map<string, string>();
    const origins = new Set<string>();
    const fields = list.stdout.toString('utf8').split('\0');
    for (let i = 0; i + 1 < fields.length; i += 2) {
      const [origin = '', entry = ''] = [fields[i], fields[i + 1]];
      const newline = entry.indexOf('\n');
      if (origin.startsWith('file:')) origins.add(this.#absolute(origin.slice(5)));
      values.set(newline === -1 ? entry : entry.slice(0, newline), newline === -1 ? '' : entry.slice(newline + 1));
    }
    let committer: Promise<string> | null = null;
    const config = {
      get: (key: string) => values.get(key),
      committer: () => {
        committer ??= this.#committer();
        return committer;
      },
    };
    this.#files = [...origins];
    // where git cannot read its settings they are asked for again; other calls of git then say what is wrong
    this.#known = list.exitCode === 0 && this.#look(files) === before ? config : null;
    this.#seen = this.#look([...new Set([...files, ...this.#files])]);
    return { config, changed: true };
  }

  async #committer(): Promise<string> {
    const result = await this.#git.try(['var', 'GIT_COMMITTER_IDENT']);
    const name = /^(.*<.*>) \d+ [+-]\d{4}$/m.exec(result.stdout.toString('utf8'))?.[1];
    return result.exitCode === 0 && name !== undefined ? name : NOBODY;
  }

  #places(): string[] {
    const home = process.env['HOME'] ?? homedir();
    return [
      join(this.#gitDir, 'config'),
      join(this.#gitDir, 'config.worktree'),
      join(home, '.gitconfig'),
      join(process.env['XDG_CONFIG_HOME'] ?? join(home, '.config'), 'git', 'config'),
      '/etc/gitconfig',
      // `includeIf "onbranch:…"`
      join(this.#gitDir, 'HEAD'),
    ];
  }

  #look(files: readonly string[]): string {
    return files.map(fileMoment).join(' ');
  }

  #absolute(path: string): string {
    return isAbsolute(path) ? path : join(this.#git.root, path);
  }
}

/** Another text when a file is another or was written to. */
export function fileMoment(path: string): string {
  const stat = ifThere(() => fs.statSync(path, { bigint: true, throwIfNoEntry: false }));
  return stat === undefined ? '-' : `${stat.ino}:${stat.size}:${stat.mtimeNs}:${stat.ctimeNs}`;
}
