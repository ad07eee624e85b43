import type { Contradiction } from './contradiction.ts';
import { spokenLines, type TextDocument } from './spoken-lines.ts';

/** Phrases, and whether what was measured makes them wrong. */
export interface MeasuredClaim {
  /** As people read it: `program openclaw`. */
  readonly subject: string;
  readonly phrases: readonly string[];
  /** The phrases are wrong while it is missing, and not while it is there. */
  readonly missing: boolean;
  /** Whether it is there; null where that could not be measured. */
  readonly isThere: boolean | null;
}

/** Words before a phrase that turn it round, or put it into the past. */
const TURNED = /(?:\b(?:no longer|not|never|was|were|previously|formerly|neither|nor)|n['’]t)\s+(?:\p{L}+\s+)?$/iu;

/** Phrases of documents that what was measured makes wrong. What could not be measured says nothing here: the gate tells of it. */
export function brokenClaims(documents: readonly TextDocument[], claims: readonly MeasuredClaim[]): Contradiction[] {
  const wrong = claims.filter(({ isThere, missing }) => isThere === !missing);
  if (wrong.length === 0) return [];
  return documents.flatMap((document) => {
    const flowing = flow(document);
    return wrong.flatMap(({ subject, phrases, missing }) =>
      phrases.flatMap((phrase) =>
        linesWith(flowing, phrase).map((line) => ({
          id: 'claim-against-fact',
          severity: 'block' as const,
          message: `${document.path} says ${JSON.stringify(phrase)}, but ${subject} is ${missing ? 'missing' : 'there'}`,
          refs: [`${document.path}:${line}`],
        })),
      ),
    );
  });
}

/** Paragraphs as one line each, so that a phrase is found across the end of a line. */
interface Flow {
  readonly text: string;
  readonly starts: readonly { readonly at: number; readonly line: number }[];
}

function flow(document: TextDocument): Flow {
  let text = '';
  let last = -1;
  const starts: { at: number; line: number }[] = [];
  for (const { line, text: spoken, heading } of spokenLines(document)) {
    const isNew = line !== last + 1 || heading !== null || /^\s*(?:[-*+|]|\d+[.)])/.test(spoken);
    text += isNew ? '\n' : ' ';
    starts.push({ at: text.length, line });
    text += spoken.trim();
    last = heading === null ? line : -1;
  }
  return { text, starts };
}

function linesWith({ text, starts }: Flow, phrase: string): number[] {
  const words = phrase
    .trim()
    .split(/\s+/)
    .map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const found = new Set<number>();
  const whole = new RegExp(`(?<![\\p{L}\\p{N}])${words.join('[^\\S\\n]+')}(?![\\p{L}\\p{N}])`, 'giu');
  for (const match of text.matchAll(whole)) {
    if (TURNED.test(text.slice(Math.max(0, match.index - 40), match.index))) continue;
    const start = starts.filter(({ at }) => at <= match.index).at(-1);
    if (start !== undefined) found.add(start.line);
  }
  return [...found];
}
