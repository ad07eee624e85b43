/** How figures and other people's text are said, on a terminal and in a browser alike. */

/** An age as people say it: 5s, 12m, 3h, 2d. */
export function age(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}

/** How long something took, as people say it: 46 ms, 12.0 s, 3 min 20 s, 2 h 5 min, 3 d 4 h. Nothing and less is 0 ms. */
export function durationText(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(Math.max(0, milliseconds))} ms`;
  const seconds = milliseconds / 1000;
  if (seconds < 60) return `${(Math.floor(seconds * 10) / 10).toFixed(1)} s`;
  const pair = (value: number, unit: string, rest: number, smaller: string) =>
    rest === 0 ? `${value} ${unit}` : `${value} ${unit} ${rest} ${smaller}`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return pair(minutes, 'min', Math.floor(seconds % 60), 's');
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? pair(hours, 'h', minutes % 60, 'min') : pair(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

/** A count with its word: 1 file, 3 files. */
export function counted(n: number, word: string): string {
  return `${n} ${word}${n === 1 ? '' : 's'}`;
}

/** Some of a list, and how many more there are: a, b and 3 more. */
export function listText(items: readonly string[], most: number): string {
  const shown = items.slice(0, most).join(', ');
  return items.length > most ? `${shown} and ${items.length - most} more` : shown;
}

/** A size as people say it: 312 B, 4.1 kB, 1.5 MB. */
export function sizeText(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 1024 * 1024 ? `${(bytes / 1024).toFixed(1)} kB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}

/** Control characters, invisible ones (joiners, tags, those that turn the line round), line separators, and letters without a shape. */
const UNSHOWN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u115f\u1160\u3164\uffa0]/gu;

/** Text from an order as it may be shown: control characters could move the cursor, and invisible ones make it read otherwise. */
export function plain(text: string): string {
  return text.replace(UNSHOWN, (c) => (c === '\n' ? '\n' : c === '\t' ? '\t' : '\ufffd'));
}
