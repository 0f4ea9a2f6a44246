/**
 * Maps items in their order, with up to `limit` of them under way at once: so the next ones are read and worked on while
 * one is used. No more are read while nobody takes the results.
 *
 * @throws what mapping an item throws, when its turn comes, and at once what reading one throws
 */
export async function* mapAhead<Item, Result>(
  items: AsyncIterable<Item>,
  map: (item: Item) => Promise<Result>,
  limit: number,
): AsyncGenerator<Result, void, undefined> {
  const underWay: Promise<Result>[] = [];
  for await (const item of items) {
    const result = map(item);
    // It is thrown when its turn comes, and its turn may not come.
    result.catch(() => {});
    underWay.push(result);
    if (underWay.length === limit) yield underWay.shift() as Promise<Result>;
  }
  yield* underWay;
}
