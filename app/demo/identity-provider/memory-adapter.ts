import type { Adapter, AdapterFactory, AdapterPayload } from "oidc-provider";

interface Entry {
  readonly model: string;
  readonly payload: AdapterPayload;
  /** Milliseconds since the epoch; infinity when the entry does not expire. */
  readonly expiresAt: number;
}

/** Far more than a demo needs, and small enough that a demo that is left running cannot fill the memory. */
const MAX_ENTRIES = 10_000;

/** Makes the provider's stores, and forgets what they keep of one account. */
export interface MemoryAdapter extends AdapterFactory {
  forget(accountId: string, models: readonly string[]): void;
}

/**
 * Keeps what the provider stores (sessions, codes, grants, tokens) in the memory of this process: at most 10,000
 * entries, of which the oldest are dropped first.
 *
 * oidc-provider includes a memory adapter, but that one prints a warning that it is for development only.
 */
export function memoryAdapter(): MemoryAdapter {
  const entries = new Map<string, Entry>();

  function read(key: string): Entry | undefined {
    const entry = entries.get(key);
    if (entry && entry.expiresAt <= Date.now()) {
      entries.delete(key);
      return undefined;
    }
    return entry;
  }

  function makeRoom(): void {
    if (entries.size < MAX_ENTRIES) return;
    const now = Date.now();
    for (const [key, entry] of entries) if (entry.expiresAt <= now) entries.delete(key);
    // A Map iterates in the order of insertion, so the first keys are the oldest.
    for (const key of entries.keys()) {
      if (entries.size < MAX_ENTRIES) return;
      entries.delete(key);
    }
  }

  function find(model: string, matches: (payload: AdapterPayload) => boolean): AdapterPayload | undefined {
    for (const [key, entry] of entries) {
      if (entry.model === model && matches(entry.payload)) return copyOf(read(key));
    }
    return undefined;
  }

  function forget(accountId: string, models: readonly string[]): void {
    for (const [key, { model, payload }] of entries) {
      if (payload.accountId === accountId && models.includes(model)) entries.delete(key);
    }
  }

  const storeOf = (model: string): Adapter => {
    const keyOf = (id: string) => `${model}:${id}`;
    return {
      async upsert(id, payload, expiresIn) {
        makeRoom();
        const expiresAt = expiresIn === undefined ? Number.POSITIVE_INFINITY : Date.now() + expiresIn * 1000;
        entries.set(keyOf(id), { model, payload: structuredClone(payload), expiresAt });
      },
      find: async (id) => copyOf(read(keyOf(id))),
      findByUid: async (uid) => find(model, (payload) => payload.uid === uid),
      findByUserCode: async (userCode) => find(model, (payload) => payload.userCode === userCode),
      async consume(id) {
        const entry = read(keyOf(id));
        if (entry) entry.payload.consumed = Math.floor(Date.now() / 1000);
      },
      async destroy(id) {
        entries.delete(keyOf(id));
      },
      async revokeByGrantId(grantId) {
        for (const [key, entry] of entries) {
          if (entry.model === model && entry.payload.grantId === grantId) entries.delete(key);
        }
      },
    };
  };
  return Object.assign(storeOf, { forget });
}

/** A copy, so that what the provider changes is stored only when the provider stores it. */
function copyOf(entry: Entry | undefined): AdapterPayload | undefined {
  return entry && structuredClone(entry.payload);
}
