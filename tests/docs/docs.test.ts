import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { readOrder } from '../../src/intake/read-order.ts';
import { ACTION_SHAPES, JOB, OTHER_SHAPES } from '../../src/order/dialects/shapes.ts';
import { readDocument } from '../../src/order/document.ts';
import { conform } from '../../src/platform/schema.ts';
import { parsePolicy } from '../../src/policy/policy.ts';
import { parseChain } from '../../src/spine/chain.ts';
import { parseSettings } from '../../src/station/settings.ts';
import { assert, suite } from '../support/suite.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const LIMITS = { maxOrderBytes: 16 * 1024 * 1024, maxDepth: 32, deprecatedTypes: {} };

const DIALECTS = join(ROOT, 'docs/dialects.md');

const pages = [
  ...['README.md', 'ARCHITECTURE.md', 'CHANGELOG.md', 'AGENTS.md'].map((name) => join(ROOT, name)),
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(ROOT, 'docs', name)),
];

const test = suite('docs', { timeoutMs: 250_000 });

test('the reference pages match the sources', () => {
  const args = ['--import', 'tsx', 'scripts/generate-docs.ts', '--check'];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' });
  assert.equal(status, 0, stdout + stderr);
});

test('every relative link and picture leads to a file, and to a heading in it', () => {
  let links = 0;
  const broken: string[] = [];
  for (const page of pages) {
    const text = withoutCode(read(page));
    const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g), ...text.matchAll(/\bsrc(?:set)?="([^"]+)"/g)];
    for (const [, target = ''] of targets) {
      if (/^[a-z]+:/.test(target)) continue;
      links++;
      const [path = '', anchor] = target.split('#');
      const file = path === '' ? page : resolve(dirname(page), path);
      if (!existsSync(file) || (anchor !== undefined && !anchorsOf(file).has(anchor)))
        broken.push(`${relative(ROOT, page)}: ${target}`);
    }
  }
  assert.ok(links > 50, `only ${links} links found`);
  assert.deepEqual(broken, []);
});

test('every order shown is one that intake admits', () => {
  let orders = 0;
  const bad: string[] = [];
  for (const page of pages.filter((name) => name !== DIALECTS)) {
    for (const yaml of blocksOf(page, 'yaml').filter((text) => text.includes('wo_id'))) {
      orders++;
      const result = readOrder({ bytes: Buffer.from(yaml), file: 'example.yaml', attachments: null }, LIMITS);
      const where = `${relative(ROOT, page)}: ${yaml.split('\n')[0]}`;
      if ('error' in result) bad.push(`${where}: ${result.error.code} ${result.error.message}`);
      else if (result.warnings.length > 0) bad.push(`${where}: ${result.warnings.map((w) => w.message).join(', ')}`);
    }
  }
  assert.ok(orders >= 8, `only ${orders} orders found`);
  assert.deepEqual(bad, []);
});

