/** How far a task is, in the words of this product; authors have many more. */
export type Standing = 'open' | 'in progress' | 'blocked' | 'deferred' | 'done' | 'dropped';

/** One place of a text that says how far something is. */
export interface Said {
  readonly standing: Standing;
  /** As it stands in the text. */
  readonly word: string;
  readonly from: number;
  readonly to: number;
}

const ENDED =
  'done|complete|completed|closed|landed|merged|shipped|finished|finalized|finalised|resolved|fixed|implemented|delivered';
const NOT = "not|never|isn['’]?t|aren['’]?t|wasn['’]?t|hasn['’]?t|haven['’]?t|cannot be|can['’]?t be|yet to be";
const LIVE = 'open|pending|blocked|deferred|postponed|planned|ongoing|started|in[ -]progress|wip|waiting|on hold|todo';

/**
 * The words, longest meaning first, because the first that matches at a place counts: `not done` before `done`. Null: says nothing of how
 * far a task is now.
 */
const WORDS: readonly (readonly [Standing | null, string])[] = [
  [null, `definition of done|(?:${ENDED}) (?:when|means|criteria|if|once)|dod`],
  ['open', `(?:${NOT}) (?:yet )?(?:been )?(?:fully |quite )?(?:${ENDED}|started|begun)|to be (?:${ENDED})`],
  [null, `(?:was|were|previously|formerly|no longer|not|never|if|when|once|until|unless) (?:${LIVE})|unblocked`],
  [
    null,
    `(?:will|must|should|shall|would|may|might|can|could) be (?:${ENDED})|(?:if|when|once|until|unless) (?:${ENDED})`,
  ],
  [
    null,
    'open[ -](?:source|questions?|issues?|points?|items?)|closed[ -](?:source|loop)|pending (?:review|approval) of',
  ],
  ['open', 'not[ -]started|incomplete|unfinished|undone|unresolved|unimplemented|reopened|re-opened|to[ -]?do|backlog'],
  [
    'in progress',
    `(?:partially|partly|mostly|nearly|almost|largely|half|(?<!\\d)\\d{1,2}\\s*%)[ -](?:${ENDED})|in[ -]progress|in[ -]review`,
  ],
  ['done', `100\\s*% (?:${ENDED})|${ENDED}`],
  ['open', 'open|pending|planned|queued|ready'],
  ['in progress', 'wip|ongoing|started|underway|under way|doing|active'],
  ['blocked', 'blocked|waiting'],
  ['deferred', 'deferred|postponed|on hold|parked'],
  ['dropped', "abandoned|cancelled|canceled|wontfix|won['’]?t fix|rejected|superseded|obsolete|duplicate|dropped"],
];

const SIGNS: readonly (readonly [Standing, string])[] = [
  ['done', '[\u2705\u2611\u2714\u2713]'],
  ['in progress', '\u{1F6A7}|\u{1F504}'],
  ['open', '[\u23F3\u2610]|\u{1F532}|\u2B1C'],
  ['blocked', '\u26D4|\u{1F6D1}'],
  ['deferred', '\u23F8'],
];

const EDGE = '[\\p{L}\\p{N}_]';
const WORD = new RegExp(
  WORDS.map(([, words]) => `(?<!${EDGE}|${EDGE}-)(${words.replaceAll(' ', '\\s+')})(?!${EDGE}|-${EDGE})`).join('|'),
  'giu',
);
const SIGN = new RegExp(SIGNS.map(([, signs]) => `(${signs})`).join('|'), 'u');

/** Every place of the text that says how far something is, in words. */
export function standingsIn(text: string): Said[] {
  return [...text.matchAll(WORD)].flatMap((match) => {
    const standing = WORDS[match.slice(1).findIndex((group) => group !== undefined)]?.[0] ?? null;
    return standing === null
      ? []
      : [{ standing, word: match[0], from: match.index, to: match.index + match[0].length }];
  });
}

/** What a sign (a tick, a pause) says, where one stands in the text. */
export function standingOfSign(text: string): Said | null {
  const match = SIGN.exec(text);
  if (match === null) return null;
  const standing = SIGNS[match.slice(1).findIndex((group) => group !== undefined)]?.[0] ?? 'open';
  return { standing, word: match[0], from: match.index, to: match.index + match[0].length };
}

/** Words that may follow one that says how far something is. After others it is no status: `Complete the proof`. */
const MAY_FOLLOW =
  /^(?:$|[^\p{L}]|(?:by|on|in|at|since|until|via|with|as|per|but|after|for|see|and|to|from|due|pending|locally)\b)/iu;

/**
 * What the text says at its very beginning, signs and marks left out; `A -> B` says B. Null where it begins otherwise, or offers several
 * (`OPEN / DONE` is a form to fill in).
 */
export function leadingStanding(text: string): Said | null {
  const now = text.split(/→|->|=>|⇒/).at(-1) ?? text;
  const bare = now.replace(/^[^\p{L}\p{N}]+/u, '');
  const first = standingsIn(bare)[0];
  if (first === undefined || first.from !== 0) return bare === '' || first === undefined ? signAlone(now) : null;
  const rest = bare.slice(first.to).trimStart();
  const offered = /^[/|]/.test(rest) && standingsIn(rest.replace(/^[^\p{L}]+/u, ''))[0]?.from === 0;
  return offered || !MAY_FOLLOW.test(rest) ? null : first;
}

function signAlone(text: string): Said | null {
  return /[\p{L}\p{N}]/u.test(text.replace(/\(.*?\)/g, '')) ? null : standingOfSign(text);
}

/** Words after which one in capitals is spoken of, not said: `mark items as DONE`. */
const SPOKEN_OF = /(?:^|\s)(?:as|is|be|to|of|or|and|mark|set|until|not|are|all|no|the|with|for|from)\s*$/i;

/**
 * What the end of a title says: after a dash, a colon or a sign, in brackets, or in capitals. A date in brackets may follow. Null for words
 * that belong to the title (`Handle jobs that are closed`).
 */
export function closingStanding(title: string): Said | null {
  let text = title.trimEnd();
  for (let brackets = /[([]([^()[\]]*)[)\]]$/.exec(text); brackets !== null; ) {
    const inside = leadingStanding(brackets[1] ?? '');
    if (inside !== null) return inside;
    text = text.slice(0, brackets.index).trimEnd();
    brackets = /[([]([^()[\]]*)[)\]]$/.exec(text);
  }
  text = text.replace(/[\s.!,;:*_]+$/u, '');
  const last = standingsIn(text).at(-1);
  if (last === undefined || last.to !== text.length) return endingSign(text);
  const before = text.slice(0, last.from);
  if (before.trim() === '' || /(?:[—–:|]|\s-|\p{Extended_Pictographic}\uFE0F?)\s*$/u.test(before)) return last;
  return last.word === last.word.toUpperCase() && !SPOKEN_OF.test(before) ? last : null;
}

function endingSign(text: string): Said | null {
  const sign = standingOfSign(text);
  return sign !== null &&
    text
      .slice(sign.to)
      .replace(/\uFE0F/g, '')
      .trim() === ''
    ? sign
    : null;
}

/** Whether both cannot be true of one task at the same time. */
export function excludes(a: Standing, b: Standing): boolean {
  const isOver = (s: Standing) => s === 'done';
  const isDropped = (s: Standing) => s === 'dropped';
  return isOver(a) !== isOver(b) && !isDropped(a) && !isDropped(b);
}
