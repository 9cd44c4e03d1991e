import { describe, expect, test } from 'vitest';
import { remedyText } from '../../../src/cli/errors.js';
import type { Problem } from '../../../src/model/errors.js';
import { readJobs } from '../../../src/model/spec/read.js';

const told = ({ path, message, location, fix }: Problem): string =>
  [location && `${location.line}:${location.column}`, path, message, fix && `(${remedyText(fix)})`]
    .filter(Boolean)
    .join(' ');
const problems = (text: string): string[] => readJobs('job.yaml', text).problems.map(told);

const v1 = (task: string, more = ''): string => `apiVersion: run.googleapis.com/v1
kind: Job
metadata:
  name: nightly${more}
spec:
  template:
    spec:
      template:
        spec:
${task}
`;
const image = '          containers: [{image: busybox}]';

describe('a v1 job', () => {
  const text = `apiVersion: run.googleapis.com/v1
kind: Job
metadata:
  name: nightly
  namespace: 123456789
  labels: {team: data, cloud.googleapis.com/location: europe-west1}
  annotations:
    run.googleapis.com/launch-stage: BETA
    run.googleapis.com/creator: somebody@example.com
    mine: kept
spec:
  template:
    metadata:
      annotations:
        run.googleapis.com/execution-environment: gen2
        run.googleapis.com/vpc-access-connector: projects/p/locations/l/connectors/c
        run.googleapis.com/vpc-access-egress: private-ranges-only
        run.googleapis.com/gpu-zonal-redundancy-disabled: 'True'
        run.googleapis.com/secrets: far:projects/7/secrets/pw
        run.googleapis.com/container-dependencies: '{"main":["side"]}'
        run.googleapis.com/cloudsql-instances: p:r:a,p:r:b
    spec:
      parallelism: 3
      taskCount: "10"
      template:
        spec:
          maxRetries: 0
          timeoutSeconds: '90'
          serviceAccountName: sa@p.iam.gserviceaccount.com
          nodeSelector: {run.googleapis.com/accelerator: nvidia-l4}
          containers:
            - name: main
              image: busybox
              env:
                - {name: A, value: "1"}
                - {name: S, valueFrom: {secretKeyRef: {name: far, key: latest}}}
              resources: {limits: {cpu: "4", memory: 16Gi, nvidia.com/gpu: "1"}, requests: {}}
              volumeMounts: [{name: mem, mountPath: /cache}]
            - {name: side, image: side, startupProbe: {httpGet: {port: 8080, scheme: HTTP}, successThreshold: 1}}
          volumes:
            - {name: mem, emptyDir: {medium: Memory, sizeLimit: 64Mi}}
            - {name: b, csi: {driver: gcsfuse.run.googleapis.com, readOnly: true, volumeAttributes: {bucketName: bk, mountOptions: "uid=1,gid=2"}}}
            - {name: s, secret: {secretName: pw, items: [{key: "1", path: f, mode: 0400}]}}
status: {anything: goes}
`;

  test('is the v2 job that it stands for', () => {
    const { jobs, problems: found } = readJobs('job.yaml', text);
    expect(found).toEqual([]);
    expect(jobs[0]).toMatchObject({ id: 'nightly', project: '123456789', location: 'europe-west1' });
    expect(jobs[0]?.job).toEqual({
      onlyV1: { execution: { annotations: { 'run.googleapis.com/secrets': 'far:projects/7/secrets/pw' } } },
      labels: { team: 'data' },
      annotations: { mine: 'kept' },
      launchStage: 'BETA',
      template: {
        parallelism: 3,
        taskCount: 10,
        template: {
          maxRetries: 0,
          timeout: '90s',
          serviceAccount: 'sa@p.iam.gserviceaccount.com',
          executionEnvironment: 'EXECUTION_ENVIRONMENT_GEN2',
          vpcAccess: { connector: 'projects/p/locations/l/connectors/c', egress: 'PRIVATE_RANGES_ONLY' },
          gpuZonalRedundancyDisabled: true,
          nodeSelector: { accelerator: 'nvidia-l4' },
          containers: [
            {
              name: 'main',
              image: 'busybox',
              env: [
                { name: 'A', value: '1' },
                { name: 'S', valueSource: { secretKeyRef: { secret: 'projects/7/secrets/pw', version: 'latest' } } },
              ],
              resources: { limits: { cpu: '4', memory: '16Gi', 'nvidia.com/gpu': '1' } },
              volumeMounts: [
                { name: 'mem', mountPath: '/cache' },
                { name: 'cloudsql', mountPath: '/cloudsql' },
              ],
              dependsOn: ['side'],
            },
            {
              name: 'side',
              image: 'side',
              startupProbe: { httpGet: { port: 8080 } },
              volumeMounts: [{ name: 'cloudsql', mountPath: '/cloudsql' }],
            },
          ],
          volumes: [
            { name: 'mem', emptyDir: { medium: 'MEMORY', sizeLimit: '64Mi' } },
            { name: 'b', gcs: { bucket: 'bk', readOnly: true, mountOptions: ['uid=1', 'gid=2'] } },
            { name: 's', secret: { secret: 'pw', items: [{ version: '1', path: 'f', mode: 256 }] } },
            { name: 'cloudsql', cloudSqlInstance: { instances: ['p:r:a', 'p:r:b'] } },
          ],
        },
      },
    });
  });

  test.each([
    [
      'an unknown field',
      v1(`${image}\n          maxretries: 1`),
      ['11:11 spec.template.spec.template.spec.maxretries unknown field of TaskSpec (did you mean maxRetries?)'],
    ],
    [
      'a number for text',
      v1('          containers: [{image: busybox, env: [{name: A, value: 1}]}]'),
      [
        '10:64 spec.template.spec.template.spec.containers[0].env[0].value must be a string, got the number 1 (quote it: "1")',
      ],
    ],
    [
      'a list that is none',
      v1('          containers: busybox'),
      ['10:23 spec.template.spec.template.spec.containers must be a list, got "busybox"'],
    ],
    [
      'a broken rule',
      v1(`${image}\n          maxRetries: 12`),
      ['11:23 spec.template.spec.template.spec.maxRetries must be a number between 0 and 10'],
    ],
    [
      'a bad annotation',
      v1(image).replace(
        '    spec:',
        "    metadata: {annotations: {run.googleapis.com/container-dependencies: '[]'}}\n    spec:",
      ),
      [
        '7:73 spec.template.metadata.annotations["run.googleapis.com/container-dependencies"] must be a JSON object: container -> [containers] (e.g. \'{"app":["proxy"]}\')',
      ],
    ],
    [
      'a bad name',
      v1(image, '_x'),
      [
        "4:9 metadata.name Resource name must use only lowercase letters, numbers and '-'. Must begin with a letter and cannot end with a '-'. Maximum length is 49 characters. (write nightly-x)",
      ],
    ],
    [
      'a service',
      'apiVersion: serving.knative.dev/v1\nkind: Service\n',
      [
        '2:7 this is a service, which answers requests (Knative, Cloud Run); only jobs, which run to completion, can run here (to run its image as a job: write apiVersion: run.googleapis.com/v1 and kind: Job, put the containers under spec.template.spec.template.spec, and remove ports and scaling)',
      ],
    ],
  ])('with %s is refused there', (_, given, expected) => {
    expect(problems(given)).toEqual(expected);
  });
});

