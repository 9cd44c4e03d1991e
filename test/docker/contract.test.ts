import { chmodSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Container, Volume } from '../../src/model/schema/container.js';
import { epochMs } from '../../src/model/time.js';
import { type Expected, place as placeOfRuntime } from '../support/contract-place.js';
import { Home } from '../support/home.js';
import { buildImage, removeImage } from '../support/images.js';

// What programs find in their containers, by programs that look: a job of three containers whose first attempt fails,
// and one whose tasks do not obey their timeout, print `key=value`; every row below is about one of those lines.

const home = new Home();
const place = await placeOfRuntime();
const busybox = 'localrun/busybox:latest';

/** Lines by `place/key`; the places are containers, `retry` (the main container's second attempt), and the engine. */
const seen = new Map<string, string>();

// The images of the tests are made with the umask of whoever makes them.
const openTmp = 'RUN ["/bin/chmod", "1777", "/tmp"]';

function note(where: string, lines: readonly string[]): void {
  for (const line of lines) {
    const [, key, value = ''] = /^([^=]+)=(.*)$/s.exec(line) ?? [];
    if (key !== undefined) seen.set(`${where}/${key}`, value);
  }
}

/** `say KEY VALUE`, and `try KEY COMMAND...`, which says the exit code and the last line of the output. */
const shellFunctions = String.raw`
say() { printf '%s=%s\n' "$1" "$2"; }
try() { key=$1; shift; text=$("$@" 2>&1); printf '%s=%s %s\n' "$key" $? "$(printf %s "$text" | tail -n 1)"; }
wait_for() { until [ -e "$1" ]; do sleep 0.1; done; }
status() { awk -v name="$1:" '$1 == name { $1 = ""; print substr($0, 2) }' /proc/1/status; }
cgroup() { cd /sys/fs/cgroup; cat "$1" 2>/dev/null || cat $2; }
tr '\n\0' '|\n' < /proc/1/environ | sed 's/^/env./'
say names "$(tr '\n\0' '|\n' < /proc/1/environ | cut -d= -f1 | sort | xargs)"
say pid $$
say uid "$(status Uid)"; say gid "$(status Gid)"; say groups "$(status Groups)"
say umask "$(umask)"
say cwd "$(pwd)"
say memory "$(cgroup memory.max memory/memory.limit_in_bytes)"
say swap "$(cgroup memory.swap.max memory/memory.memsw.limit_in_bytes)"
say cpu "$(cgroup cpu.max 'cpu/cpu.cfs_quota_us cpu/cpu.cfs_period_us' | xargs)"
say pids "$(cgroup pids.max pids/pids.max)"
say no-new-privs "$(status NoNewPrivs)"
say seccomp "$(status Seccomp)"
say capabilities "$(status CapEff)"
for name in pid mnt net; do readlink /proc/1/ns/$name > /shared/$name.$SELF; done
# All are there at once, since the numbers of namespaces that are gone are given out again.
for name in app side user; do wait_for /shared/net.$name; done
`;

/** By number, as in capabilities(7). */
const capabilities = {
  NET_ADMIN: 12,
  SYS_MODULE: 16,
  SYS_RAWIO: 17,
  SYS_PTRACE: 19,
  SYS_ADMIN: 21,
  SYS_BOOT: 22,
  SYS_NICE: 23,
  SYS_RESOURCE: 24,
  SYS_TIME: 25,
  MKNOD: 27,
  AUDIT_WRITE: 29,
  AUDIT_CONTROL: 30,
  SETFCAP: 31,
  MAC_ADMIN: 33,
  SYSLOG: 34,
  PERFMON: 38,
  BPF: 39,
};

