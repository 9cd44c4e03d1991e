// @ts-check
// The images that the examples and the tests run, made from files of this machine: no registry is asked.
import { createHash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { execaSync } from 'execa';
import { giveUp, root, say } from './packages.mjs';
import { ask, installDebian, isDebian, must } from './setup.mjs';

/**
 * Imports a file system as an image, unless an image made of the same things is there.
 * @param {string} name the image
 * @param {string[]} inputs what the image depends on
 * @param {(tree: string) => void} fill puts the files into an empty directory
 * @param {string[]} config instructions in the manner of a Dockerfile
 */
function makeImage(name, inputs, fill, config) {
  const hash = createHash('sha256')
    .update(JSON.stringify([makeImage.toString(), inputs, config]))
    .digest('hex')
    .slice(0, 16);
  const label = 'dev.localrun.inputs';
  if (ask('docker', ['image', 'inspect', '--format', `{{index .Config.Labels "${label}"}}`, name]) === hash) return;
  say(`Making the image ${name}...`);
  const tree = mkdtempSync(path.join(os.tmpdir(), 'localrun-image-'));
  try {
    mkdirSync(path.join(tree, 'tmp'));
    // Not by mkdir, which the umask cuts.
    chmodSync(path.join(tree, 'tmp'), 0o1777);
    fill(tree);
    const changes = [...config, `LABEL ${label}=${hash}`].flatMap((change) => ['--change', change]);
    const tar = execaSync('tar', ['--numeric-owner', '--owner=0', '--group=0', '-C', tree, '-c', '.'], {
      encoding: 'buffer',
      maxBuffer: 2 ** 30,
      reject: false,
    });
    if (tar.failed) giveUp(tar.shortMessage ?? 'tar failed');
    must('docker', ['import', ...changes, '-', name], { input: tar.stdout, stdio: ['pipe', 'ignore', 'inherit'] });
  } finally {
    rmSync(tree, { recursive: true, force: true });
  }
}

/** localrun/sample: this machine's node and the sample program. */
export function makeSampleImage() {
  if (process.platform !== 'linux') {
    giveUp('The sample image is made from the node of this machine, which has to be a Linux one (WSL and VMs do).');
  }
  const program = path.join(root, 'examples', 'sample', 'main.mjs');
  makeImage(
    'localrun/sample:latest',
    [process.version, process.arch, readFileSync(program, 'utf8')],
    (tree) => {
      copyProgram(process.execPath, tree, '/usr/local/bin/node');
      mkdirSync(path.join(tree, 'app'));
      cpSync(program, path.join(tree, 'app', 'main.mjs'));
    },
    ['ENTRYPOINT ["/usr/local/bin/node", "/app/main.mjs"]', 'ENV PATH=/usr/local/bin'],
  );
}

/** localrun/worker: this machine's node and the built program, for a cluster worker. */
export function makeWorkerImage() {
  if (process.platform !== 'linux') giveUp('The worker image is made from the node of this machine: a Linux one.');
  const name = 'localrun/worker:latest';
  const files = (/** @type {string} */ directory) =>
    readdirSync(path.join(root, directory)).map((file) => `${directory}/${file}`);
  const program = files('dist').filter((file) => file.endsWith('.cjs'));
  const parts = ['package.json', ...files('bin'), ...program, ...files('dist/page')];
  const packages = packagesFor('libsql');
  const built = parts.map((part) => readFileSync(path.join(root, part), 'utf8'));
  makeImage(
    name,
    [process.version, process.arch, makeWorkerImage.toString(), ...built],
    (tree) => {
      copyProgram(process.execPath, tree, '/usr/local/bin/node');
      const app = path.join(tree, 'app');
      for (const part of [...parts, ...packages])
        cpSync(path.join(root, part), path.join(app, part), { recursive: true });
      for (const file of readdirSync(app, { recursive: true, encoding: 'utf8' }))
        if (file.endsWith('.node')) copyLibraries(path.join(app, file), tree);
      // No shell and no `env` is there to find the program.
      const command = path.join(tree, 'usr/local/bin/localrun');
      writeFileSync(command, "#!/usr/local/bin/node\nrequire('/app/bin/localrun.js');\n");
      chmodSync(command, 0o755);
      mkdirSync(path.join(tree, 'etc'));
      writeFileSync(path.join(tree, 'etc/passwd'), 'localrun:x:65532:65532:localrun:/tmp:\n');
    },
    ['USER 65532:65532', 'ENV PATH=/usr/local/bin HOME=/tmp', 'ENTRYPOINT ["localrun"]', 'CMD ["worker", "run"]'],
  );
  return name;
}

/**
 * The directories of a package and of all that it needs and that is installed.
 * @param {string} name
 * @returns {string[]}
 */
function packagesFor(name, found = new Set()) {
  const directory = `node_modules/${name}`;
  if (found.has(directory) || !existsSync(path.join(root, directory))) return [...found];
  found.add(directory);
  const { dependencies, optionalDependencies } = JSON.parse(
    readFileSync(path.join(root, directory, 'package.json'), 'utf8'),
  );
  for (const other of Object.keys({ ...dependencies, ...optionalDependencies })) packagesFor(other, found);
  return [...found];
}

/**
 * A program with the shared libraries that it is linked with.
 * @param {string} file
 * @param {string} tree
 * @param {string} target
 */
function copyProgram(file, tree, target) {
  copyInto(file, tree, target);
  copyLibraries(file, tree);
}

/**
 * The shared libraries that a file is linked with.
 * @param {string} file
 * @param {string} tree
 */
function copyLibraries(file, tree) {
  const libraries = (ask('ldd', [file]) ?? '').matchAll(/(?:=> )?(\/\S+) \(0x/g);
  for (const [, library = ''] of libraries) copyInto(library, tree, library);
}

/**
 * @param {string} file
 * @param {string} tree
 * @param {string} target
 */
function copyInto(file, tree, target) {
  mkdirSync(path.join(tree, path.dirname(target)), { recursive: true });
  cpSync(file, path.join(tree, target), { dereference: true });
}

/** localrun/busybox: a shell and the usual small programs, for the tests. */
export function makeTestImage() {
  /** @param {string} file */
  const isStatic = (file) => existsSync(file) && !ask('ldd', [file]);
  const find = () => ['/bin/busybox', '/usr/bin/busybox'].find(isStatic);
  if (!find() && isDebian() && process.getuid?.() === 0) installDebian('busybox-static');
  const busybox =
    find() ?? giveUp('The tests need a statically linked busybox (on Debian: apt-get install busybox-static).');
  const applets = execaSync(busybox, ['--list'], { lines: true }).stdout;
  makeImage(
    'localrun/busybox:latest',
    [createHash('sha256').update(readFileSync(busybox)).digest('hex')],
    (tree) => {
      mkdirSync(path.join(tree, 'bin'));
      cpSync(busybox, path.join(tree, 'bin', 'busybox'), { dereference: true });
      for (const applet of applets) if (applet !== 'busybox') symlinkSync('busybox', path.join(tree, 'bin', applet));
    },
    ['ENV PATH=/bin', 'CMD ["sh"]'],
  );
}
