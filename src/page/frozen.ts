import type { Frozen } from './data.js';

const element = document.getElementById('frozen');

/** The data of a page that was made without a server; undefined where there is one. */
export const frozen: Frozen | undefined = element ? (JSON.parse(element.textContent ?? '') as Frozen) : undefined;
