/** By code units, as gcloud sorts, and not by the rules of a language. */
export const inOrder = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
