/** Compared at once, before the byte that differs is looked for. */
const BLOCK = 1024;

/**
 * The delta of gitformat-pack(5) from one tree to the next, which differ in one place: what is the same before it and behind it is copied.
 * Null where that saves less than half.
 */
export function deltaOf(from: Uint8Array, to: Uint8Array): Buffer | null {
  const most = Math.min(from.length, to.length);
  let before = 0;
  for (; before + BLOCK <= most; before += BLOCK)
    if (Buffer.compare(from.subarray(before, before + BLOCK), to.subarray(before, before + BLOCK)) !== 0) break;
  while (before < most && from[before] === to[before]) before++;
  const [fromEnd, toEnd, rest] = [from.length, to.length, most - before];
  let behind = 0;
  for (; behind + BLOCK <= rest; behind += BLOCK) {
    const last = from.subarray(fromEnd - behind - BLOCK, fromEnd - behind);
    if (Buffer.compare(last, to.subarray(toEnd - behind - BLOCK, toEnd - behind)) !== 0) break;
  }
  while (behind < rest && from[fromEnd - 1 - behind] === to[toEnd - 1 - behind]) behind++;
  if (before + behind < to.length / 2) return null;
  const parts: number[] = [...varint(from.length), ...varint(to.length)];
  copy(parts, 0, before);
  insert(parts, to.subarray(before, to.length - behind));
  copy(parts, from.length - behind, behind);
  return Buffer.from(parts);
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push(0x80 | (rest & 0x7f));
  bytes.push(rest);
  return bytes;
}

const MOST_COPIED = 0xffffff;

function copy(parts: number[], offset: number, size: number): void {
  for (let [at, left] = [offset, size]; left > 0; ) {
    const length = Math.min(left, MOST_COPIED);
    const operands: number[] = [];
    let command = 0x80;
    for (let i = 0; i < 4; i++) {
      const byte = (at >>> (8 * i)) & 0xff;
      if (byte === 0) continue;
      command |= 1 << i;
      operands.push(byte);
    }
    for (let i = 0; i < 3; i++) {
      const byte = (length >>> (8 * i)) & 0xff;
      if (byte === 0) continue;
      command |= 0x10 << i;
      operands.push(byte);
    }
    parts.push(command, ...operands);
    at += length;
    left -= length;
  }
}

const MOST_INSERTED = 127;

function insert(parts: number[], bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; at += MOST_INSERTED) {
    const piece = bytes.subarray(at, at + MOST_INSERTED);
    parts.push(piece.length, ...piece);
  }
}