describe('a v2 job', () => {
  test('may be written in YAML or JSON, in lowerCamelCase or snake_case', () => {
    const expected = { taskCount: 2, template: { maxRetries: 1, containers: [{ image: 'busybox' }] } };
    for (const text of [
      'template: {taskCount: 2, template: {maxRetries: 1, containers: [{image: busybox}]}}',
      'template: {task_count: 2, template: {max_retries: 1, containers: [{image: busybox}]}}',
      '{"template": {"taskCount": "2",\n\t"template": {"maxRetries": 1, "containers": [{"image": "busybox"}]}}}',
    ]) {
      expect(readJobs('f', text).jobs[0]?.job.template).toEqual(expected);
    }
  });

  test('takes id, project and location from its name, and drops what only the service sets', () => {
    const [spec] = readJobs(
      'f',
      'name: projects/p/locations/l/jobs/j\nuid: x\nexecutionCount: wrong type\nlabels: null\ntemplate: {template: {containers: [{image: i}]}}',
    ).jobs;
    expect(spec).toMatchObject({ id: 'j', project: 'p', location: 'l' });
    expect(spec?.job).toEqual({
      name: 'projects/p/locations/l/jobs/j',
      template: { template: { containers: [{ image: 'i' }] } },
    });
  });

  test('tells all its problems in the order of the file', () => {
    expect(
      problems(`launchStage: GAA
template:
  taskCount: many
  template:
    timeout: 10m
    maxRetries: 1.5
    containers:
      - env: [{value: x, valueSource: {}}]
        command: sh
    containters: []
`),
    ).toEqual([
      '1:14 launchStage must be one of ALPHA, BETA, GA, got "GAA" (did you mean GA?)',
      '3:14 template.taskCount must be a whole number, got "many"',
      '5:14 template.template.timeout must be a duration in seconds, got "10m" (write "600s")',
      '6:17 template.template.maxRetries must be a whole number, got the number 1.5',
      '8:9 template.template.containers[0].image must provide an image name to deploy (add image (The image, `[HOST/]PATH[:TAG][@DIGEST]`))',
      '8:15 template.template.containers[0].env[0] at most one of value, valueSource may be set, got value and valueSource',
      '8:15 template.template.containers[0].env[0].name is required and missing (add name (The name of the variable))',
      '9:18 template.template.containers[0].command must be a list, got "sh" (write it as a list: [sh])',
      '10:5 template.template.containters unknown field of TaskTemplate (did you mean containers?)',
    ]);
  });

  test('keeps values as they are: nothing is expanded, nothing interpreted', () => {
    const [spec] = readJobs(
      'f',
      String.raw`template: {template: {containers: [{image: i, args: ["$(A)", "a\tb", yes, "no"], env: [{name: __proto__, value: x}]}]}}`,
    ).jobs;
    expect(spec?.job.template.template.containers[0]).toEqual({
      image: 'i',
      args: ['$(A)', 'a\tb', 'yes', 'no'],
      env: [{ name: '__proto__', value: 'x' }],
    });
  });

  test('does not mistake what every object has for a field', () => {
    expect(problems('constructor: x\ntemplate: {template: {containers: [{image: i}]}}')).toEqual([
      '1:1 constructor unknown field of Job (the fields here are name, labels, annotations, client, clientVersion, launchStage, binaryAuthorization, template, startExecutionToken, runExecutionToken, etag)',
    ]);
  });
});

