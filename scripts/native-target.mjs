// @ts-check
import { closeSync, openSync, readSync } from 'node:fs';

/*
 * What libsql asks `@neon-rs/load` and `detect-libc` in order to find its binary; the build puts this in their place.
 * They ask for a report on the whole process, which takes as long as the rest of the database's start.
 */

export const GLIBC = 'glibc';
export const MUSL = 'musl';

/**
 * The C library of this Node.js, by the dynamic loader that its file names; undefined if it is not Linux, or if the file
 * cannot be read.
 * @param {string} [platform] @param {string} [program]
 */
export function familySync(platform = process.platform, program = process.execPath) {
  if (platform !== 'linux') return undefined;
  // The loader's name is near the beginning of an ELF file.
  const head = Buffer.alloc(4096);
  try {
    const file = openSync(program, 'r');
    readSync(file, head, 0, head.length, 0);
    closeSync(file);
  } catch {
    return undefined;
  }
  return head.includes('/ld-musl-') ? MUSL : GLIBC;
}

/** The name of libsql's package for this machine, without its scope. */
export function currentTarget() {
  const { platform, arch } = process;
  if (platform === 'win32') return `win32-${arch}-msvc`;
  if (platform !== 'linux') return `${platform}-${arch}`;
  // libsql itself replaces this where the C library is musl.
  if (arch === 'arm') return 'linux-arm-gnueabihf';
  return `linux-${arch}-${familySync() === MUSL ? 'musl' : 'gnu'}`;
}

/** Only for development of libsql. */
export const load = () => null;
