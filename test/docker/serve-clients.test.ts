import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import { expect } from 'vitest';
import type { Execution, Job } from '../../src/model/schema/job.js';
import type { Operation } from '../../src/model/schema/operation.js';
import { methods } from '../../src/server/methods/methods.js';
import { repository, until } from '../support/cli.js';
import { type Home, test } from '../support/home.js';
import { ServerProcess } from '../support/server-process.js';

const documentation = readFileSync(path.join(repository, 'docs', 'clients.md'), 'utf8');

/** The first block below a heading of the documentation. */
function block(heading: string): string {
  const [, found] = new RegExp(`\n##+ ${heading}[^]*?\n\`\`\`\\w+\n([^]*?)\`\`\``).exec(documentation) ?? [];
  if (found === undefined) throw new Error(`docs/clients.md has no block below ${heading}`);
  return found;
}

const has = (program: string, ...args: string[]): boolean => {
  try {
    execFileSync(program, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};

const quoted = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;
const node = (code: string): string => `${quoted(process.execPath)} --input-type=module -e ${quoted(code)}`;

const containers = [{ image: 'localrun/busybox:latest', command: ['echo', 'hello'] }];
const job = { template: { template: { containers, maxRetries: 0 } } };

/** Runs lines of a shell after those that `--print-env` prints for a client of a server, and returns what they print. */
async function inShell(
  home: Home,
  { port }: ServerProcess,
  client: string,
  lines: string,
  env: Record<string, string> = {},
): Promise<string> {
  const printed = await home.run(['serve', '--print-env', client, '--port', String(port)]);
  if (printed.exitCode !== 0) throw new Error(printed.stderr);
  const { PATH } = process.env;
  const { stdout, all, exitCode } = await execa('sh', ['-euc', printed.stdout + lines], {
    ...{ cwd: repository, env: { PATH, HOME: home.directory, ...env }, extendEnv: false },
    ...{ reject: false, all: true, stdin: 'ignore' },
  });
  if (exitCode !== 0) throw new Error(all);
  return stdout;
}

test('every example of the documentation runs the job', async ({ home }) => {
  const served = await ServerProcess.start(home);
  const shell = (client: string, lines: string, env?: Record<string, string>): Promise<string> =>
    inShell(home, served, client, lines, env);
  expect(await served.ask('POST', 'jobs?jobId=nightly', job)).toMatchObject({ status: 200, body: { done: true } });
  for (const heading of ['Node.js: @googleapis/run', 'Node.js: @google-cloud/run', 'The same over REST']) {
    expect([heading, await shell('node', node(block(heading)))]).toEqual([heading, '1']);
  }
  const started = JSON.parse(await shell('go', block('Cloud Scheduler'))) as Operation;
  expect(started.metadata).toMatchObject({ job: 'nightly' });
  const terraform = String.raw`curl --silent --fail --header "Authorization: Bearer $GOOGLE_OAUTH_ACCESS_TOKEN" \
    "$GOOGLE_CLOUD_RUN_V2_CUSTOM_ENDPOINT"projects/$GOOGLE_PROJECT/locations/$GOOGLE_REGION/jobs/nightly?alt=json`;
  expect(JSON.parse(await shell('terraform', terraform))).toMatchObject({ generation: '1' });
  if (has('/usr/bin/python3', '-c', 'import googleapiclient.discovery')) {
    const code = pythonPrelude + block('Python');
    expect(await shell('python', `/usr/bin/python3 -c ${quoted(code)}`, { DISCOVERY: discovery() })).toBe('1');
  } else process.stderr.write('Left out: there is no python3-googleapi.\n');
  if (has('gcloud', '--version')) {
    const config = { CLOUDSDK_CONFIG: home.directory, CLOUDSDK_CORE_DISABLE_USAGE_REPORTING: 'true' };
    expect(await shell('gcloud', block('gcloud'), config)).toMatch(/ hello$/m);
  } else process.stderr.write('Left out: there is no gcloud.\n');
  await served.close();
});

test('a command that is served has the variables of all clients', async ({ home }) => {
  const line = 'echo "$LOCALRUN_SERVER $CLOUDSDK_PROXY_PORT $GOOGLE_CLOUD_RUN_V2_CUSTOM_ENDPOINT"';
  const { exitCode, stdout } = await home.start(['serve', '--port', '0', '--', 'sh', '-c', line]).ended;
  expect({ exitCode, stdout }).toEqual({
    exitCode: 0,
    stdout: expect.stringMatching(/^(http:\/\/127\.0\.0\.1:(\d+)) \2 \1\/v2\/\n$/) as string,
  });
});

/** Debian's client is older than `client_options`, and comes without the descriptions of APIs. */
const pythonPrelude = `
import json, os
import googleapiclient.discovery as discovery
def build(name, version, credentials, client_options):
    document = {**json.loads(os.environ["DISCOVERY"]), "rootUrl": client_options["api_endpoint"] + "/"}
    return discovery.build_from_document(document, credentials=credentials)
discovery.build = build
`;

/** The description of the API, as far as the client needs it, made from our table of its methods. */
function discovery(): string {
  interface Resource {
    methods: Record<string, object>;
    resources: Record<string, Resource>;
  }
  const root: Resource = { methods: {}, resources: {} };
  for (const { rpc, http } of methods) {
    const variable = /\{([\w.]+)=/.exec(http.path)?.[1] ?? '';
    const collections = [...http.path.matchAll(/(projects|locations|jobs|executions|tasks|operations)/g)];
    let resource = root;
    for (const [collection] of collections) {
      resource = resource.resources[collection] ??= { methods: {}, resources: {} };
    }
    const verb = /^[A-Z][a-z]+/.exec(rpc)?.[0].toLowerCase() ?? '';
    resource.methods[verb] = {
      id: rpc,
      path: http.path.slice(1).replace(/\{[^}]*\}/, `{+${variable}}`),
      httpMethod: http.verb,
      parameters: { [variable]: { location: 'path', required: true, type: 'string' } },
      parameterOrder: [variable],
      ...(http.body && { request: { $ref: 'Any' } }),
      response: { $ref: 'Any' },
    };
  }
  const schemas = { Any: { id: 'Any', type: 'object', additionalProperties: { type: 'any' } } };
  return JSON.stringify({ name: 'run', version: 'v2', servicePath: '', schemas, ...root });
}

test('what Terraform and Prefect send is answered, also by the server after the one that was killed', async ({
  home,
}) => {
  const first = await ServerProcess.start(home);
  const json = { 'content-type': 'application/json' };
  const { status, body: created } = await first.ask<Operation>('POST', 'jobs?alt=json&jobId=tf', job, json);
  expect(status).toBe(200);
  const slow = [{ ...containers[0], command: ['sh', '-c', 'echo begins; sleep 3; echo ends'] }];
  const { body: before } = await first.ask<Job>('GET', 'jobs/tf?alt=json', undefined, json);
  // Neither etag nor name.
  const { template } = before;
  const patch = { template: { ...template, template: { ...template.template, containers: slow } }, labels: { a: 'b' } };
  expect(await first.ask('PATCH', 'jobs/tf?alt=json', patch, json)).toMatchObject({
    status: 200,
    body: { done: true },
  });
  const { body: run } = await first.ask<Operation>('POST', 'jobs/tf:run?alt=json', undefined, json);
  // What Prefect's worker reads of the first answer, without asking whether it is there.
  const execution = run.metadata as unknown as Execution;
  for (const field of ['name', 'uid', 'generation', 'job', 'parallelism', 'taskCount', 'logUri', 'etag', 'template']) {
    expect(execution).toHaveProperty(field);
  }
  await until(async () => (await first.ask<Execution>('GET', execution.name)).body.runningCount === 1);
  first.command.kill('SIGKILL');
  await first.command.ended;

  const second = await ServerProcess.start(home);
  const poll = async (operation: Operation): Promise<Operation | false> => {
    const { status: code, body } = await second.ask<Operation>('GET', `${operation.name}?alt=json`, undefined, json);
    expect(code).toBe(200);
    return body.done === true && body;
  };
  expect(await poll(created)).toMatchObject({ response: { name: expect.stringMatching(/\/jobs\/tf$/) as string } });
  expect(await until(() => poll(run))).toMatchObject({ response: { name: execution.name, succeededCount: 1 } });
  expect(home.log(execution.name.slice(execution.name.lastIndexOf('/') + 1))).toEqual(['begins', 'ends']);
  const { body: after } = await second.ask<Job>('GET', 'jobs/tf', undefined, json);
  expect(after).toMatchObject({
    latestCreatedExecution: { completionStatus: 'EXECUTION_SUCCEEDED' },
    labels: { a: 'b' },
  });
  expect(after).toHaveProperty('etag');
  expect(await second.ask('GET', 'jobs/tf:getIamPolicy?alt=json', undefined, json)).toMatchObject({ status: 200 });
  const policy = { bindings: [{ role: 'roles/run.invoker', members: ['user:a@example.com'] }] };
  expect(await second.ask('POST', 'jobs/tf:setIamPolicy?alt=json', { policy }, json)).toMatchObject({ body: policy });
  expect(await second.ask('DELETE', 'jobs/tf?alt=json', undefined, json)).toMatchObject({ status: 200 });
  expect(await second.ask('GET', 'jobs/tf?alt=json', undefined, json)).toMatchObject({ status: 404 });
  await second.close();
});
