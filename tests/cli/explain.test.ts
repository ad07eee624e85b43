import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { exampleOf } from '../../src/intake/error-example.ts';
import { ERROR_CODES, type ErrorCode } from '../../src/order/error.ts';
import { errorPage } from '../../src/order/errors/causes/page.ts';
import { conforms } from '../../src/platform/schema.ts';
import { TestStation } from '../support/station.ts';
import { assert, suite } from '../support/suite.ts';

/**
 * Rules 10 and 15: of every code a person finds out how it comes about, what mends it, and what the error file looks like, without a station.
 * What a cure tells them to type is there.
 */

const test = suite('explain', { timeoutMs: 120_000 });

const ROOT = resolve(import.meta.dirname, '../..');
const codes = Object.keys(ERROR_CODES) as ErrorCode[];

test('every code has an example that conforms to the error schema; examples with an order get their code by reading it', () => {
  let read = 0;
  for (const code of codes) {
    const { file, order, error } = exampleOf(code);
    assert.equal(error.code, code);
    assert.ok(conforms('error', error), code);
    if (order === null) continue;
    read++;
    assert.equal(error.file, file);
    assert.ok(code === 'EMPTY' || (error.line ?? 0) >= 1, `${code} has a place`);
  }
  assert.ok(read >= 15);
});

test('explain CODE shows meaning, causes, cure, order and error file; explain alone lists every code', (t) => {
  const s = new TestStation(t.tempDir());
  const bad = s.waybill('explain', 'bad-id');
  assert.equal(bad.code, 0, bad.stderr);
  const { causes, cure } = errorPage('BAD_ID');
  const [cause] = causes;
  const [step] = cure;
  for (const part of ['BAD_ID', 'wo_id: WO 1/fix it', '"line": 1', 'WO-1-fix-it', 'exit code', 'docs/errors/BAD_ID.md'])
    assert.ok(bad.stdout.includes(part), part);
  const flat = bad.stdout.replaceAll(/\s+/g, ' ');
  assert.ok(flat.includes(`- ${cause}`) && flat.includes(`1. ${step}`), bad.stdout);
  const all = s.waybill('explain').stdout;
  for (const code of codes) assert.match(all, new RegExp(`^${code} `, 'm'));
  const unknown = s.waybill('explain', 'BAD_IDS');
  assert.equal(unknown.code, 64);
  assert.match(unknown.stderr, /did you mean BAD_ID\?/);
});

test('explain CODE --json has all of it, for programs', (t) => {
  const s = new TestStation(t.tempDir());
  const { v, ok, exit_code, example, ...page } = JSON.parse(s.waybill('explain', 'SCHEMA_INVALID', '--json').stdout);
  assert.deepEqual([v, ok, exit_code, example.error.code], [1, true, 65, 'SCHEMA_INVALID']);
  assert.deepEqual(page, errorPage('SCHEMA_INVALID'));
});

test('no line of it is wider than a terminal, but for commands and what an order holds', (t) => {
  const s = new TestStation(t.tempDir());
  for (const code of ['DIRTY_TARGET', 'LEDGER_BROKEN', 'APPROVAL_REFUSED'] as const) {
    const told = s.waybill('explain', code).stdout.split('\n\n').slice(1, 3).join('\n').split('\n');
    assert.ok(told.length > 6, code);
    for (const line of told) {
      assert.ok(line.length <= 100 || /`[^`]{60,}`/.test(line), `${line.length}: ${line}`);
      assert.equal((line.match(/`/g) ?? []).length % 2, 0, `a command is broken in two: ${line}`);
    }
  }
});

test('every code has its page in docs, and the index leads to it; no page is of a code that is none', () => {
  const folder = join(ROOT, 'docs/errors');
  const index = readFileSync(join(folder, 'README.md'), 'utf8');
  for (const code of codes) {
    const { causes, cure, page } = errorPage(code);
    const text = readFileSync(join(ROOT, page), 'utf8');
    for (const part of [...causes, ...cure]) assert.ok(text.includes(part), `${page}: ${part}`);
    assert.ok(text.includes(`"code": "${code}"`), `${page}: the error file`);
    assert.ok(index.includes(`[${code}](${code}.md)`), `${code} in the index`);
  }
  assert.deepEqual(readdirSync(folder).toSorted(), [...codes.map((code) => `${code}.md`), 'README.md'].toSorted());
});

/** What a command takes, as its help tells: `--options`, the words below "What:". */
interface Help {
  readonly options: ReadonlySet<string>;
  readonly words: ReadonlySet<string> | null;
}

function helpOf(s: TestStation, name: string): Help {
  const { code, stdout } = s.waybill(name, '--help');
  assert.equal(code, 0, `waybill ${name} --help`);
  const what = /\nWhat:\n([\s\S]*?)(?:\n\n|$)/.exec(stdout)?.[1];
  return {
    options: new Set(stdout.match(/--[a-z][a-z-]*/g)),
    words: what === undefined ? null : new Set([...what.matchAll(/^ {2}([a-z]+)/gm)].map(([, word = '']) => word)),
  };
}