test('every dialect shown is read as the shape of its heading', () => {
  const shown: string[] = [];
  for (const section of read(DIALECTS).split(/^### /m).slice(1)) {
    const shape = section.split('\n')[0]?.toLowerCase() ?? '';
    const [order, ...beside] = [...section.matchAll(/^```(yaml|json|text)\n([\s\S]*?)^```/gm)];
    if (order === undefined) continue;
    const [, language = '', text = ''] = order;
    const names = ['body.md', 'evidence/manifest.json'];
    const attachments = beside.map(([, , bytes = ''], i) => ({ path: names[i] ?? '', bytes: Buffer.from(bytes) }));
    const result = readOrder(
      {
        bytes: Buffer.from(text),
        file: `example.${language}`,
        attachments: shape === 'folder bundle' ? attachments : null,
      },
      LIMITS,
    );
    assert.equal('error' in result ? result.error.message : result.shape, shape);
    shown.push(shape);
  }
  const known = new Set([...ACTION_SHAPES, JOB, ...OTHER_SHAPES].map((shape) => shape.name));
  assert.deepEqual(shown.sort(), [...known].sort());
});

/** What a piece of YAML on a page can be: settings, policy, cases for policy, a role, a chain. A page shows parts of them. */
const DOCUMENTS: Readonly<Record<string, (yaml: string) => unknown>> = {
  settings: (yaml) => parseSettings(Buffer.from(yaml)),
  policy: (yaml) => parsePolicy(Buffer.from(/^version:/m.test(yaml) ? yaml : `version: 1\n${yaml}`)),
  cases: (yaml) =>
    conform('policy-cases', readDocument(Buffer.from(yaml), 'yaml', DOCUMENT_LIMITS).value, 'SCHEMA_INVALID'),
  role: (yaml) => conform('agent', readDocument(Buffer.from(yaml), 'yaml', DOCUMENT_LIMITS).value, 'SCHEMA_INVALID'),
  chain: (yaml) => parseChain('example', Buffer.from(yaml)),
};
const DOCUMENT_LIMITS = { maxBytes: 1024 * 1024, maxDepth: 16 };

test('every example of settings or policy is valid', () => {
  const examples = pages
    .flatMap((page) => blocksOf(page, 'yaml'))
    .filter((text) => !text.includes('wo_id') && !/^id: /m.test(text));
  assert.ok(examples.length >= 12, `only ${examples.length} examples found`);
  const bad = examples.flatMap((yaml) => {
    const faults = Object.entries(DOCUMENTS).map(([name, parse]) => faultOf(name, () => parse(yaml)));
    return faults.includes(null) ? [] : [`${yaml}${faults.join('\n')}`];
  });
  assert.deepEqual(bad, []);
});

test('the npm commands named are scripts of package.json', () => {
  const { scripts } = JSON.parse(read(join(ROOT, 'package.json'))) as { scripts: Record<string, string> };
  const known = new Set([...Object.keys(scripts), 'ci', 'cit', 'install']);
  const named = pages.flatMap((page) =>
    [...read(page).matchAll(/(?:^ {4}|`|&& )npm (?:run )?([a-z]+)/gm)]
      .map(([, name = '']) => name)
      .map((name) => ({ page: relative(ROOT, page), name })),
  );
  assert.ok(named.some(({ page, name }) => page === 'README.md' && name === 'demo'));
  assert.ok(named.some(({ page, name }) => page === 'README.md' && name === 'start'));
  assert.deepEqual(
    named.filter(({ name }) => !known.has(name)),
    [],
  );
});

test('every file of the source that ARCHITECTURE.md names is there', () => {
  const folders = new Set(readdirSync(join(ROOT, 'src')));
  const missing: string[] = [];
  for (const [, path = ''] of read(join(ROOT, 'ARCHITECTURE.md')).matchAll(
    /`((?:[\w.-]+\/)+[\w.-]+\.(?:ts|mjs|json|cjs))`/g,
  )) {
    const top = path.split('/')[0] ?? '';
    const file = folders.has(top) ? join(ROOT, 'src', path) : join(ROOT, path);
    if (!existsSync(file)) missing.push(path);
  }
  assert.deepEqual(missing, []);
});

test('every decision stands in the index, and no placeholder in the README', () => {
  const index = read(join(ROOT, 'docs/decisions/README.md'));
  const decisions = readdirSync(join(ROOT, 'docs/decisions')).filter((name) => /^\d{4}-/.test(name));
  assert.ok(decisions.length >= 18, `only ${decisions.length} decisions found`);
  assert.deepEqual(
    decisions.filter((name) => !index.includes(`](${name})`)),
    [],
  );
  assert.doesNotMatch(read(join(ROOT, 'README.md')), /<!--/);
});

test.run();

function read(path: string): string {
  return readFileSync(path, 'utf8');
}

function blocksOf(page: string, language: string): string[] {
  return [...read(page).matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(
    ([, text = '']) => text,
  );
}

function withoutCode(text: string): string {
  return text.replace(/^```[\s\S]*?^```/gm, '').replace(/`[^`\n]*`/g, '');
}

/** The anchors that a Markdown page gets from its headings; a generated page's too. */
function anchorsOf(file: string): Set<string> {
  const headings = [
    ...read(file)
      .replace(/^```[\s\S]*?^```/gm, '')
      .matchAll(/^#{1,6} (.+)$/gm),
  ];
  return new Set(
    headings.map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replace(/[^\w\- ]/g, '')
        .trim()
        .replaceAll(' ', '-'),
    ),
  );
}

function faultOf(name: string, parse: () => unknown): string | null {
  try {
    parse();
    return null;
  } catch (error) {
    return `as ${name}: ${error instanceof Error ? error.message : String(error)}`;
  }
}