const mainScript = String.raw`
${shellFunctions}
say left "$(ls -d /written /tmp/written /shared/written /disk/written 2>/dev/null)"
tr '\n\0' '|\n' < /proc/1/cmdline | awk '{ print "argv." NR - 1 "=" $0 }'
say comm "$(cat /proc/1/comm)"; say parent "$(status PPid)"; say session "$(status NSsid)"
say processes "$(cat /proc/[0-9]*/stat 2>/dev/null | awk '$4 == 0' | wc -l)"
# While the shell waits, since it holds a pipe for a substitution.
(sleep 0.2; ls /proc/1/fd > /descriptors) & wait; say descriptors "$(xargs < /descriptors)"
say stdin "$(readlink /proc/1/fd/0)"
try tty test -t 0 -o -t 1 -o -t 2
try console test -e /dev/console
# The shell ignores some itself, but its children only what it has inherited.
grep -E '^Sig(Ign|Blk)' /proc/self/status | sed 's/:\t/=/'
say nofile "$(ulimit -Sn) $(ulimit -Hn)"; say core "$(ulimit -Hc)"
say bounding "$(status CapBnd)"; say inheritable "$(status CapInh)"; say ambient "$(status CapAmb)"
eff=0x$(status CapEff)
${Object.entries(capabilities)
  .map(([name, number]) => `say cap.${name} $((eff >> ${number} & 1))`)
  .join('\n')}
mkdir -p /m
try mount mount -t tmpfs none /m
try bind mount -o bind /tmp /m
try remount mount -o remount,rw /proc/sys
try umount umount /proc/sys
try device mknod /device b 7 0
try fifo mknod /fifo p
say clock "$(date -s "@$(date +%s)" 2>&1 | head -n 1)"
try host-name hostname elsewhere
try user-namespace unshare -U true
try mount-namespace unshare -m true
try interface ip link set lo down
try route ip route add 192.0.2.0/24 dev lo
try nice renice -n -5 $$
try raise sh -c 'ulimit -Hn $(($(ulimit -Hn) + 1))'
try sysctl sh -c 'cd /proc/sys/vm && now=$(cat swappiness) && echo $now > swappiness'
try sysfs mkdir /sys/kernel/x
try own-limit sh -c 'f=/sys/fs/cgroup/memory.max; [ -e $f ] || f=/sys/fs/cgroup/memory/memory.limit_in_bytes; echo 1073741824 > $f'
say proc-sys "$(awk '$2 == "/proc/sys" { print substr($4, 1, 2) }' /proc/mounts)"
say sys "$(awk '$2 == "/sys" { print substr($4, 1, 2) }' /proc/mounts)"
say kcore "$(head -c 1 /proc/kcore 2>/dev/null | wc -c)"
say block-devices "$(find /dev -type b | wc -l)"
for name in null zero full random urandom tty; do say dev.$name "$(stat -c '%F %a' /dev/$name)"; done
try full sh -c 'echo x > /dev/full'
say random "$(head -c 16 /dev/urandom | wc -c)"
say dev-fd "$(readlink /dev/fd)"
say product "$(cat /sys/class/dmi/id/product_name 2>/dev/null)"
try shm sh -c 'echo x > /dev/shm/x && cat /dev/shm/x'
say hostname "$(hostname)"; say hostname-file "$(cat /etc/hostname)"
for name in app side user localhost; do say host.$name "$(ping -c 1 $name | head -n 1 | cut -d' ' -f2-3)"; done
for name in app side user; do say hosts.$name "$(awk -v name=$name '{ for (i = 2; i <= NF; i++) if ($i == name) print $1 }' /etc/hosts)"; done
say dns "$(grep -c ^nameserver /etc/resolv.conf)"
say link-local "$(awk '$2 == "0000FEA9" { print $4, $8 }' /proc/net/route)"
say default-route "$(awk '$2 == "00000000" && $8 == "00000000"' /proc/net/route | wc -l)"
say listeners "$(awk '$4 == "0A"' /proc/net/tcp /proc/net/tcp6 | wc -l)"
say tmp "$(stat -c %a /tmp)"; say zone "$(date '+%Z %z')"
say year "$(date +%Y)"
try write sh -c 'echo x > /written && echo x > /tmp/written && echo x > /shared/written && echo x > /disk/written && cat /written'
try execute sh -c "printf '#!/bin/sh\necho it runs' > /program && chmod +x /program && /program"
try link ln -s /written /symbolic
try user-change chown 7:7 /written
say image-file "$(rm /bin/zcat && ls /bin/zcat 2>&1 | wc -l)"
say memory-volume "$(df -m /shared | tail -n 1 | awk '{ print $1, $2 }')"
say memory-volume-mode "$(stat -c '%a %u:%g' /shared)"
say disk-volume "$(stat -f -c %T /disk)"; say disk-volume-mode "$(stat -c '%a %u:%g' /disk)"
try overflow sh -c 'dd if=/dev/zero of=/shared/big bs=1M count=20 2>&1 | grep -o "No space left on device"'
rm -f /shared/big
say secret "$(cat /secret/key)"; say secret-names "$(ls /secret)"; say secret-mode "$(stat -Lc '%a %u:%g' /secret/key)"
say item "$(cat /items/deep/one)"; say item-mode "$(stat -Lc %a /items/deep/one)"; say default-mode "$(stat -Lc %a /items/two)"
try secret-write sh -c 'echo x > /secret/key'
try secret-new touch /secret/x
try secret-chmod chmod 777 /secret/key
say bucket "$(cat /bucket/file)"
try bucket-write sh -c 'echo x > /bucket/file'
try bucket-new touch /bucket/x
try bucket-both sh -c 'echo x > /open/from-the-task && cat /bucket/from-the-task'
touch /main-only; touch /shared/listen
wait_for /shared/listening; say localhost "$(nc 127.0.0.1 9000 < /dev/null)"
wait_for /shared/done.side; wait_for /shared/done.user
for name in pid mnt net; do say ns.$name "$(cat /shared/$name.* | sort -u | wc -l)"; done
try other-files ls /side-only
say other-processes "$(cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\0' ' ' | grep -c '[m]ark of the sidecar')"
say from-side "$(cat /shared/from-side)"
exit $((1 - CLOUD_RUN_TASK_ATTEMPT))
`;

