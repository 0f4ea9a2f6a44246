interface Entry<V> {
  readonly key: string;
  readonly position: number;
  value: V;
}

/** A map that can be read from any position on, in the order in which keys were added: what a page after a cursor needs. */
export class OrderedMap<V> {
  readonly #byKey = new Map<string, Entry<V>>();
  readonly #inOrder: Entry<V>[] = [];
  #lastPosition = 0;

  get size(): number {
    return this.#byKey.size;
  }

  get(key: string): V | undefined {
    return this.#byKey.get(key)?.value;
  }

  has(key: string): boolean {
    return this.#byKey.has(key);
  }

  /** Adds a key at the end, or replaces its value and leaves it where it is. */
  set(key: string, value: V): void {
    const existing = this.#byKey.get(key);
    if (existing) {
      existing.value = value;
      return;
    }
    const entry = { key, position: ++this.#lastPosition, value };
    this.#byKey.set(key, entry);
    this.#inOrder.push(entry);
  }

  /** @returns whether the key was there */
  delete(key: string): boolean {
    const entry = this.#byKey.get(key);
    if (!entry) return false;
    this.#byKey.delete(key);
    this.#inOrder.splice(this.#indexAfter(entry.position - 1), 1);
    return true;
  }

  /** The entries behind a position, which may be one whose entry has gone. 0 is before the first. */
  *after(position = 0): Generator<Readonly<Entry<V>>, undefined> {
    for (let index = this.#indexAfter(position); index < this.#inOrder.length; index++) {
      const entry = this.#inOrder[index];
      if (entry) yield entry;
    }
  }

  *values(): Generator<V, undefined> {
    for (const { value } of this.#inOrder) yield value;
  }

  #indexAfter(position: number): number {
    let [low, high] = [0, this.#inOrder.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#inOrder[middle]?.position ?? 0) <= position) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
