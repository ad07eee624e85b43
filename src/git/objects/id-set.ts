/** Bytes of an id. */
const WIDTH = 20;
const NONE = Buffer.alloc(WIDTH);

/** A set of object ids, as bytes: as strings a long history takes three times the memory. */
export class IdSet {
  #table = Buffer.alloc(1024 * WIDTH);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Takes a whole id, 40 hex digits. */
  add(id: string): void {
    if ((this.#size + 1) * 2 > this.#table.length / WIDTH) this.#grow();
    this.#put(Buffer.from(id, 'hex'));
  }

  has(id: string): boolean {
    const wanted = Buffer.from(id, 'hex');
    return wanted.length === WIDTH && !wanted.equals(NONE) && this.#isAt(this.#placeOf(wanted), wanted);
  }

  #put(id: Buffer): void {
    const at = this.#placeOf(id);
    if (this.#isAt(at, id)) return;
    id.copy(this.#table, at);
    this.#size++;
  }

  /** Where it is, or would be. Ids are spread evenly by themselves. */
  #placeOf(id: Buffer): number {
    let at = (id.readUInt32BE(0) % (this.#table.length / WIDTH)) * WIDTH;
    while (!this.#isAt(at, NONE) && !this.#isAt(at, id)) at = at + WIDTH === this.#table.length ? 0 : at + WIDTH;
    return at;
  }

  #isAt(at: number, id: Buffer): boolean {
    return this.#table.compare(id, 0, WIDTH, at, at + WIDTH) === 0;
  }

  #grow(): void {
    const old = this.#table;
    this.#table = Buffer.alloc(old.length * 2);
    this.#size = 0;
    for (let at = 0; at < old.length; at += WIDTH) {
      const id = old.subarray(at, at + WIDTH);
      if (!id.equals(NONE)) this.#put(id);
    }
  }
}
