import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileMoment } from './config.ts';
import type { Git } from './git.ts';
import { Standing } from './standing.ts';

/** Attributes under which git stores other bytes than stand on disk. */
const CONVERTING = ['filter', 'text', 'eol', 'crlf', 'ident', 'working-tree-encoding'];

/** Asks one `git check-attr` that stays, and another one as soon as a file that attributes come from is not what it was. */
export class Attributes {
  readonly #standing: Standing;
  readonly #root: string;
  readonly #gitDir: string;
  readonly #seen = new Map<string, string>();

  constructor(git: Git, gitDir: string) {
    this.#standing = new Standing(() => git.converse(['check-attr', '-z', '--stdin', ...CONVERTING]));
    this.#root = git.root;
    this.#gitDir = gitDir;
  }

  /** The paths for which one of CONVERTING is set. Throws GIT_FAILED. */
  async converting(paths: readonly string[], attributesFile: string | undefined): Promise<Set<string>> {
    let isStale = false;
    for (const file of this.#sources(paths, attributesFile)) {
      const now = fileMoment(file);
      isStale ||= (this.#seen.get(file) ?? now) !== now;
      this.#seen.set(file, now);
    }
    if (isStale) await this.#standing.end();
    return this.#standing.ask(async (talk) => {
      const found = new Set<string>();
      talk.say(paths.map((p) => `${p}\0`).join(''));
      for (let left = paths.length * CONVERTING.length; left > 0; left--) {
        const [path, name, value] = [await talk.hear('\0'), await talk.hear('\0'), await talk.hear('\0')];
        if (path === null || name === null || value === null) return null;
        if (value !== 'unspecified' && value !== 'unset') found.add(path);
      }
      return found;
    });
  }

  end(): Promise<void> {
    this.#seen.clear();
    return this.#standing.end();
  }

  #sources(paths: readonly string[], attributesFile: string | undefined): Set<string> {
    const home = process.env['HOME'] ?? homedir();
    const user = join(process.env['XDG_CONFIG_HOME'] ?? join(home, '.config'), 'git', 'attributes');
    const files = new Set([
      attributesFile?.replace(/^~(?=\/)/, home) ?? user,
      join(this.#gitDir, 'info', 'attributes'),
    ]);
    for (const path of paths)
      for (let at = path.lastIndexOf('/'); ; at = path.lastIndexOf('/', at - 1)) {
        files.add(join(this.#root, path.slice(0, Math.max(0, at)), '.gitattributes'));
        if (at <= 0) break;
      }
    return files;
  }
}
