import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { dockerEngine } from '../../../../src/runtime/docker/engine.js';
import { tempDirectory } from '../../../support/temp.js';

/** Families of names that programs of the host act upon, as people know them. */
const families =
  `DOCKER_ BUILDKIT_ CONTAINER PODMAN BASH SHELLOPTS PS4 ENV IFS PATH HOME LD_ DYLD_ NODE_ PYTHON PERL RUBY
  GODEBUG GOMAXPROCS GRPC_ SSL_ SSH_ XDG_ TMPDIR TZ LANG LC_`.split(/\s+/);
const whole = /^(?:SHELLOPTS|PS4|ENV|IFS|PATH|HOME|TMPDIR|TZ|LANG)$/;
const steers = (name: string): boolean =>
  !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) ||
  /_proxy$/i.test(name) ||
  families.some((family) => (whole.test(family) ? name === family : name.startsWith(family)));

const known =
  `DOCKER_HOST DOCKER_CONFIG BASH_ENV LD_PRELOAD NODE_OPTIONS PYTHONSTARTUP PERL5OPT RUBYOPT GODEBUG SSL_CERT_DIR
  SSH_ASKPASS HTTPS_PROXY http_proxy no_proxy XDG_CONFIG_HOME LC_ALL __proto__ constructor PLAIN`.split(/\s+/);
const odd = [
  '*',
  'DOCK*',
  'BASH_FUNC_cat%%',
  'DOCKER_HOST=tcp://127.0.0.1:1/',
  '#',
  '--env',
  'a b',
  'A\nDOCKER_HOST',
  '\uFEFF',
];
const name = fc.oneof(
  fc.constantFrom(...families, ...known, ...odd),
  fc
    .tuple(fc.constantFrom(...families, ...known, ...odd), fc.stringMatching(/^[\w%*=. -]{1,4}$/))
    .map((of) => of.join('')),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }).filter((text) => !/^=|\0/.test(text)),
);

/** A client that is a shell script, writes down what it is given, and answers what a start needs. */
const script = (directory: string): string => `#!/bin/bash
case $1 in
  info) echo '{"ID":"x","DockerRootDir":"/x","NCPU":1,"MemTotal":1,"Architecture":"x86_64"}' ;;
  image) echo 25000 ;;
  run) cat /proc/$$/environ > ${directory}/environ; printf '%s\\0' "$@" > ${directory}/args; cat > ${directory}/stdin ;;
esac
`;

const parts = (file: string, by: string): string[] => readFileSync(file, 'utf8').split(by).filter(Boolean);

test('whatever variables are called, a client acts upon none of them, and the container gets all', async () => {
  const directory = tempDirectory();
  const client = path.join(directory, 'client');
  const mark = path.join(directory, 'mark');
  const evil = path.join(directory, 'evil.sh');
  writeFileSync(client, script(directory), { mode: 0o755 });
  mkdirSync(path.join(directory, 'home'));
  const surroundings = { PATH: process.env['PATH'], HOME: path.join(directory, 'home') };
  writeFileSync(evil, `touch ${mark}\n`);
  const engine = dockerEngine(client, surroundings);
  const variable = fc.record({ name, secret: fc.boolean(), lines: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(variable, { selector: (of) => of.name, minLength: 60, maxLength: 120 }),
      async (variables) => {
        // Bash runs the file that BASH_ENV names, takes functions from its environment, and evaluates PS4.
        const values = variables.map(({ name: of, lines, secret }, i): [string, string] => {
          const call = of.startsWith('BASH_FUNC') ? `() { touch ${mark}; } # ${i};` : `value ${i}; $(touch ${mark})`;
          const text = of === 'BASH_ENV' ? evil : call;
          return [of, lines && !secret ? `${text}\n${text}` : text];
        });
        // A name that no line of a file can hold is refused for a secret, before anything starts.
        const secret = (i: number): boolean =>
          variables[i]?.secret === true && /^[!"$-~][!-~]*$/.test(values[i]?.[0] ?? '');
        const started = await engine.start(
          {
            ...{ name: 'c', image: 'i', network: { sandbox: 's' }, labels: {}, memoryBytes: 1, cpus: 1 },
            env: Object.fromEntries(values.filter((_, i) => !secret(i))),
            secrets: Object.fromEntries(values.filter((_, i) => secret(i))),
          },
          { write: () => {}, failure: undefined, clear: () => {} },
        );
        if (typeof started !== 'string') await started.ended;

        const environ = parts(path.join(directory, 'environ'), '\0');
        const args = parts(path.join(directory, 'args'), '\0');
        const names = environ.map((entry) => entry.slice(0, entry.indexOf('=')));
        expect(names.filter((of) => steers(of) && !Object.hasOwn(surroundings, of))).toEqual([]);
        expect(environ).toEqual(expect.arrayContaining([`PATH=${surroundings.PATH}`, `HOME=${surroundings.HOME}`]));
        const secrets = values.filter((_, i) => secret(i));
        expect(secrets.filter(([, text]) => args.some((arg) => arg.includes(text)))).toEqual([]);
        // As docker reads them: the lines of the file, then --env, whose bare names are variables of the client.
        const given = args.flatMap((arg, i) => (args[i - 1] === '--env' ? [arg] : []));
        const got = [
          ...parts(path.join(directory, 'stdin'), '\n'),
          ...given.map((arg) => (arg.includes('=') ? arg : environ.find((entry) => entry.startsWith(`${arg}=`)))),
        ];
        expect(new Set(got)).toEqual(new Set(values.map((pair) => pair.join('='))));
        expect(existsSync(mark)).toBe(false);
      },
    ),
    { numRuns: 10, endOnFailure: true },
  );
  engine.close();
});
