/** How long something took, as people say it: 340 ms, 12 s, 3.4 min, 2.1 h, 1.5 d. Two digits, since more of them would not be true. */
export function span(seconds: number | null): string {
  if (seconds === null) return '–';
  if (seconds < 0.0015) return '0 s';
  if (seconds < 1) return `${twoDigits(seconds * 1000)} ms`;
  if (seconds < 100) return `${twoDigits(seconds)} s`;
  if (seconds < 6000) return `${twoDigits(seconds / 60)} min`;
  return seconds < 172_800 ? `${twoDigits(seconds / 3600)} h` : `${twoDigits(seconds / 86_400)} d`;
}

/** Whole numbers with spaces between thousands. */
export function whole(n: number): string {
  return Math.round(n)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, '\u202f');
}

/** US dollars: cents, and what is below a cent to its first two digits. */
export function dollars(usd: number): string {
  return usd === 0 || usd >= 0.01 ? `$${usd.toFixed(2)}` : `$${usd.toPrecision(2)}`;
}

function twoDigits(n: number): string {
  return String(Number(n.toPrecision(2)));
}