const sideScript = String.raw`${shellFunctions}
touch /side-only; echo hello from the sidecar > /shared/from-side
wait_for /shared/listen
try other-files ls /main-only
echo answer | nc -l -p 9000 &
until awk '$2 ~ /:2328$/ && $4 == "0A" { found = 1 } END { exit !found }' /proc/net/tcp /proc/net/tcp6; do sleep 0.1; done
touch /shared/listening; wait
touch /shared/done.side`;

const userScript = String.raw`${shellFunctions}
tr '\n\0' '|\n' < /proc/1/cmdline | awk 'NR < 3 { print "argv." NR - 1 "=" $0 }'
try protected touch /x
try tmp touch /tmp/x
try volume touch /shared/of-user
touch /shared/done.user`;

const literals = ['$HOME', '$(CLOUD_RUN_JOB)', '*', '--rm', '', ' two  words ', '"quoted"', `it's`, '{{.}}', 'żółć 🎉'];

const values: Record<string, string> = {
  REFERENCE: '$(CLOUD_RUN_JOB)',
  BRACES: '${HOME}',
  DOLLAR: '$HOME $$ $1',
  BACKTICKS: '`id`',
  PERCENT: '%PATH% %s',
  ESCAPE: String.raw`a\nb\t\\`,
  LINES: 'one\ntwo\n',
  EQUALS: 'a=b==c=',
  UNICODE: 'zażółć 日本 🎉',
  QUOTES: `"double" 'single'`,
  BLANKS: '  two  words ',
  EMPTY: '',
  COMMENT: '# no comment',
  OPTION: '--rm',
  JSON: '{"a": [1, "b"]}',
  'dotted.name-x': 'y',
};

/** Lines as `tr` shows them. */
const shown = (value: string): string => value.replaceAll('\n', '|');

let execution = '';
const images: string[] = [];

