/** How figures and other people's text are said, on a terminal and in a browser alike. */

/** An age as people say it: 5s, 12m, 3h, 2d. */
export function age(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}

/** A size as people say it: 312 B, 4.1 kB, 1.5 MB. */
export function sizeText(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 1024 * 1024 ? `${(bytes / 1024).toFixed(1)} kB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}

/** Text from an order as it may be shown: control characters could move the cursor, and invisible ones make it read otherwise. */
export function plain(text: string): string {
  return text.replace(/[\p{Cc}\p{Bidi_Control}\u200b\u2060\ufeff]/gu, (c) =>
    c === '\n' ? '\n' : c === '\t' ? '\t' : '\ufffd',
  );
}
