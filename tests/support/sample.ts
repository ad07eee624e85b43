import { randomOf } from '../../src/torture/random.ts';

/** So many of these, by chance and in their order: `npm test` has to stay short, and `npm run torture` takes all. Prints which. */
export function sampled<T>(items: readonly T[], count: number, nameOf: (item: T) => string): T[] {
  const seed = Number(process.env['WAYBILL_SEED'] ?? Math.floor(Math.random() * 1e9));
  const random = randomOf(seed);
  const chosen = items
    .map((item, at) => ({ item, at, by: random() }))
    .sort((a, b) => a.by - b.by)
    .slice(0, count)
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
  console.log(`seed ${seed}: ${chosen.map(nameOf).join(', ')}`);
  return chosen;
}
