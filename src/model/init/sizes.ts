import { memoryBands } from '../validation/resources.js';

const gibi = 1024 ** 3;
const mebi = 1024 ** 2;

/** The CPUs and bytes of memory of a container, and where the source says so. */
export interface Size {
  cpu?: number | undefined;
  cpuFrom?: string | undefined;
  memory?: number | undefined;
  memoryFrom?: string | undefined;
}

/**
 * The smallest size that Cloud Run offers for what is asked; the largest of all if it offers none.
 * @param main the container whose size decides about that of the task: it has a whole CPU and 512 MiB at least
 */
export function fittedSize(
  { cpu: askedCpu = 1, memory: askedMemory = 512 * mebi }: Size,
  main: boolean,
): { cpu: number; memory: number } {
  const least = Math.max(askedMemory, main ? 512 * mebi : 0);
  const rounded = (memory: number): number => Math.ceil(memory / mebi) * mebi;
  const isSmall = !main && askedCpu < 1 && least <= (askedCpu < 0.5 ? 0.5 : 1) * gibi;
  if (isSmall) return { cpu: Math.max(askedCpu, 0.08), memory: rounded(least) };
  const [cpu, min, max] = memoryBands.find(([cpus, , most]) => cpus >= askedCpu && most * gibi >= least) ?? largest;
  return { cpu, memory: rounded(Math.min(Math.max(least, cpu < 4 ? 0 : min * gibi), max * gibi)) };
}

const largest = memoryBands.at(-1) ?? [8, 4, 32];

/** As quantities of Kubernetes. */
export const sizeText = ({ cpu, memory }: { cpu: number; memory: number }): { cpu: string; memory: string } => ({
  cpu: Number.isInteger(cpu) ? String(cpu) : `${Math.round(cpu * 1000)}m`,
  memory: memory % gibi === 0 ? `${memory / gibi}Gi` : `${memory / mebi}Mi`,
});

/** The bytes of a size as docker writes it: "512m", "1.5gb", "64". Units are powers of 1024. */
export function dockerBytes(text: string): number | undefined {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)\s*([kmgt]?)i?b?$/i.exec(text.trim()) ?? [];
  if (number === undefined) return undefined;
  return Math.round(Number(number) * 1024 ** ' kmgt'.indexOf(unit.toLowerCase() || ' '));
}
