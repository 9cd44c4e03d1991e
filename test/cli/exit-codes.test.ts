import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { cli } from '../support/io.js';

const container = 'spec: {template: {spec: {template: {spec: {containers: [{image: i}]}}}}}';
const head = 'apiVersion: run.googleapis.com/v1\nkind: Job\n';

const files: Record<string, string> = {
  'job.yaml': `${head}metadata: {name: filed}\n${container}\n`,
  'noname.yaml': `${head}metadata: {}\n${container}\n`,
  'unknown.yaml': `${head}metadata: {name: a}\nspecc: 1\n`,
  'service.yaml': 'apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {name: a}\n',
  'broken.yaml': 'a: [\n',
  'alias.yaml': 'a: *b\n',
  'two.yaml': `${head}metadata: {name: a}\n${container}\n---\n${head}metadata: {name: b}\n${container}\n`,
  'empty.yaml': '# nothing\n',
  'text.yaml': 'just text\n',
  'list.yaml': '- a\n',
  'map.yaml': '{}\n',
  'values.yaml': 'A: 1\n',
  'reserved.yaml': 'X_GOOGLE_A: b\n',
  'flags.yaml': '--tasks: x\n',
  'dashless.yaml': 'tasks: 1\n',
};

/** What gcloud 528 and 578 answer with these exit codes, against an API that knows the jobs `hello` and `multi`. */
const lines: Record<0 | 1 | 2, string[]> = {
  0: [
    'create ok1 --image=i --format=',
    'create ok2 --image=i --flatten=',
    'replace job.yaml',
    'list --limit=unlimited',
    'list --sort-by=',
    'list --sort-by=,',
    'list --format=',
    'executions list --job=absent',
    'logs read absent',
    'logs read absent --format=json',
  ],
  1: [
    // What is missing when the command begins.
    'create',
    'create a',
    'create --image=i',
    'update',
    'deploy',
    'deploy absent',
    'execute',
    'create A_b --image=i',
    'create hello --image=i',
    'update absent --tasks=2',
    'execute A_b',
    'execute absent',
    'describe absent',
    'delete absent --quiet',
    'executions describe absent',
    'executions describe-latest --job=absent',
    'executions cancel absent --quiet',
    'executions delete absent --quiet',
    'executions tasks describe absent',
    // Project and region.
    'create a --image=i --project=',
    'create a --image=i --project=P_x',
    'create a --image=i --region=X_y',
    'list --project=P_x',
    'list --region=X_y',
    // Values with a meaning of their own.
    'create a --image=i --task-timeout=1.5s',
    'create a --image=i --set-secrets=A=s',
    'create a --image=i --set-secrets=A=s:1:2',
    'create a --image=i --set-secrets=A=x+y:1',
    'create a --image=i --set-secrets=/x=s:1',
    'create a --image=i --set-secrets=/a/b=s:1,/a/c=t:1',
    'create a --image=i --set-secrets=/a/../c=t:1',
    'create a --image=i --set-secrets=A=projects/p/secrets/s:1',
    'create a --image=i --add-volume=name=v,type=zzz',
    'create a --image=i --add-volume=name=v,type=nfs',
    'create a --image=i --add-volume=name=v,type=nfs,location=x',
    'create a --image=i --add-volume=name=v,type=cloud-storage',
    'create a --image=i --add-volume=name=v,type=cloud-storage,bucket=b,foo=1',
    'create a --image=i --add-volume=type=in-memory',
    'create a --image=i --add-volume-mount=volume=v,mount-path=/v,readonly=true',
    'create a --image=i --startup-probe=foo=1',
    'create a --image=i --startup-probe=httpGet.port=x',
    'create a --image=i --set-cloudsql-instances=a:b',
    'create a --container=c --args=x',
    'create a --container=c --image=i --depends-on=zz',
    `create a ${Array.from({ length: 11 }, (_, i) => `--container=c${i} --image=i`).join(' ')}`,
    'update multi --args=x',
    'execute hello --container=zzz',
    // What is printed, and of what.
    'create a --image=i --format=zzz',
    'create a --image=i --format=export',
    'create a --image=i --format=value(',
    'create a --image=i --format=value',
    'create a --image=i --format=table',
    'create a --image=i --format=value(a.nofunc())',
    'create a --image=i --flatten=a[',
    'describe hello --format=zzz',
    'describe hello --format=json(',
    'describe hello --format=table(metadata.name:zzz)',
    'list --format=zzz',
    'list --format=table(name',
    'list --format=multi(name)',
    'list --sort-by=a[',
    'list --filter=name=(',
    'list --filter=a.nofunc()=b',
    'list --filter=a~[',
    // Files that the argument parser does not read, or that it cannot.
    'create a --image=i --env-vars-file=broken.yaml',
    'create a --image=i --flags-file=absent',
    'create a --image=i --flags-file=broken.yaml',
    'create a --image=i --flags-file=text.yaml',
    'set-iam-policy hello absent',
    'set-iam-policy hello broken.yaml',
    // What a file says.
    'replace noname.yaml',
    'replace unknown.yaml',
    'replace service.yaml',
    'replace list.yaml',
    'replace map.yaml',
  ],
  2: [
    '',
    'nosuch',
    'executions',
    'list extra',
    'create a b --image=i',
    'create a --image=i --nosuch',
    'describe',
    'delete',
    'executions describe',
    'executions cancel',
    'executions tasks list',
    'executions describe-latest',
    'logs read',
    'set-iam-policy hello',
    'add-iam-policy-binding hello --member=user:a@b.c',
    'describe hello --filter=x',
    // The grammar of values.
    'create a --image=i --tasks=0',
    'create a --image=i --tasks=x',
    'create a --image=i --parallelism=-1',
    'create a --image=i --max-retries=x',
    'create a --image=i --task-timeout=x',
    'create a --image=i --task-timeout=0',
    'create a --image=i --labels=a',
    'create a --image=i --labels==v',
    'create a --image=i --args=a,a',
    'create a --image=i --args',
    'create a --image=i --set-env-vars=A',
    'create a --image=i --set-env-vars==x',
    'create a --image=i --set-env-vars=X_GOOGLE_A=b',
    'create a --image=i --set-env-vars=A=b --set-env-vars=A=c',
    'create a --image=i --set-secrets=A',
    'create a --image=i --add-volume=name=v',
    'create a --image=i --add-volume=x',
    'create a --image=i --add-volume-mount=volume=v',
    'create a --image=i --add-volume-mount=mount-path=/v',
    'create a --image=i --startup-probe=periodSeconds',
    'create a --image=i --vpc-egress=x',
    'create a --image=i --execution-environment=gen3',
    'create a --image=i --verbosity=x',
    'create a --container=c --image=i --depends-on=a,b,c,d,e,f,g,h,i,j',
    'execute hello --tasks=0',
    'execute hello --update-env-vars=A',
    'list --limit=0',
    'list --limit=x',
    'list --page-size=0',
    'logs read hello --limit=0',
    'logs read hello --freshness=x',
    'logs read hello --order=x',
    // Flags that do not go together.
    'create a --image=i --set-env-vars=A=b --clear-env-vars',
    'create a --image=i --async --wait',
    'create a --image=i --async --execute-now',
    'create a --image=i --container=c --image=j',
    'update hello --labels=a=b --update-labels=c=d',
    'deploy b --image=i --source=.',
    'run b --build=. --source=.',
    'run hello --watch',
    'run -f - --watch',
    'execute hello --async --wait',
    'execute hello --args=x --container=c --args=y',
    // Files that it reads.
    'create a --image=i --env-vars-file=absent.yaml',
    'create a --image=i --env-vars-file=absent.env',
    'create a --image=i --env-vars-file=values.yaml',
    'create a --image=i --env-vars-file=list.yaml',
    'create a --image=i --env-vars-file=reserved.yaml',
    'create a --image=i --flags-file=flags.yaml',
    'create a --image=i --flags-file=dashless.yaml',
    'replace',
    'replace absent.yaml',
    'replace .',
    'replace broken.yaml',
    'replace alias.yaml',
    'replace two.yaml',
    'replace empty.yaml',
    'replace text.yaml',
    'replace -',
    'replace job.yaml extra',
    // It is still parsing when another mistake would be found later.
    'create a --image=i --add-volume=name=v,type=zzz --tasks=0',
    'create a --format=zzz --tasks=0',
    'create A_b --image=i --async --wait',
  ],
};

test.each([0, 1, 2] as const)('the exit code is gcloud’s: %i', async (expected) => {
  const { run, file, home } = cli();
  for (const [name, content] of Object.entries(files)) file(name, content);
  const cwd = path.join(home, 'elsewhere');
  mkdirSync(cwd);
  await run('jobs create hello --image=i');
  await run('jobs create multi --container=a --image=i --container=b --image=j');
  const others: string[] = [];
  for (const line of lines[expected]) {
    // Where there is no job.yaml, for the file that is read unless one is named.
    const surroundings = line === 'replace' ? { cwd } : {};
    const { code, stderr } = await run(`jobs ${line}`, surroundings);
    if (code !== expected) others.push(`${code}: ${line}: ${stderr}`);
    expect(stderr).not.toContain('bug in localrun');
  }
  expect(others).toEqual([]);
});
