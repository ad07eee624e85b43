/**
 * Lines for a shell, read strictly. A line counts as simple only where every shell would start one program with these very words;
 * whatever is in doubt is not simple, and then a person is asked.
 */

/** A simple line's words, or why it is not simple. */
export type ShellLine = { readonly words: readonly string[] } | { readonly why: string };

/** What a shell does with a character outside quotes, other than to take it as it is. */
const OPERATORS: Readonly<Record<string, string>> = {
  ';': 'starts another command with ;',
  '&': 'starts another command with &',
  '|': 'pipes into another command',
  '<': 'redirects input',
  '>': 'redirects output',
  '(': 'opens a subshell or a function',
  ')': 'closes a subshell or a function',
  $: 'holds a $, which a shell expands',
  '`': 'holds a backquote, which a shell runs',
  '*': 'holds a glob',
  '?': 'holds a glob',
  '[': 'holds a glob',
  '{': 'holds a brace',
  '}': 'holds a brace',
};

/** At the start of a command they are grammar, in sh or in a shell that may stand in for it. */
const RESERVED = new Set(
  `! [[ ]] { } case coproc do done elif else end esac fi for foreach function if in namespace nocorrect noglob repeat
   select then time until while`.split(/\s+/),
);

/** Commands of the shell itself that no program does, or that run or define something else. */
const BUILTINS = new Set(
  `. : alias autoload bg bind break builtin caller cd command compgen complete compopt continue declare dirs disown enable
   eval exec exit export fc fg getopts hash help history jobs let local logout mapfile newgrp popd pushd read readarray
   readonly return set shift shopt source suspend times trap type typeset ulimit umask unalias unset wait`.split(/\s+/),
);

/** Characters that nobody sees, or that change how the rest is seen: spaces other than ours, format and bidirectional marks, control. */
const UNSEEN = /(?! )[\p{Z}\p{C}\p{Default_Ignorable_Code_Point}\u2800]/u;

/** Whether a text holds a character that a person who decides would not see, tabs and line ends aside. */
export function hidesSomething(text: string): boolean {
  return UNSEEN.test(text.replace(/[\t\n]/g, ''));
}

/** The words of a simple line, null for every other: see `readShellLine`. */
export function wordsOf(line: string): string[] | null {
  const read = readShellLine(line);
  return 'words' in read ? [...read.words] : null;
}

/**
 * Reads a line as /bin/sh would, if it is one simple command: plain words, single and double quotes, backslashes. White space and
 * line ends around the line say nothing to a shell, and nothing here.
 */
export function readShellLine(line: string): ShellLine {
  const text = line.replace(/^[ \t\n]+|[ \t\n]+$/g, '');
  if (text === '') return { why: 'is empty' };
  if (/[\n\r]/.test(text)) return { why: 'has more than one line' };
  if (hidesSomething(text)) return { why: 'holds a character that nobody sees' };
  const parsed = split(text);
  if ('why' in parsed) return parsed;
  const [first = ''] = parsed.words;
  const why = whyNotAProgram(first);
  return why === null ? parsed : { why };
}

function split(text: string): ShellLine {
  const words: string[] = [];
  let word: string | null = null;
  for (let i = 0; i < text.length; i += 1) {
    const c = text[i] ?? '';
    if (c === ' ' || c === '\t') {
      if (word !== null) words.push(word);
      word = null;
    } else if (c === '\\') {
      const next = text[i + 1];
      if (next === undefined) return { why: 'ends in a backslash' };
      word = (word ?? '') + next;
      i += 1;
    } else if (c === "'") {
      const end = text.indexOf("'", i + 1);
      if (end === -1) return { why: 'opens a quote and does not close it' };
      word = (word ?? '') + text.slice(i + 1, end);
      i = end;
    } else if (c === '"') {
      const quoted = doubleQuoted(text, i + 1);
      if ('why' in quoted) return quoted;
      word = (word ?? '') + quoted.text;
      i = quoted.end;
    } else {
      const why = whySpecial(c, word, words.length);
      if (why !== null) return { why };
      word = (word ?? '') + c;
    }
  }
  if (word !== null) words.push(word);
  return { words };
}

function doubleQuoted(text: string, from: number): { text: string; end: number } | { why: string } {
  let inner = '';
  for (let i = from; i < text.length; i += 1) {
    const c = text[i] ?? '';
    if (c === '"') return { text: inner, end: i };
    if (c === '$' || c === '`') return { why: OPERATORS[c] ?? '' };
    if (c === '\\' && /["$`\\]/.test(text[i + 1] ?? '')) {
      inner += text[i + 1];
      i += 1;
    } else inner += c;
  }
  return { why: 'opens a quote and does not close it' };
}

/** Why a bare character means more than itself: some always, some only where a word starts. */
function whySpecial(c: string, word: string | null, before: number): string | null {
  const operator = OPERATORS[c];
  if (operator !== undefined) return operator;
  if (c === '~' && (word === null || /[=:]$/.test(word))) return 'holds a ~, which a shell expands';
  if (word !== null) return null;
  if (c === '#') return 'holds a comment';
  if (c === '!') return 'holds a !, which a shell may take for its history';
  if (c === '^') return 'holds a ^, which some shells take for a pipe or their history';
  if (c === '=' || (c === '%' && before === 0)) return `has a word that starts with ${c}`;
  return null;
}

function whyNotAProgram(first: string): string | null {
  if (first === '') return 'names no program';
  if (first.includes('=')) return 'sets a variable in front of a command';
  if (RESERVED.has(first)) return `starts with ${first}, a word of the shell's grammar`;
  if (BUILTINS.has(first)) return `${first} is a command of the shell itself, and no program`;
  // a letter that only looks like one of ours
  if (!/^[\x21-\x7e]+( [\x21-\x7e]+)*$/.test(first)) return 'names its program with letters beyond ASCII';
  return null;
}