async function runContract(): Promise<void> {
  const app = buildImage(
    'contract-app',
    'ENV FROM_IMAGE="of the image" BOTH="of the image" CLOUD_RUN_JOB=image CLOUD_RUN_TASK_INDEX=image',
    openTmp,
    'WORKDIR /image/dir',
    'ENTRYPOINT ["/nonesuch"]',
    'CMD ["of the image"]',
  );
  const user = buildImage('contract-user', openTmp, 'USER 1234:5678', 'ENTRYPOINT ["sh", "-c"]', 'CMD ["exit 9"]');
  images.push(app, user);
  for (const image of images) await place.share(image);
  const bucket = home.scratch('bucket');
  chmodSync(bucket, 0o755);
  writeFileSync(path.join(bucket, 'file'), 'of the bucket');
  home.config(`${place.config}secrets:
  key: { value: correct horse }
  several: { versions: { 1: { value: first }, 2: { value: second } } }
buckets: { data: ${await place.bucket(bucket)} }
`);
  const volumes: Volume[] = [
    { name: 'shared', emptyDir: { medium: 'MEMORY', sizeLimit: '8Mi' } },
    { name: 'disk', emptyDir: { medium: 'DISK' } },
    { name: 'secret', secret: { secret: 'key' } },
    {
      name: 'items',
      secret: {
        secret: 'several',
        defaultMode: 0o640,
        items: [
          { path: 'deep/one', version: '1', mode: 0o777 },
          { path: 'two', version: '2' },
        ],
      },
    },
    { name: 'bucket', gcs: { bucket: 'data', readOnly: true } },
    { name: 'open', gcs: { bucket: 'data' } },
  ];
  const mounts = (...names: string[]): Container['volumeMounts'] =>
    names.map((name) => ({ name, mountPath: `/${name}` }));
  const self = (name: string): { name: string; value: string } => ({ name: 'SELF', value: name });
  const containers: Container[] = [
    {
      name: 'app',
      image: app,
      command: ['sh', '-c'],
      args: [mainScript, 'name', ...literals],
      env: [
        self('app'),
        { name: 'BOTH', value: 'first of the template' },
        { name: 'BOTH', value: 'of the template' },
        { name: 'PATH', value: '/bin:/of/the/template' },
        { name: 'SECRET', valueSource: { secretKeyRef: { secret: 'key', version: 'latest' } } },
        { name: 'SECRET_OLD', valueSource: { secretKeyRef: { secret: 'several', version: '1' } } },
        { name: 'SECRET_LATEST', valueSource: { secretKeyRef: { secret: 'several', version: 'latest' } } },
        ...Object.entries(values).map(([name, value]) => ({ name, value })),
      ],
      volumeMounts: mounts(...volumes.map(({ name }) => name)),
    },
    {
      name: 'side',
      image: busybox,
      command: ['sh', '-c', sideScript, 'mark of the sidecar'],
      env: [self('side')],
      workingDir: '/own/dir',
      resources: { limits: { cpu: '500m', memory: '256Mi' } },
      volumeMounts: mounts('shared'),
    },
    { name: 'user', image: user, args: [userScript], env: [self('user')], volumeMounts: mounts('shared') },
  ];
  const file = home.template('contract', { maxRetries: 1, timeout: '60s', volumes, containers });
  const env = { OF_THIS_MACHINE: 'x', PORT: '1', K_SERVICE: 'x', GOOGLE_CLOUD_PROJECT: 'x', TZ: 'Asia/Tokyo' };
  const command = home.inline(['jobs', 'run', '-f', file], { env });
  const { exitCode, stderr } = await command.ended;
  execution = await command.execution();
  note('app', home.log(execution, 0, 0));
  note('retry', home.log(execution, 0, 1));
  for (const name of ['side', 'user']) note(name, home.log(execution, 0, 0, 'stdout', name));
  // Rows tell more than the end of a job that did not get to the last of them.
  note('app', [`end=${exitCode} ${stderr}`]);
}