describe('what no job is', () => {
  test.each([
    ['nothing', '', ['job.yaml is empty: it holds no job']],
    ['comments', '# nothing here\n', ['job.yaml is empty: it holds no job']],
    ['a word', 'hello', ['1:1 must be a mapping, got "hello"']],
    ['a list', '- a\n', ['1:1 must be a mapping, got a list']],
    ['a tab', 'a:\n\tb: 1\n', ['2:1 not valid YAML: Tabs are not allowed as indentation (indent with spaces)']],
    [
      'a key twice, be it without a value',
      'labels:\nlabels: {a: b}\ntemplate: {template: {containers: [{image: i}]}}',
      ['2:1 labels is set twice (keep one of the two)'],
    ],
    [
      'a key twice',
      'labels: {a: b, a: c}\ntemplate: {template: {containers: [{image: i}]}}',
      ['1:16 labels.a is set twice (keep one of the two)'],
    ],
    ['a megabyte', 'x'.repeat(2 ** 20 + 1), ['job.yaml is larger than 1024 KiB, the limit for a job spec']],
    ['an unknown alias', 'labels: *nope\n', ['1:9 not valid YAML: the alias *nope has no anchor before it']],
  ])('%s', (_, text, expected) => {
    expect(problems(text)).toEqual(expected);
  });

  test('an alias bomb, and quickly', () => {
    const wide = Array.from(
      { length: 9 },
      (_, i) =>
        `a${i + 1}: &a${i + 1} {${'abcdefghi'
          .split('')
          .map((k) => `${k}: *a${i}`)
          .join(', ')}}`,
    );
    const bomb = ['a0: &a0 {x: y}', ...wide, 'template: {template: {containers: [{image: i, env: *a9}]}}'].join('\n');
    const listBomb = [
      'x0: &x0 [{name: A}]',
      ...Array.from({ length: 9 }, (_, i) => `x${i + 1}: &x${i + 1} [${'*x' + i}, ${'*x' + i}]`),
    ].join('\n');
    const merge = [
      'labels: &l0 {a: b}',
      ...Array.from({ length: 30 }, (_, i) => `l${i + 1}: &l${i + 1} {<<: [*l${i}, *l${i}]}`),
      'annotations: *l30',
    ].join('\n');
    // Of the processor, however busy the machine is.
    const start = process.cpuUsage();
    for (const text of [bomb, listBomb, merge]) expect(problems(text).length).toBeGreaterThan(0);
    expect(process.cpuUsage(start).user).toBeLessThan(2_000_000);
  });

  test.each([
    ['\n'.repeat(30_000), 'template: {x: [a]b}'],
    ['# x\n'.repeat(30_000), '[a]b'],
    ['', `image: ${'{{'.repeat(30_000)}`],
    ['', `image: ${'${'.repeat(30_000)} [a]b`],
    ['', `resource ${'{ '.repeat(30_000)}x`],
    ['', `${'A-'.repeat(30_000)}=`],
    ['', `template: {template: {containers: [{image: "${':'.repeat(30_000)}x"}]}}`],
  ])('a text that is long and wrong, and quickly', (before, text) => {
    const start = process.cpuUsage();
    expect(problems(before + text)).not.toEqual([]);
    expect(process.cpuUsage(start).user).toBeLessThan(2_000_000);
  });

  test('an alias to what holds it', () => {
    expect(problems('template: &t {template: *t}\n').length).toBeGreaterThan(0);
  });
});

