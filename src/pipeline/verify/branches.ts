import { commitsByOrder, historyOf } from '../../git/history.ts';
import type { IdSet } from '../../git/objects/id-set.ts';
import type { Repository } from '../../git/repository.ts';

/** Which commits are on a branch; each question that walks its history is asked once. */
export class Branches {
  readonly #repo: Repository;
  readonly #histories = new Map<string, Promise<IdSet | null>>();
  readonly #orders = new Map<string, Promise<Map<string, string>>>();

  constructor(repo: Repository) {
    this.#repo = repo;
  }

  async has(branch: string, commit: string): Promise<boolean> {
    const history = remembered(this.#histories, branch, async () => {
      const tip = this.#repo.refs.read(branch);
      return tip === null ? null : historyOf(this.#repo.git, tip);
    });
    return (await history)?.has(commit) ?? false;
  }

  /** The newest commit on the branch that names this order. */
  async commitOf(branch: string, woId: string): Promise<string | undefined> {
    const orders = remembered(this.#orders, branch, async () => {
      const tip = this.#repo.refs.read(branch);
      return tip === null ? new Map<string, string>() : commitsByOrder(this.#repo.git, tip);
    });
    return (await orders).get(woId);
  }
}

function remembered<T>(all: Map<string, Promise<T>>, key: string, ask: () => Promise<T>): Promise<T> {
  let answer = all.get(key);
  if (answer === undefined) {
    answer = ask();
    all.set(key, answer);
  }
  return answer;
}
