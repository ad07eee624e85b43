import { join } from 'node:path';
import { ObjectReader } from '../../git/objects/object-reader.ts';
import type { OrderLife } from '../../order/life.ts';
import { readIfThere } from '../../platform/durable.ts';
import { evidenceName } from '../../record/evidence.ts';
import { readLedger } from '../../record/ledger.ts';
import type { Station } from '../../station/station.ts';
import { Branches } from './branches.ts';
import { checkedPaths, digestAt } from './contents.ts';
import type { Finding } from './finding.ts';
import { Lives } from './lives.ts';
import { SecondReading } from './second-reading.ts';

/** Orders whose commits are asked for before the first answer came: git works while we hash, and memory stays bounded. */
const AT_ONCE = 256;

/**
 * Holds the commits of orders against ledger and evidence: whom they name, and what they hold. Reads the ledger once more, up to a record
 * that is known to hold, so that nobody has to remember every order; `only`: the one order that is asked for, or null.
 */
export async function verifyCommits(
  station: Station,
  only: string | null,
  upTo: number,
  tell: (commits: number) => void,
): Promise<{ commits: number; findings: Finding[] }> {
  return checkCommits(station, landedLives(station, only, upTo), tell);
}

/** The same for these orders, each as it was when it had landed. */
export async function checkCommits(
  station: Station,
  landed: Iterable<OrderLife>,
  tell: (commits: number) => void,
): Promise<{ commits: number; findings: Finding[] }> {
  const reader = new ObjectReader(station.repo.git);
  const check = new CommitCheck(station, reader);
  const second = new SecondReading(station);
  const findings: Finding[] = [];
  let commits = 0;
  try {
    for (const lives of inBatches(landed, AT_ONCE)) {
      const found = await Promise.all(lives.map((life) => check.look(life)));
      findings.push(...found.flat());
      for (const [i, life] of lives.entries()) {
        commits += life.landed?.commits.length ?? 0;
        // what does not hold is told already
        if (found[i]?.length === 0) second.note(life);
      }
      tell(commits);
    }
  } finally {
    await reader.end();
  }
  findings.push(...(await second.findings()));
  return { commits, findings };
}

/** Every order that landed by a commit of its own, as its records tell it in the end. */
function* landedLives(station: Station, only: string | null, upTo: number): Generator<OrderLife> {
  const lives = new Lives();
  const landed = (life: OrderLife) => life.landed?.how === 'landed';
  for (const record of upTo === 0 ? [] : readLedger(station.layout.ledger, 1)) {
    if (only === null || record.wo_id?.toLowerCase() === only.toLowerCase()) {
      const life = lives.apply(record);
      // nothing that comes later changes what it did
      if (life !== null && record.to === 'done' && landed(life)) yield life;
    }
    if (record.seq === upTo) break;
  }
  yield* lives.rest().filter(landed);
}

function* inBatches<T>(items: Iterable<T>, size: number): Generator<T[]> {
  let batch: T[] = [];
  for (const item of items) {
    batch.push(item);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

class CommitCheck {
  readonly #station: Station;
  readonly #reader: ObjectReader;
  readonly #branches: Branches;

  constructor(station: Station, reader: ObjectReader) {
    this.#station = station;
    this.#reader = reader;
    this.#branches = new Branches(station.repo);
  }

  async look(life: OrderLife): Promise<Finding[]> {
    const findings: Finding[] = [];
    for (const commit of life.landed?.commits ?? []) findings.push(...(await this.#commit(life, commit)));
    return findings;
  }

  /** What a commit must say and hold. A commit that a person rewrote or dropped is told apart from one that is false. */
  async #commit(life: OrderLife, commit: string): Promise<Finding[]> {
    const short = commit.slice(0, 10);
    const error = (what: string): Finding => ({
      severity: 'error',
      kind: 'commit',
      subject: life.woId,
      message: `commit ${short} ${what}`,
    });
    const found = await this.#reader.read(commit);
    if (found.kind === 'missing') return this.#place(life, commit, true);
    if (found.kind !== 'commit') return [error('cannot be read, or its bytes are not those of its id')];
    const findings = await this.#place(life, commit, false);
    const text = found.bytes.toString('utf8');
    const message = text.slice(text.indexOf('\n\n') + 2);
    const order = /^Work-Order: (.+)$/m.exec(message)?.[1];
    const evidence = /^Evidence: (.+)$/m.exec(message)?.[1];
    if (order !== life.woId) findings.push(error(`names the order ${order ?? 'nobody'}`));
    if (evidence !== life.outcome?.evidence?.manifest_sha256)
      findings.push(error('names other evidence than the ledger'));
    const other = await this.#contents(life, /^tree ([0-9a-f]{40})\n/.exec(text)?.[1] ?? '');
    findings.push(...other.map((path) => error(`holds other bytes at ${path} than its evidence says`)));
    return findings;
  }

  /** Whether it is where it landed. */
  async #place(life: OrderLife, commit: string, isGone: boolean): Promise<Finding[]> {
    const branch = life.landing?.branch ?? '';
    if (!isGone && (await this.#branches.has(branch, commit))) return [];
    const other = await this.#branches.commitOf(branch, life.woId);
    const short = commit.slice(0, 10);
    const told =
      other === undefined
        ? ({
            kind: 'lost',
            message: `commit ${short} is not on ${branch || 'its branch'} any more; the journal still has the evidence`,
          } as const)
        : ({ kind: 'rewritten', message: `commit ${short} was rewritten as ${other.slice(0, 10)}` } as const);
    return [{ severity: 'warning', subject: life.woId, ...told }];
  }

  /** Paths at which a tree holds something else than the receipt's subjects. */
  async #contents(life: OrderLife, tree: string): Promise<string[]> {
    const folder = join(this.#station.layout.evidence, evidenceName(life.woId, life.attempt));
    const receipt = readIfThere(join(folder, 'receipt.json'));
    if (receipt === undefined) return []; // told by the manifest check
    const other: string[] = [];
    for (const { path, wanted } of checkedPaths(life, receipt))
      if ((await digestAt(this.#reader, tree, path)) !== wanted) other.push(path);
    return other;
  }
}
