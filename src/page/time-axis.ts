/** Steps between marks of a time axis, in ms. */
const steps = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 15_000, 30_000],
  ...[
    60_000, 120_000, 300_000, 600_000, 1_200_000, 1_800_000, 3_600_000, 7_200_000, 14_400_000, 43_200_000, 86_400_000,
  ],
];

/** Where the marks of an axis are that begins at 0 and is this long, in ms: at most `most`, at round times. */
export function marks(length: number, most: number): number[] {
  const step = steps.find((one) => length / one <= most) ?? Math.ceil(length / most / 86_400_000) * 86_400_000;
  return Array.from({ length: Math.floor(length / step) + 1 }, (_, i) => i * step);
}
