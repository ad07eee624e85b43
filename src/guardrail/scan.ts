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
  ledger(component: OfKind<'ledger'>): Finding | null;
  backup(component: OfKind<'backup'>): Finding | null;
}

/** One look at everything. */
export interface Scan {
  /** How many components there are, with each file of a glob. */
  readonly components: number;
  readonly findings: readonly Finding[];
  /** The names of all that were looked at. */
  readonly names: readonly string[];
  /** Whether some could not be named, because git or a folder could not be read. */
  readonly isPartial: boolean;
  /** Every file and folder that was looked at, and the folders in which they stand. */
  readonly folders: readonly string[];
}

/** Looks at components one after the other. Holds what it learned of HEAD from one scan to the next. */
export class Scanner {
  readonly #place: Place;
  readonly #seen: Seen;
  readonly #names: HeadNames;
  readonly #others: OtherChecks;

  constructor(place: Place, seen: Seen, others: OtherChecks, names = new HeadNames(place.repo.git)) {
    this.#place = place;
    this.#seen = seen;
    this.#names = names;
    this.#others = others;
  }

  /** The same for a station whose settings changed, or of which another process saw more. What was learned of HEAD stays. */
  renewed(place: Place, seen: Seen): Scanner {
    return new Scanner(place, seen, this.#others, this.#names);
  }

  /**
   * Looks at all of them; `only` at these names. A check that fails to be made is a finding of its component, and stops no other (rule 10).
   */
  async scan(components: readonly Component[], deep: boolean, only: ReadonlySet<string> | null = null): Promise<Scan> {
    const findings: Finding[] = [];
    const wanted: WantedFile[] = [];
    const folders = new Set<string>();
    const files = components.filter((c) => c.kind === 'file');
    let isPartial = false;
    const knowsHead = await this.#try(files[0], findings, () => this.#seen.lookAtHead(files.map((c) => c.path)));
    for (const component of components) {
      if (component.kind === 'file') wanted.push(component);
      else if (component.kind === 'glob') {
        const isNamed = await this.#try(component, findings, async () => {
          await this.#seen.lookAtHead([]);
          const { files: members, fault } = await filesOf(component, this.#place.layout.root, this.#seen, this.#names);
          if (fault !== null) findings.push(fault);
          wanted.push(...members);
          for (const folder of foldersOf(component, members)) folders.add(folder);
          await this.#seen.lookAtHead(members.map((m) => m.path));
        });
        if (!isNamed) isPartial = true;
      } else if (only === null || only.has(component.name))
        await this.#try(component, findings, async () => {
          const found = await this.#check(component);
          if (found !== null) findings.push(found);
        });
      // where its name would vanish: what happens in it says nothing of it
      if (component.kind === 'folder') folders.add(parentOf(component.path));
    }
    // a file that is named is looked at as that, not as one of a glob
    const byPath = new Map<string, WantedFile>();
    for (const file of wanted) if (file.of === undefined || !byPath.has(file.path)) byPath.set(file.path, file);
    const look = { place: this.#place, seen: this.#seen, lastWrite: this.#others.lastWrite, deep, knowsHead };
    for (const file of byPath.values()) {
      folders.add(parentOf(file.path));
      if ((only !== null && !only.has(file.name)) || isAsSeen(file, look)) continue;
      await this.#try(file, findings, async () => {
        const found = await checkFile(file, look);
        if (found !== null) findings.push(found);
      });
    }
    const others = components.filter((c) => c.kind !== 'file' && c.kind !== 'glob').length;
    const names = [...components.map((c) => c.name), ...[...byPath.values()].map((w) => w.name)];
    return { components: byPath.size + others, findings, names, isPartial, folders: [...folders] };
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