/** Two tasks that do not end at their timeout: the first says what it is sent, the second has no handlers. */
async function runTimeout(): Promise<void> {
  const script = String.raw`[ $CLOUD_RUN_TASK_INDEX = 0 ] || exec sleep 60
now() { cut -d' ' -f1 /proc/uptime; }
n=0
for signal in HUP INT QUIT USR1 USR2 ALRM TERM; do
  trap "n=\$((n + 1)); echo signal.\$n=$signal; echo at.\$n=\$(now)" $signal
done
echo "start=$(now)"
while :; do echo "last=$(now)"; sleep 0.2; done`;
  const file = home.script('timeout', script, { taskCount: 2, parallelism: 2, timeout: '1s', maxRetries: 0 });
  const command = home.inline(['jobs', 'run', '-f', file]);
  const { exitCode, stderr } = await command.ended;
  expect(exitCode, stderr).toBe(1);
  const id = await command.execution();
  note('timeout', home.log(id, 0));
  const at = (key: string): number => Number(seen.get(`timeout/${key}`));
  const [, second] = await home.tasks(id);
  note('timeout', [
    `until-term=${at('at.1') - at('start')}`,
    `until-kill=${at('last') - at('at.1')}`,
    `without-handler=${(epochMs(second?.completionTime ?? '') - epochMs(second?.startTime ?? '')) / 1000}`,
    `without-handler-message=${second?.lastAttemptResult?.status?.message}`,
  ]);
}

beforeAll(async () => {
  const look =
    'echo "nofile=$(ulimit -Hn)"; echo "core=$(ulimit -Hc)"; echo "product=$(cat /sys/class/dmi/id/product_name 2>/dev/null)"';
  note('engine', place.plain('sh', '-c', look).split('\n'));
  await Promise.all([runContract(), runTimeout()]);
});
afterAll(async () => {
  await place.close();
  await home.close();
  images.forEach(removeImage);
});

const notPermitted = /^[1-9]\d* .*(not permitted|permission denied|are you root)/i;
const readOnly = /^[1-9]\d* .*read-only file system/i;
const own =
  'BOTH,FROM_IMAGE,HOME,HOSTNAME,PATH,SECRET,SECRET_LATEST,SECRET_OLD,SELF,CLOUD_RUN_JOB,CLOUD_RUN_EXECUTION,CLOUD_RUN_TASK_ATTEMPT,CLOUD_RUN_TASK_COUNT,CLOUD_RUN_TASK_INDEX';

