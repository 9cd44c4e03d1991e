const binary = ['Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const decimal = ['k', 'M', 'G', 'T', 'P', 'E'];

/** The grammar of k8s.io/apimachinery resource.Quantity. */
export const quantity = /^([+-]?(?:\d+\.?\d*|\.\d+))(?:[eE]([+-]?\d+)|(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei))?$/;

/**
 * The value of a Kubernetes quantity ("512Mi", "1.5", "1000m", "1e3"), in bytes or CPUs; undefined if it is not a
 * quantity.
 */
export function parseQuantity(text: string): number | undefined {
  const match = quantity.exec(text);
  if (!match) return undefined;
  const [, digits, exponent, suffix] = match;
  const number = Number(digits);
  if (exponent !== undefined) return number * 10 ** Number(exponent);
  if (suffix === undefined) return number;
  if (binary.includes(suffix)) return number * 1024 ** (binary.indexOf(suffix) + 1);
  if (decimal.includes(suffix)) return number * 1000 ** (decimal.indexOf(suffix) + 1);
  return number / { m: 1e3, u: 1e6, n: 1e9 }[suffix as 'm' | 'u' | 'n'];
}

/**
 * The quantity that was most likely intended, if that is obvious: "512Mi or 512M" for "512MB", "0.5" for "0,5", "2" for
 * "2 vCPU".
 */
export function quantityLike(text: string): string | undefined {
  const [, number = '', letter = '', rest = ''] = /^\s*(\d+(?:[.,]\d+)?)\s*([kmgtpe]?)([a-z]*)\s*$/i.exec(text) ?? [];
  if (!number) return undefined;
  const amount = number.replace(',', '.');
  if (/^(?:i?b|i|ib?ytes?)?$/i.test(rest) && letter) {
    const decimal = `${amount}${letter.toLowerCase() === 'k' ? 'k' : letter.toUpperCase()}`;
    return /^i/i.test(rest) ? `${amount}${letter.toUpperCase()}i` : `${amount}${letter.toUpperCase()}i or ${decimal}`;
  }
  if (/^(?:v?cpus?|cores?|b)?$/i.test(letter + rest)) return amount;
  return undefined;
}

/**
 * The bytes of a size as people write it: "500MB", "1GiB", "1Gi", "1000"; case is ignored. Undefined if it is not a
 * size.
 */
export function parseSize(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(?:([kmgtpe])(i?))?b?$/i.exec(text);
  if (!match) return undefined;
  const [, number, letter = '', i] = match;
  const power = letter ? 'kmgtpe'.indexOf(letter.toLowerCase()) + 1 : 0;
  return Math.round(Number(number) * (i ? 1024 : 1000) ** power);
}

/** A number of bytes in readable form: `1.5 GiB`. */
export function formatSize(bytes: number): string {
  let number = bytes;
  let unit = 'B';
  for (const next of binary) {
    if (number < 1024) break;
    number /= 1024;
    unit = `${next}B`;
  }
  return `${Number(number.toPrecision(number < 1000 ? 3 : 4))} ${unit}`;
}
