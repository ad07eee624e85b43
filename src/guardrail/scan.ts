import { asWaybillError } from '../order/error.ts';
import { checkFile, checkFolder, isAsSeen, type WantedFile } from './check-file.ts';
import { checkDisk, checkProcessor, checkProgram } from './check-station.ts';
import type { Component, OfKind } from './component.ts';
import { type Finding, finding } from './finding.ts';
import { filesOf, foldersOf, HeadNames } from './glob.ts';
import type { LastWrite, Place, Seen } from './seen.ts';

/** Checks that look at what other stages keep: the pipeline brings them. Each says what is wrong, or null. */
export interface OtherChecks {
  readonly lastWrite: LastWrite;
  service(component: OfKind<'service'>): Promise<Finding | null>;
  waiting(component: OfKind<'waiting'>): Finding | null;
  ledger(component: OfKind<'ledger'>): Promise<Finding | null>;
  backup(component: OfKind<'backup'>): Finding | null;
}

/** One look at everything. */
export interface Scan {
  /** How many components there are, with each file of a glob. */
  readonly components: number;
  readonly findings: readonly Finding[];
  /** Whether this is the name of something that was looked at. */
  readonly isNamed: (name: string) => boolean;
  /** Whether some could not be named, because git or a folder could not be read. */
  readonly isPartial: boolean;
  /** The folders in which files and folders stand that were looked at. */
  readonly folders: readonly string[];
}

interface Plan {
  readonly of: readonly Component[];
  readonly files: ReadonlyMap<string, OfKind<'file'>>;
  readonly first: OfKind<'file'> | undefined;
  readonly paths: readonly string[];
  readonly others: readonly Exclude<Component, { kind: 'file' }>[];
  readonly names: ReadonlySet<string>;
  readonly folders: ReadonlySet<string>;
}

/** Looks at components one after the other. Holds what it learned of HEAD from one scan to the next. */
export class Scanner {
  readonly #place: Place;
  readonly #seen: Seen;
  readonly #names: HeadNames;
  readonly #others: OtherChecks;
  #plan: Plan | null = null;

  constructor(place: Place, seen: Seen, others: OtherChecks, names = new HeadNames(place.repo.git)) {
    this.#place = place;
    this.#seen = seen;
    this.#names = names;
    this.#others = others;
  }

  /** The same for a station whose settings changed, or of which another process saw more. What was learned of HEAD stays. */
  renewed(place: Place, seen: Seen): Scanner {
    const scanner = new Scanner(place, seen, this.#others, this.#names);
    scanner.#plan = this.#plan;
    return scanner;
  }

  /**
   * Looks at all of them; `only` at these names. A check that fails to be made is a finding of its component, and stops no other (rule 10).
   */
  async scan(components: readonly Component[], deep: boolean, only: ReadonlySet<string> | null = null): Promise<Scan> {
    const findings: Finding[] = [];
    const plan = this.#planOf(components);
    const members = new Map<string, WantedFile>();
    const folders = new Set(plan.folders);
    let isPartial = false;
    const knowsHead = await this.#try(plan.first, findings, () => this.#seen.lookAtHead(plan.paths));
    for (const component of plan.others) {
      if (component.kind === 'glob') {
        const isNamed = await this.#try(component, findings, async () => {
          await this.#seen.lookAtHead([]);
          const { files, fault } = await filesOf(component, this.#place.layout.root, this.#seen, this.#names);
          if (fault !== null) findings.push(fault);
          // a file that is named is looked at as that, not as one of a glob
          for (const file of files) if (!plan.files.has(file.path)) members.set(file.path, file);
          for (const folder of foldersOf(component, files)) folders.add(folder);
          await this.#seen.lookAtHead(files.map((m) => m.path));
        });
        if (!isNamed) isPartial = true;
      } else if (only === null || only.has(component.name))
        await this.#try(component, findings, async () => {
          const found = await this.#check(component);
          if (found !== null) findings.push(found);
        });
    }
    const look = { place: this.#place, seen: this.#seen, lastWrite: this.#others.lastWrite, deep, knowsHead };
    for (const files of [members, plan.files])
      for (const file of files.values()) {
        if ((only !== null && !only.has(file.name)) || isAsSeen(file, look)) continue;
        await this.#try(file, findings, async () => {
          const found = await checkFile(file, look);
          if (found !== null) findings.push(found);
        });
      }
    const others = plan.others.filter((c) => c.kind !== 'glob').length;
    return {
      components: plan.files.size + members.size + others,
      findings,
      isNamed: (name) => plan.names.has(name) || members.has(name),
      isPartial,
      folders: [...folders],
    };
  }

  /** What follows from the components alone: worked out once, as long as they are the same. */
  #planOf(components: readonly Component[]): Plan {
    if (this.#plan?.of === components) return this.#plan;
    const files = new Map(components.flatMap((c) => (c.kind === 'file' ? [[c.path, c] as const] : [])));
    this.#plan = {
      of: components,
      files,
      first: [...files.values()][0],
      paths: [...files.keys()],
      others: components.filter((c) => c.kind !== 'file'),
      names: new Set(components.map(({ name }) => name)),
      // of a folder the one in which its name would vanish: what happens in it says nothing of it
      folders: new Set(components.flatMap((c) => (c.kind === 'file' || c.kind === 'folder' ? [parentOf(c.path)] : []))),
    };
    return this.#plan;
  }

  async #check(component: Exclude<Component, { kind: 'file' | 'glob' }>): Promise<Finding | null> {
    switch (component.kind) {
      case 'folder':
        return checkFolder(component, this.#place);
      case 'processor':
        return checkProcessor(component, this.#place);
      case 'program':
        return checkProgram(component);
      case 'disk':
        return checkDisk(component, this.#place);
      case 'unreadable':
        return finding(component, 'unreadable', component.why);
      case 'service':
        return this.#others.service(component);
      case 'waiting':
        return this.#others.waiting(component);
      case 'ledger':
        return this.#others.ledger(component);
      case 'backup':
        return this.#others.backup(component);
    }
  }

  async #try(
    component: Pick<Component, 'name' | 'severity' | 'repair'> | undefined,
    findings: Finding[],
    check: () => Promise<void>,
  ): Promise<boolean> {
    try {
      await check();
      return true;
    } catch (thrown) {
      if (component !== undefined)
        findings.push(finding(component, 'check_failed', `it cannot be checked: ${asWaybillError(thrown).message}`));
      return false;
    }
  }
}

function parentOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash <= 0 ? '' : path.slice(0, slash);
}
