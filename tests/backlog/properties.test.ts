import fc from 'fast-check';
import { addItems } from '../../src/backlog/add-items.ts';
import { choose, type Facts } from '../../src/backlog/choose.ts';
import type { Item } from '../../src/backlog/item.ts';
import { markDone, markStarted } from '../../src/backlog/mark.ts';
import { orderOf } from '../../src/backlog/order-of.ts';
import { readMarkdown } from '../../src/backlog/read-markdown.ts';
import { assert, suite } from '../support/suite.ts';
import { backlogs, textOf } from './generated.ts';

const test = suite('backlog/properties');

const FILES = ['BACKLOG.md', 'backlog.yaml'];
const NOTHING: Facts = { claims: new Map(), orders: new Map(), atWork: [], require: ['dod'] };
const eol = fc.constantFrom('\n', '\r\n');
const mark = fc.constantFrom('', '\ufeff');
const DONE = { date: '2026-11-22', order: 'BL-x', commits: ['a1b2c3d4e5f60718293a4b5c6d7e8f9012345678'] };

test('rule 10: every line with a check box is either an item or a problem with its line, never neither and never both', () => {
  fc.assert(
    fc.property(backlogs(400), eol, mark, (made, end, bom) => {
      const { items, problems } = readMarkdown('BACKLOG.md', textOf(made, end, bom));
      const unread = problems.filter(({ severity }) => severity === 'unread');
      assert.equal(items.length + unread.length, made.boxes);
      const places = new Set([...items, ...unread].map(({ place }) => place.line));
      assert.equal(places.size, made.boxes, 'each on a line of its own');
      for (const line of places) assert.match(made.lines[line - 1] ?? '', /\[|☐/);
      assert.equal(new Set(items.map(({ key }) => key.toLowerCase())).size, items.length, 'no key twice');
    }),
    { numRuns: 60 },
  );
});

test('the choice is the same when the same text is read again, and each item is chosen, next or skipped with a reason', () => {
  fc.assert(
    fc.property(backlogs(300), (made) => {
      const { items } = readMarkdown('BACKLOG.md', textOf(made, '\n'));
      const first = choose(items, NOTHING);
      assert.deepEqual(
        choose(readMarkdown('BACKLOG.md', textOf(made, '\r\n', '\ufeff')).items.map(withoutText), NOTHING),
        {
          chosen: first.chosen === null ? null : withoutText(first.chosen),
          next: first.next.map(withoutText),
          skipped: first.skipped.map((entry) => ({ ...entry, item: withoutText(entry.item) })),
        },
      );
      const all = [
        ...(first.chosen === null ? [] : [first.chosen]),
        ...first.next,
        ...first.skipped.map(({ item }) => item),
      ];
      assert.deepEqual(new Set(all), new Set(items));
      assert.equal(all.length, items.length);
      assert.ok(first.skipped.every(({ why }) => why !== ''));
    }),
    { numRuns: 30 },
  );
});

/** How lines end is no part of an item, but of what its file has of it. */
function withoutText<T extends { readonly text: string }>(item: T): T {
  return { ...item, text: '' };
}

test('an item that is marked is read again with its new status and the same key, and nothing else of the file changes', () => {
  fc.assert(
    fc.property(backlogs(60), eol, mark, fc.nat(), (made, end, bom, n) => {
      const text = textOf(made, end, bom);
      const before = readMarkdown('BACKLOG.md', text);
      const item = before.items[n % Math.max(1, before.items.length)];
      if (item === undefined) return;
      const begun = markStarted(text, item, { date: '2026-11-21', order: 'BL-x' });
      const started = readMarkdown('BACKLOG.md', begun).items.find(({ key }) => key === item.key);
      assert.equal(started?.status, 'in progress');
      if (started === undefined) return;
      for (const [from, of] of [
        [text, item],
        [begun, started],
      ] as const) {
        const after = markDone(from, of, DONE);
        const again = readMarkdown('BACKLOG.md', after);
        const done: Item | undefined = again.items.find(({ key }) => key === item.key);
        // lines with a comment or a fence between them are two sentences once the mark stands behind the first
        const description: string | null = done?.description ?? null;
        assert.equal(wordsOf(description), wordsOf(item.description));
        assert.deepEqual(done, { ...item, status: 'done', text: done?.text, description, blockedBy: null });
        assert.deepEqual(
          again.items.filter(({ key }) => key !== item.key),
          before.items.filter(({ key }) => key !== item.key),
        );
        const changed = linesOf(after).filter((line, at) => line !== linesOf(text)[at]);
        assert.ok(changed.length <= 2 && linesOf(after).length === linesOf(text).length);
        assert.match(after, /2026-11-22, commit a1b2c3d4e5f6, BL-x/);
        assert.ok(!after.includes('Started: 2026-11-21'), 'the mark of the begin is gone');
      }
    }),
    { numRuns: 150 },
  );
});

function wordsOf(text: string | null): string | null {
  return text?.replace(/[.\s]+/g, ' ') ?? null;
}

function linesOf(text: string): string[] {
  return text.split('\n');
}

test('items that are added are read as open items, once, however often they are added', () => {
  const item = fc.record({
    id: fc.constantFrom(null, 'DR-1', 'DR-2', 'not good'),
    title: fc.oneof(
      fc.string({ maxLength: 40 }),
      fc.constantFrom('a — Owner: b', '**x**; DoD: y', '<!-- z', '[x] w', 'P1: v', '`q'),
    ),
    priority: fc.constantFrom(0 as const, 1 as const, 2 as const, 3 as const),
    dod: fc.option(fc.string({ maxLength: 30 })),
    owner: fc.constantFrom(null, 'a/b'),
    context: fc.option(fc.constantFrom('found; Owner: z', 'twice\nover', '`never closed')),
  });
  fc.assert(
    fc.property(backlogs(40), fc.array(item, { maxLength: 5 }), (made, items) => {
      const text = textOf(made, '\n');
      const { text: after, added, known } = addItems('BACKLOG.md', text, 'Drift', items);
      assert.equal(added.length + known.length, items.length);
      const again = readMarkdown('BACKLOG.md', after).items;
      for (const key of added)
        assert.ok(
          again.some((found) => found.key === key && found.status !== 'done'),
          key,
        );
      assert.equal(again.length, readMarkdown('BACKLOG.md', text).items.length + added.length);
      assert.equal(addItems('BACKLOG.md', after, 'Drift', items).text, after);
    }),
    { numRuns: 100 },
  );
});

test('the same item gives the same order, byte by byte, whatever its box and the lines around it say', () => {
  fc.assert(
    fc.property(backlogs(30), (made) => {
      const text = textOf(made, '\n');
      for (const item of readMarkdown('BACKLOG.md', text).items.filter(({ status }) => status === 'open')) {
        const begun = markStarted(text, item, { date: '2026-11-21', order: 'BL-x' });
        const moved = readMarkdown('BACKLOG.md', `# above\n\n${begun}`).items.find(({ key }) => key === item.key);
        assert.ok(moved !== undefined);
        assert.deepEqual(orderOf({ ...moved, priority: item.priority }, FILES).bytes, orderOf(item, FILES).bytes);
      }
    }),
    { numRuns: 40 },
  );
});

test.run();