test('merge keys are understood: own keys first, then those of the first mapping', () => {
  const merging = (value: string): string =>
    `labels: &l {a: x, b: y}\nannotations: {<<: ${value}, b: own}\ntemplate: {labels: &m {a: z}, template: {containers: [{image: i}]}}`;
  expect(readJobs('f', merging('*l')).jobs[0]?.job.annotations).toEqual({ a: 'x', b: 'own' });
  expect(readJobs('f', merging('[*l, {a: w, d: w}]')).jobs[0]?.job.annotations).toEqual({ a: 'x', d: 'w', b: 'own' });
  expect(problems(merging('*m'))).toEqual(['2:19 not valid YAML: the alias *m has no anchor before it']);
  expect(problems(merging('x'))).toEqual([
    '2:15 not valid YAML: a merge key (<<) takes a mapping, or a list of mappings',
  ]);
});

test('a place is right after a quote that is out of place, too', () => {
  const text = '- x\n"q\nq"\n---\nname: [\n';
  const found = readJobs('f', text).problems.flatMap(({ location }) => location ?? []);
  expect(found.map(({ line }) => line).at(-1)).toBeGreaterThan(4);
  for (const { line, excerpt } of found) expect(excerpt).toBe(text.split('\n')[line - 1]);
});

test('no excerpt of a file shows its byte order mark', () => {
  for (const line of ['{{- if .Values.enabled }}', 'kind: "Job', 'kind: Jub']) {
    const [problem] = readJobs('job.yaml', `\uFEFF${line}\n`).problems;
    expect(problem?.location).toMatchObject({ line: 1, excerpt: line });
  }
});