function faultOf(line: string, help: Help): string | null {
  const [, , ...words] = line.split(' ');
  for (const option of words.filter((word) => word.startsWith('--')))
    if (!help.options.has(option)) return `there is no ${option}`;
  const [first] = words;
  const isWord = first !== undefined && /^[a-z]+$/.test(first);
  // a name may stand there too, as that of a snapshot or a file
  if (help.words !== null && isWord && !help.words.has(first)) return `there is no ${first}`;
  if (help.words === null && isWord) return `${first} is no placeholder`;
  return null;
}

test('every command that causes, cures and hints name is there, with its words and options', (t) => {
  const s = new TestStation(t.tempDir());
  const known = new Set([...s.waybill('--help').stdout.matchAll(/^ {2}([a-z]+) /gm)].map(([, name = '']) => name));
  const helps = new Map<string, Help>();
  let looked = 0;
  for (const code of codes) {
    const { hint, causes, cure } = errorPage(code);
    for (const text of [hint, ...causes, ...cure])
      for (const [, line = ''] of text.matchAll(/`(?:sudo )?(waybill [^`]*)`/g)) {
        const name = line.split(' ')[1] ?? '';
        if (name === '--version') continue;
        assert.ok(known.has(name), `${code}: ${line}`);
        const help = helps.get(name) ?? helpOf(s, name);
        helps.set(name, help);
        assert.equal(faultOf(line, help), null, `${code}: ${line}`);
        looked++;
      }
  }
  assert.ok(looked > 200 && helps.size > 25, `${looked} lines of ${helps.size} commands`);
});

test('the look at commands finds what is not there', (t) => {
  const s = new TestStation(t.tempDir());
  const [keep, retry] = [helpOf(s, 'keep'), helpOf(s, 'retry')];
  assert.equal(faultOf('waybill keep show ID', keep), null);
  assert.equal(faultOf('waybill keep shew ID', keep), 'there is no shew');
  assert.equal(faultOf('waybill keep prune --older-than DAYS', keep), null);
  assert.equal(faultOf('waybill retry ID --force', retry), 'there is no --force');
});

test('every page and setting file that a text names is there', () => {
  for (const code of codes) {
    const { hint, causes, cure, see } = errorPage(code);
    const named = [hint, ...causes, ...cure].flatMap((text) => text.match(/\b(?:docs|schemas)\/[\w./-]*\w/g) ?? []);
    for (const path of [...named, ...see.map((link) => link.split('#')[0] ?? '')])
      assert.ok(existsSync(join(ROOT, path)), `${code}: ${path}`);
  }
});

interface KeysOf {
  readonly properties?: Readonly<Record<string, KeysOf>>;
  readonly additionalProperties?: boolean | KeysOf;
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, KeysOf>>;
}

/** Every key of a document that people write, with a dot between levels. */
function keysOf(name: string): string[] {
  const root = JSON.parse(readFileSync(join(ROOT, `schemas/${name}.schema.json`), 'utf8')) as KeysOf;
  const walk = (given: KeysOf, path: readonly string[]): string[] => {
    const schema = given.$ref === undefined ? given : { ...root.$defs?.[given.$ref.replace('#/$defs/', '')], ...given };
    const named = schema.additionalProperties;
    return [
      ...(path.length === 0 ? [] : [path.join('.')]),
      ...(typeof named === 'object' ? walk(named, [...path, 'LANE']) : []),
      ...Object.entries(schema.properties ?? {}).flatMap(([key, value]) => walk(value, [...path, key])),
    ];
  };
  return walk(root, []);
}

/** A kind of documents, and a key that settings had once. */
const NO_KEYS = ['lifeos.job', 'commands.allow'];

test('every setting that a text names is one', () => {
  const known = new Set(['settings', 'policy', 'order'].flatMap(keysOf));
  let looked = 0;
  for (const code of codes) {
    const { hint, causes, cure } = errorPage(code);
    for (const text of [hint, ...causes, ...cure])
      for (const [key] of text
        .replaceAll('<LANE>', 'LANE')
        .replaceAll(/"[^"]*"/g, '')
        .matchAll(/(?<![\w./-])[a-z_]+(?:\.(?:[a-z_]+|LANE))+(?![\w/-])/g)) {
        if (/\.(?:yaml|yml|json|jsonl|log|md|txt|patch|git|html|status)$/.test(key)) continue;
        if (NO_KEYS.includes(key)) continue;
        assert.ok(known.has(key), `${code}: ${key}`);
        looked++;
      }
  }
  assert.ok(looked > 45, `${looked} keys`);
});

test.run();