const rows: [rule: string, key: string, expected: Expected][] = [
  ['the second attempt succeeds', 'app/end', /^0 /],
  ['CLOUD_RUN_JOB is the job, whatever the image says', 'app/env.CLOUD_RUN_JOB', 'contract'],
  ['CLOUD_RUN_EXECUTION is the short name of the execution', 'app/env.CLOUD_RUN_EXECUTION', () => execution],
  ['CLOUD_RUN_TASK_INDEX counts from 0, whatever the image says', 'app/env.CLOUD_RUN_TASK_INDEX', '0'],
  ['CLOUD_RUN_TASK_ATTEMPT counts from 0', 'app/env.CLOUD_RUN_TASK_ATTEMPT', '0'],
  ['CLOUD_RUN_TASK_COUNT is the number of tasks', 'app/env.CLOUD_RUN_TASK_COUNT', '1'],
  ['CLOUD_RUN_TASK_ATTEMPT goes up by one for a retry', 'retry/env.CLOUD_RUN_TASK_ATTEMPT', '1'],
  ['a retry is of the same task', 'retry/env.CLOUD_RUN_TASK_INDEX', '0'],
  ['a retry is of the same execution', 'retry/env.CLOUD_RUN_EXECUTION', () => execution],
  ...['side', 'user'].flatMap((place): typeof rows => [
    [`${place} has CLOUD_RUN_JOB too`, `${place}/env.CLOUD_RUN_JOB`, 'contract'],
    [`${place} has CLOUD_RUN_EXECUTION too`, `${place}/env.CLOUD_RUN_EXECUTION`, () => execution],
    [`${place} has CLOUD_RUN_TASK_INDEX too`, `${place}/env.CLOUD_RUN_TASK_INDEX`, '0'],
    [`${place} has CLOUD_RUN_TASK_ATTEMPT too`, `${place}/env.CLOUD_RUN_TASK_ATTEMPT`, '0'],
    [`${place} has CLOUD_RUN_TASK_COUNT too`, `${place}/env.CLOUD_RUN_TASK_COUNT`, '1'],
  ]),
  ...['PORT', 'K_SERVICE', 'K_REVISION', 'K_CONFIGURATION', 'GOOGLE_CLOUD_PROJECT', 'OF_THIS_MACHINE', 'TZ'].map(
    (name): (typeof rows)[number] => [`there is no ${name}`, `app/env.${name}`, undefined],
  ),
  [
    'there are no other variables than those of image, template, engine and system',
    'app/names',
    [...own.split(','), ...Object.keys(values)].sort().join(' '),
  ],
  ['variables of the image are there', 'app/env.FROM_IMAGE', 'of the image'],
  ['the template wins over the image, and of duplicates the last', 'app/env.BOTH', 'of the template'],
  ['the template may set PATH', 'app/env.PATH', '/bin:/of/the/template'],
  ['PATH is that of the image otherwise', 'side/env.PATH', '/bin'],
  ['containers do not see the variables of others', 'side/env.BOTH', undefined],
  ...Object.entries(values).map(([name, value]): (typeof rows)[number] => [
    `values are literal: ${name}`,
    `app/env.${name}`,
    shown(value),
  ]),
  ['a secret is a variable', 'app/env.SECRET', 'correct horse'],
  ['a secret variable has the version that it names', 'app/env.SECRET_OLD', 'first'],
  ['a secret variable may have the latest version', 'app/env.SECRET_LATEST', 'second'],

  ['a program runs as root if the image names no user', 'app/uid', '0 0 0 0'],
  ['with the group of root', 'app/gid', '0 0 0 0'],
  ['a program runs as the user of the image', 'user/uid', '1234 1234 1234 1234'],
  ['with the group that the image names', 'user/gid', '5678 5678 5678 5678'],
  ['and cannot write to what is root’s', 'user/protected', /^1 .*Permission denied/],
  ['but to /tmp', 'user/tmp', '0 '],
  ['and to volumes in memory', 'user/volume', '0 '],
  ['a user has no capabilities', 'user/capabilities', '0000000000000000'],
  ['the umask is 022', 'app/umask', '0022'],
  ['the directory is that of the image', 'app/cwd', '/image/dir'],
  ['workingDir replaces it, and is made', 'side/cwd', '/own/dir'],
  ['the directory is / if the image names none', 'user/cwd', '/'],

  ['command replaces the entrypoint', 'app/argv.0', 'sh'],
  ['args follow the command', 'app/argv.3', 'name'],
  ...literals.map((literal, i): (typeof rows)[number] => [
    `arguments are literal: ${literal}`,
    `app/argv.${i + 4}`,
    literal,
  ]),
  ['command drops what the image has as arguments', `app/argv.${literals.length + 4}`, undefined],
  ['args alone keep the entrypoint', 'user/argv.0', 'sh'],
  ['args alone replace the arguments of the image', 'user/argv.1', '-c'],

  ['the command is PID 1', 'app/pid', '1'],
  ['a sidecar is PID 1 of its own', 'side/pid', '1'],
  ['it is not an init', 'app/comm', 'sh'],
  ['it has no parent', 'app/parent', '0'],
  ['it leads its session', 'app/session', '1'],
  ['no process beside it was started by the engine', 'app/processes', '1'],
  ['it inherits stdin, stdout and stderr only', 'app/descriptors', '0 1 2'],
  ['stdin is empty', 'app/stdin', '/dev/null'],
  ['there is no terminal', 'app/tty', '1 '],
  ['there is no console', 'app/console', '1 '],
  ['no signal is ignored', 'app/SigIgn', '0000000000000000'],
  ['no signal is blocked', 'app/SigBlk', '0000000000000000'],

  [
    '25000 open files, or what the engine grants',
    'app/nofile',
    () => {
      const hard = seen.get('engine/nofile') ?? '';
      const granted = hard !== 'unlimited' && Number(hard) < 25_000 ? hard : '25000';
      return `${granted} ${granted}`;
    },
  ],
  ['4096 processes if nothing is said', 'app/pids', '4096'],
  ['core files are as large as the engine has it', 'app/core', () => seen.get('engine/core') ?? ''],
  ['512 MiB of memory if nothing is said', 'app/memory', String(512 * 1024 ** 2)],
  ['no swap beyond the memory', 'app/swap', new RegExp(`^(0|${512 * 1024 ** 2})$`)],
  ['a CPU if nothing is said', 'app/cpu', '100000 100000'],
  ['a sidecar has a limit of memory of its own', 'side/memory', String(256 * 1024 ** 2)],
  ['no swap for the sidecar', 'side/swap', new RegExp(`^(0|${256 * 1024 ** 2})$`)],
  ['half a CPU is half a CPU', 'side/cpu', '50000 100000'],
  ['limits cannot be raised from inside', 'app/own-limit', readOnly],
  ['nor that of open files', 'app/raise', notPermitted],

  ...Object.keys(capabilities).map((name): (typeof rows)[number] => [
    `root has no CAP_${name}`,
    `app/cap.${name}`,
    '0',
  ]),
  ['no capability can be got back', 'app/bounding', () => seen.get('app/capabilities') ?? ''],
  ['nor is one ambient', 'app/ambient', '0000000000000000'],
  ['nothing gains privileges', 'app/no-new-privs', '1'],
  ['nor in a sidecar', 'side/no-new-privs', '1'],
  ['nor for a user', 'user/no-new-privs', '1'],
  ['system calls are filtered', 'app/seccomp', '2'],
  ['and in a sidecar', 'side/seccomp', '2'],
  ['mount(2) is refused', 'app/mount', notPermitted],
  ['also of a directory', 'app/bind', notPermitted],
  ['/proc/sys cannot be made writable', 'app/remount', notPermitted],
  ['nor uncovered', 'app/umount', notPermitted],
  ['mknod(2) of a device is refused', 'app/device', notPermitted],
  ['that of a pipe is not', 'app/fifo', '0 '],
  ['the clock cannot be set', 'app/clock', /Operation not permitted/],
  ['nor the name of the host', 'app/host-name', notPermitted],
  ['user namespaces are refused', 'app/user-namespace', notPermitted],
  ['mount namespaces are refused', 'app/mount-namespace', notPermitted],
  ['interfaces cannot be changed', 'app/interface', notPermitted],
  ['routes cannot be changed', 'app/route', notPermitted],
  ['nor priorities raised', 'app/nice', notPermitted],
  ['/proc/sys cannot be written to', 'app/sysctl', readOnly],
  ['/sys cannot be written to', 'app/sysfs', /^1 .*(Read-only file system|not permitted)/],
  ['/proc/sys is read-only', 'app/proc-sys', 'ro'],
  ['/sys is read-only', 'app/sys', 'ro'],
  ['the memory of the kernel cannot be read', 'app/kcore', '0'],

  ['there are no disks in /dev', 'app/block-devices', '0'],
  ...['null', 'zero', 'full', 'random', 'urandom', 'tty'].map((name): (typeof rows)[number] => [
    `/dev/${name} is there, for everybody`,
    `app/dev.${name}`,
    'character special file 666',
  ]),
  ['/dev/full is full', 'app/full', /^1 .*No space left on device/],
  ['/dev/urandom gives bytes', 'app/random', '16'],
  ['/dev/fd is there', 'app/dev-fd', '/proc/self/fd'],
  ['/dev/shm can be written to', 'app/shm', '0 x'],
  ['the firmware is that of the machine', 'app/product', () => seen.get('engine/product') ?? ''],

  ['the host has a name of its own', 'app/hostname', /^[0-9a-z-]+$/],
  ['which is that of HOSTNAME', 'app/env.HOSTNAME', () => seen.get('app/hostname') ?? ''],
  ['and in /etc/hostname', 'app/hostname-file', () => seen.get('app/hostname') ?? ''],
  ['sidecars have the same', 'side/env.HOSTNAME', () => seen.get('app/hostname') ?? ''],
  ...['app', 'side', 'user'].flatMap((name): typeof rows => [
    [`${name} is a name of 127.0.0.1 in /etc/hosts`, `app/hosts.${name}`, '127.0.0.1'],
    [`${name} resolves`, `app/host.${name}`, `${name} (127.0.0.1):`],
  ]),
  ['localhost resolves', 'app/host.localhost', 'localhost (127.0.0.1):'],
  ['there is a name server', 'app/dns', /^[1-9]/],
  ['link-local addresses are rejected', 'app/link-local', '0201 0000FFFF'],
  ['nothing listens but what the job starts', 'app/listeners', '0'],

  ['the file system can be written to', 'app/write', '0 x'],
  ['what is written can be run', 'app/execute', '0 it runs'],
  ['symbolic links can be made', 'app/link', '0 '],
  ['owners can be changed', 'app/user-change', '0 '],
  ['files of the image can be removed', 'app/image-file', '1'],
  ['a first attempt finds nothing', 'app/left', ''],
  ['a retry finds nothing of the first attempt, in no volume either', 'retry/left', ''],
  ['and all of the image', 'retry/image-file', '1'],
  ['/tmp is for everybody', 'app/tmp', '1777'],
  ['the time zone is UTC', 'app/zone', 'UTC +0000'],
  ['the clock is right', 'app/year', () => String(new Date().getUTCFullYear())],

  ['emptyDir in memory is a tmpfs of its size', 'app/memory-volume', 'tmpfs 8'],
  ['for everybody', 'app/memory-volume-mode', '777 0:0'],
  ['and takes no more', 'app/overflow', '0 No space left on device'],
  ['emptyDir on disk is no tmpfs', 'app/disk-volume', /^(?!tmpfs)./],
  ['and for everybody', 'app/disk-volume-mode', '777 0:0'],
  ['a secret is a file', 'app/secret', 'correct horse'],
  ['named after it', 'app/secret-names', 'key'],
  ['of mode 0444, of root', 'app/secret-mode', '444 0:0'],
  ['an item is a file at its path', 'app/item', 'first'],
  ['of its own mode, without what 0222 masks', 'app/item-mode', '555'],
  ['or of the default mode, without it', 'app/default-mode', '440'],
  ['a secret cannot be written to', 'app/secret-write', readOnly],
  ['nothing can be put beside it', 'app/secret-new', readOnly],
  ['its mode cannot be changed', 'app/secret-chmod', readOnly],
  ['a bucket is a directory', 'app/bucket', 'of the bucket'],
  ['one that is read-only cannot be written to', 'app/bucket-write', readOnly],
  ['nor grow', 'app/bucket-new', readOnly],
  ['but through a mount that is not', 'app/bucket-both', '0 x'],

  ['containers share localhost', 'app/localhost', 'answer'],
  ['containers share their network', 'app/ns.net', '1'],
  ['containers do not share processes', 'app/ns.pid', '3'],
  ['containers do not share mounts', 'app/ns.mnt', '3'],
  ['the main container does not see the files of a sidecar', 'app/other-files', /^1 .*No such file/],
  ['nor a sidecar its', 'side/other-files', /^1 .*No such file/],
  ['nor its processes', 'app/other-processes', '0'],
  ['but what is in a volume', 'app/from-side', 'hello from the sidecar'],

  ['SIGTERM is the first signal at a timeout', 'timeout/signal.1', 'TERM'],
  ['at the timeout', 'timeout/until-term', [0.7, 3]],
  ['and no other follows that can be handled', 'timeout/signal.2', undefined],
  ['SIGKILL follows 10 s later', 'timeout/until-kill', [9.3, 11.5]],
  ['PID 1 without a handler is ended by SIGKILL only', 'timeout/without-handler', [10.9, 14]],
  ['by its timeout', 'timeout/without-handler-message', 'The configured timeout was reached.'],
];

const like = (pattern: RegExp): unknown => expect.stringMatching(pattern);

function wanted(expected: Expected): unknown {
  if (expected instanceof RegExp) return like(expected);
  if (typeof expected === 'function') return expected();
  if (!Array.isArray(expected)) return expected;
  const [from, to] = expected;
  return expect.toSatisfy((text: string) => Number(text) >= from && Number(text) <= to, `between ${from} and ${to}`);
}

test.each(rows)('%s: %s', (_, key, expected) => {
  const differs = place.differences[key];
  expect(seen.get(key)).toEqual(wanted(differs ? differs(expected) : expected));
});

test('the host has not the name of this machine', () => {
  expect(seen.get('app/hostname')).not.toBe(os.hostname());
});
