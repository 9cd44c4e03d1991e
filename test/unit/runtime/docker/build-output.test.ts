import { describe, expect, test } from 'vitest';
import { BuildOutput } from '../../../../src/runtime/docker/build-output.js';

/** Reads what a builder has printed. */
function read(text: string): { output: BuildOutput; shown: ReturnType<BuildOutput['add']>[] } {
  const output = new BuildOutput();
  const shown = text.split('\n').map((line) => output.add(line));
  return { output, shown: shown.filter((line) => line !== undefined) };
}

// Output of docker 28 without buildx, docker 20.10 with BuildKit, and podman 4.3.
const classic = `DEPRECATED: The legacy builder is deprecated and will be removed in a future release.
            Install the buildx component to build images with BuildKit:
            https://docs.docker.com/go/buildx/

Sending build context to Docker daemon  3.072kB
Step 1/3 : FROM localrun/busybox
 ---> c4f31c4447ff
Step 2/3 : COPY a.txt /a.txt
 ---> Using cache
 ---> 52a9efc9226e
Step 3/3 : RUN cat /a.txt && echo err >&2
 ---> Running in e714559ad24d
\u{1b}[91merr
\u{1b}[0mhello
`;
const buildKit = `#1 [internal] load build definition from Dockerfile
#1 transferring dockerfile: 129B done
#1 DONE 0.0s

#4 [build 1/3] FROM docker.io/localrun/busybox
#4 CACHED

#6 [build 2/3] COPY a.txt /b
#6 CACHED

#7 [build 3/3] RUN echo before; false
`;
const podman = `STEP 1/3: FROM localrun/busybox
STEP 2/3: COPY a.txt /a.txt
--> Using cache 45931dbb1ab78692a49d056e1860d7ced9c4462786a366ae15d79f9071cd358a
--> 45931dbb1ab
STEP 3/3: RUN echo before; exit 3
before
`;

describe('the output of a build', () => {
  test.for([
    ['docker', classic, '3/3: RUN cat /a.txt && echo err >&2'],
    ['BuildKit', buildKit, '3/3: RUN echo before; false'],
    ['podman', podman, '3/3: RUN echo before; exit 3'],
  ] as const)('of %s names the step, and which steps come from the cache', ([, text, step]) => {
    const { output, shown } = read(text);
    expect(shown.at(-1)).toMatchObject({ step });
    // FROM is no step that could.
    expect(output.count()).toEqual({ steps: 2, cached: 1 });
  });

  test('of podman keeps the steps of several stages apart', () => {
    const { output, shown } = read(`[1/2] STEP 1/3: FROM localrun/busybox AS build
[1/2] STEP 2/3: COPY . .
[1/2] STEP 3/3: RUN make
made
--> 45931dbb1ab
[2/2] STEP 1/3: FROM localrun/busybox
[2/2] STEP 2/3: COPY --from=build /a /a
--> Using cache 45931dbb1ab78692a49d056e1860d7ced9c4462786a366ae15d79f9071cd358a
[2/2] STEP 3/3: RUN false
Error: building at STEP "RUN false": while running runtime: exit status 1
`);
    expect(shown.at(-1)?.step).toBe('3/3: RUN false');
    expect(output.count()).toEqual({ steps: 4, cached: 1 });
    expect(output.failure()).toMatchObject({ step: '3/3: RUN false', output: [expect.stringMatching(/^Error/)] });
  });

  test('is shown without control characters, blank lines and what the client says about itself', () => {
    const { shown } = read(classic);
    expect(shown.map((line) => line?.text).slice(0, 2)).toEqual([
      'Sending build context to Docker daemon  3.072kB',
      'Step 1/3 : FROM localrun/busybox',
    ]);
    expect(shown.map((line) => line?.text).slice(-2)).toEqual(['err', 'hello']);
  });

  test.for([
    [
      'docker',
      `${classic}The command '/bin/sh -c cat /a.txt' returned a non-zero code: 1\n\u{1b}[0m`,
      "The command '/bin/sh -c cat /a.txt' returned a non-zero code: 1",
      ['err', 'hello'],
    ],
    [
      'BuildKit',
      `${buildKit}#7 0.277 before
#8 [other 1/1] RUN sleep 9
#8 CANCELED
#7 ERROR: process "/bin/sh -c echo before; false" did not complete successfully: exit code: 1
------
 > [3/3] RUN echo before; false:
0.277 before
------
Dockerfile:3
--------------------
   1 |     FROM localrun/busybox
   3 | >>> RUN echo before; false
--------------------
ERROR: failed to build: failed to solve: process "/bin/sh -c echo before; false" did not complete successfully: exit code: 1

View build details: docker-desktop://dashboard/build/default/default/x
`,
      'process "/bin/sh -c echo before; false" did not complete successfully: exit code: 1',
      ['before'],
    ],
    [
      'podman',
      `${podman}Error: building at STEP "RUN echo before; exit 3": while running runtime: exit status 3\n`,
      'building at STEP "RUN echo before; exit 3": while running runtime: exit status 3',
      ['before'],
    ],
  ] as const)('of %s says which step has failed, why, and what it has printed', ([, text, reason, printed]) => {
    const failure = read(text).output.failure();
    expect(failure).toMatchObject({ reason, step: expect.stringMatching(/^3\/3: RUN /) });
    expect(failure.output).toEqual(expect.arrayContaining([...printed]));
    expect(failure.output.join('\n')).not.toContain('CANCELED');
  });

  test.for([
    [
      'Error response from daemon: dockerfile parse error line 3: unknown instruction: FOO',
      'dockerfile parse error line 3',
    ],
    [
      'failed to solve with frontend dockerfile.v0: failed to create LLB definition: dockerfile parse error line 3: x',
      'failed to create LLB definition: dockerfile parse error line 3',
    ],
  ] as const)('names no step for a Dockerfile that cannot be read: %s', ([line, reason]) => {
    const failure = read(`#1 [internal] load build definition from Dockerfile\n${line}\n`).output.failure();
    expect(failure.step).toBeUndefined();
    expect(failure.reason).toMatch(new RegExp(`^${reason}`));
  });

  test('keeps the last lines of a step that prints without end', () => {
    const { output } = read(`Step 1/1 : RUN yes\n${Array.from({ length: 10_500 }, (_, i) => `line ${i}`).join('\n')}`);
    expect(output.failure().output).toHaveLength(10_000);
    expect(output.failure().output.at(-1)).toBe('line 10499');
  });
});
