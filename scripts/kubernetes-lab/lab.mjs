// @ts-check
// A Kubernetes on one machine: a control plane and nodes, each with namespaces of its own (machine.sh), on a network that
// the host has no part in. The host reaches the API server through a port of 127.0.0.1 that relay.mjs serves.
import { spawn } from 'node:child_process';
import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { request } from 'node:https';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { parseAllDocuments } from 'yaml';
import { pauseImage, writePauseImage } from './pause-image.mjs';
import { serverDirectory } from './requirements.mjs';

const here = import.meta.dirname;
const machineScript = path.join(here, 'machine.sh');

/** The address of the control plane; node N is 10.90.0.(10+N), and its pods are in 10.90.N.0/24. */
const controlPlane = '10.90.0.1';
const addressOf = (/** @type {number} */ node) => `10.90.0.${10 + node}`;
const apiPort = 6443;

/** How long a server may take to do what it does in 2 s on a quiet machine, in ms. */
const patience = 120_000;

/**
 * @typedef {{ maker: number, servers: string, nodes: number, port: number, adminToken: string, userToken: string }} State
 *   maker: the process that made the lab; servers: the directory of their programs; port: the API server's on 127.0.0.1
 * @typedef {{ pid: number, args: string[] }} Process
 */

export class Lab {
  /** @param {string} directory where all of it is; a short path, since it holds sockets */
  constructor(directory = process.env.LOCALRUN_KUBERNETES_LAB ?? path.join(os.tmpdir(), 'localrun-kubernetes')) {
    this.directory = path.resolve(directory);
  }

  /** @param {string[]} names */
  #file(...names) {
    return path.join(this.directory, ...names);
  }

  /** The kubeconfig of the administrator. */
  get adminConfig() {
    return this.#file('admin.conf');
  }

  /** The kubeconfig of a user who has only the rights in rights.yaml; its namespace is `jobs`. */
  get userConfig() {
    return this.#file('localrun.conf');
  }

  /** The docker host of a node, for the docker client. */
  dockerHost(/** @type {number} */ node) {
    return `unix://${this.#file(`node${node}`, 'docker.sock')}`;
  }

  /** Whether a lab that is up, comes up or has died is in the directory. */
  get exists() {
    return existsSync(this.#file('lab.json'));
  }

  /** Whether a process is making the lab now. */
  get comesUp() {
    if (!this.exists || existsSync(this.#file('up'))) return false;
    return argsOf(this.#state.maker).length > 0;
  }

  /** Whether the lab has come up, and its machines run. */
  get isUp() {
    if (!existsSync(this.#file('up'))) return false;
    return ['hub', ...this.#nodeNames()].every((machine) => this.#init(machine) !== undefined);
  }

  /** @returns {State} @throws Error if there is no lab */
  get #state() {
    if (!this.exists) throw new Error(`No lab is up in ${this.directory}.`);
    return JSON.parse(readFileSync(this.#file('lab.json'), 'utf8'));
  }

  get nodes() {
    return this.#state.nodes;
  }

  #nodeNames() {
    return Array.from({ length: this.nodes }, (_, index) => `node${index + 1}`);
  }

  /**
   * Makes the lab; it is up once all nodes are ready. @throws Error if the directory has one already
   * @param {number} nodes from 1 to 9
   */
  async up(nodes) {
    if (this.directory.length > 60) throw new Error(`${this.directory} is too long for the paths of sockets.`);
    const hidden = ['/run', '/var/lib', '/var/log'].find((name) => `${this.directory}/`.startsWith(`${name}/`));
    if (hidden) throw new Error(`The lab cannot be below ${hidden}, which its machines have for themselves.`);
    const servers = serverDirectory();
    mkdirSync(this.directory, { recursive: true, mode: 0o700 });
    const listener = await new Promise((/** @type {(server: import('node:net').Server) => void} */ resolve) => {
      const server = createServer().listen(0, '127.0.0.1', () => resolve(server));
    });
    const { port } = /** @type {import('node:net').AddressInfo} */ (listener.address());
    const [adminToken, userToken] = [randomBytes(16).toString('hex'), randomBytes(16).toString('hex')];
    /** @type {State} */
    const state = { maker: process.pid, servers, nodes, port, adminToken, userToken };
    writeFileSync(this.#file('lab.json'), JSON.stringify(state), { flag: 'wx', mode: 0o600 });
    await Promise.all(['hub', ...this.#nodeNames()].map((machine) => this.#boot(machine)));
    await this.#connect();
    await this.#writeCredentials(state);
    writePauseImage(this.#file('pause.tar'));
    const engines = this.#nodeNames().map((_, index) => this.#startEngine(index + 1));
    const relay = [path.join(here, 'relay.mjs'), controlPlane, String(apiPort)];
    this.#run('hub', 'relay', process.execPath, relay, listener);
    this.#run('hub', 'etcd', 'etcd', [
      `--data-dir=${this.#file('hub', 'etcd')}`,
      '--listen-client-urls=http://127.0.0.1:2379',
      '--advertise-client-urls=http://127.0.0.1:2379',
      '--listen-peer-urls=http://127.0.0.1:2380',
      '--unsafe-no-fsync',
      '--log-level=error',
    ]);
    await this.startApi();
    this.#startControllers();
    await Promise.all([...engines, this.#grantRights()]);
    for (let node = 1; node <= nodes; node++) this.#runKubelet(node);
    await this.#until('all nodes are ready', async () => (await this.readyNodes()).length === nodes);
    await this.#until('all namespaces have a service account', async () => {
      const accounts = await this.api('GET', '/api/v1/serviceaccounts?fieldSelector=metadata.name=default');
      const ready = accounts.items.filter((/** @type {any} */ { secrets }) => secrets);
      return ['default', 'jobs', 'other'].every((name) =>
        ready.some((/** @type {any} */ { metadata }) => metadata.namespace === name),
      );
    });
    writeFileSync(this.#file('up'), '');
  }

  /** Ends all that belongs to the lab, in whatever state it is, and removes its directory. */
  async down() {
    const holders = () => this.#processes().filter(isHolder);
    for (const { pid } of holders()) kill(pid);
    await this.#until('all processes of the lab have ended', () => holders().length === 0);
    const group = this.cgroup;
    for (const hierarchy of readdirSync('/sys/fs/cgroup'))
      await this.#until(`${group} is removed from ${hierarchy}`, () =>
        removeCgroup(path.join('/sys/fs/cgroup', hierarchy, group)),
      );
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** Unplugs the network of a node. */
  async cut(/** @type {number} */ node) {
    await this.#ip('hub', [`link set ${this.#existing(node)} down`]);
  }

  /** Plugs the network of a node in again. */
  async heal(/** @type {number} */ node) {
    await this.#ip('hub', [`link set ${this.#existing(node)} up`]);
  }

  /** Kills the kubelet of a node; its containers run on. */
  async killKubelet(/** @type {number} */ node) {
    await this.#killServer('kubelet', this.#existing(node));
  }

  startKubelet(/** @type {number} */ node) {
    if (this.#server('kubelet', this.#existing(node))) return;
    this.#runKubelet(node);
  }

  /** Kills the API server. */
  async stopApi() {
    await this.#killServer('kube-apiserver', 'hub');
  }

  /** Starts the API server, and returns once it is ready. */
  async startApi() {
    const hub = (/** @type {string} */ name) => this.#file('hub', name);
    if (!this.#server('kube-apiserver', 'hub')) {
      this.#runServer('hub', 'kube-apiserver', [
        '--etcd-servers=http://127.0.0.1:2379',
        `--advertise-address=${controlPlane}`,
        `--secure-port=${apiPort}`,
        `--tls-cert-file=${hub('api.crt')}`,
        `--tls-private-key-file=${hub('api.key')}`,
        `--token-auth-file=${hub('tokens.csv')}`,
        '--authorization-mode=RBAC',
        '--service-account-issuer=https://kubernetes.default.svc',
        `--service-account-key-file=${hub('accounts.key')}`,
        `--service-account-signing-key-file=${hub('accounts.key')}`,
        '--service-cluster-ip-range=10.91.0.0/24',
        '--kubelet-preferred-address-types=InternalIP',
        '--endpoint-reconciler-type=none',
        // Usually 300: how long the pods of a lost node stay.
        '--default-unreachable-toleration-seconds=8',
        '--enable-priority-and-fairness=false',
        '--profiling=false',
      ]);
    }
    const ready = () => this.api('GET', '/readyz').then(() => true);
    await this.#until('the API server is ready', ready, hub('kube-apiserver.log'));
  }

  /** Copies an image of the host's docker to all nodes. */
  async loadImage(/** @type {string} */ image) {
    const archive = this.#file(`image-${randomBytes(4).toString('hex')}.tar`);
    try {
      await execa('docker', ['save', '--output', archive, image], { stdin: 'ignore' });
      await Promise.all(this.#nodeNames().map((_, index) => this.#load(index + 1, archive)));
    } finally {
      rmSync(archive, { force: true });
    }
  }

  /** The names of the nodes that are ready. */
  async readyNodes() {
    const { items } = await this.api('GET', '/api/v1/nodes');
    return items
      .filter((/** @type {any} */ { status }) =>
        status.conditions.some((/** @type {any} */ { type, status }) => type === 'Ready' && status === 'True'),
      )
      .map((/** @type {any} */ { metadata }) => metadata.name);
  }

  /**
   * A request to the API server as administrator. @throws Error if it fails
   * @param {string} method
   * @param {string} resource
   * @param {object} [body]
   * @returns {Promise<any>} the answer, which is a text if it is no JSON
   */
  api(method, resource, body) {
    const { port, adminToken } = this.#state;
    const options = {
      ...{ host: '127.0.0.1', port, path: resource, method, ca: readFileSync(this.#file('hub', 'api.crt')) },
      headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
      ...{ agent: false, timeout: 10_000 },
    };
    return new Promise((resolve, reject) => {
      const message = request(options, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk) => (text += chunk));
        response.on('error', reject);
        response.on('end', () => {
          if ((response.statusCode ?? 500) >= 300) return reject(new Error(`${method} ${resource}: ${text}`));
          resolve(response.headers['content-type']?.includes('json') ? JSON.parse(text) : text);
        });
      });
      message.on('timeout', () => message.destroy(new Error(`${method} ${resource}: no answer`)));
      message.on('error', reject);
      message.end(body && JSON.stringify(body));
    });
  }

  /** What runs on each machine, for people. */
  describe() {
    const describeMachine = (/** @type {string} */ machine, /** @type {string[]} */ servers) => {
      const states = servers.map((server) => {
        const found = this.#server(server, machine);
        return `${server} ${found ? `(process ${found.pid})` : 'NOT RUNNING'}`;
      });
      return `${machine}: ${states.join(', ')}\n`;
    };
    return [
      describeMachine('hub', ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler']),
      ...this.#nodeNames().map((node) => describeMachine(node, ['dockerd', 'kubelet'])),
    ].join('');
  }

  /** Starts the namespaces of a machine. */
  async #boot(/** @type {string} */ machine) {
    const directory = this.#file(machine);
    mkdirSync(directory);
    const log = path.join(directory, 'boot.log');
    const output = openSync(log, 'w');
    const args = ['boot', directory, path.join(this.cgroup, machine)];
    spawn(machineScript, args, { detached: true, stdio: ['ignore', output, output] }).unref();
    closeSync(output);
    await this.#until(`${machine} has booted`, () => this.#init(machine) !== undefined, log);
  }

  /** The process that holds the namespaces of a machine. */
  #init(/** @type {string} */ machine) {
    const file = this.#file(machine, 'pid');
    if (!existsSync(file)) return undefined;
    const pid = Number(readFileSync(file, 'utf8'));
    return isHolder({ pid, args: argsOf(pid) }) ? pid : undefined;
  }

  /** The command that runs another in the namespaces of a machine. */
  #enter(/** @type {string} */ machine) {
    const init = this.#init(machine);
    if (init === undefined) throw new Error(`${machine} of the lab in ${this.directory} has died.`);
    return ['nsenter', `--target=${init}`, '--mount', '--pid', '--net', '--uts', '--ipc', '--cgroup'];
  }

  /**
   * Starts a process of a machine, which outlives this one.
   * @param {string} machine
   * @param {string} name its log is NAME.log
   * @param {string} command
   * @param {string[]} args
   * @param {import('node:net').Server} [listener] what it gets as its first message
   */
  #run(machine, name, command, args, listener) {
    const log = this.#file(machine, `${name}.log`);
    const [program = '', ...words] = [...this.#enter(machine), machineScript, 'run', log, command, ...args];
    const child = spawn(program, words, {
      detached: true,
      stdio: ['ignore', 'ignore', 'ignore', listener ? 'ipc' : 'ignore'],
    });
    child.unref();
    if (!listener) return;
    child.send('listener', listener);
    child.once('message', () => {
      child.disconnect();
      listener.close();
    });
  }

  /** Starts a server of Kubernetes. */
  #runServer(/** @type {string} */ machine, /** @type {string} */ server, /** @type {string[]} */ args) {
    this.#run(machine, server, path.join(this.#state.servers, server), args);
  }

  /** Plugs all machines into the switch, which is on the hub. */
  async #connect() {
    await this.#ip('hub', [
      'link add switch type bridge',
      `addr add ${controlPlane}/24 dev switch`,
      'link set switch up',
      ...this.#nodeNames().flatMap((name) => [
        `link add ${name} type veth peer name eth0 netns ${this.#init(name)}`,
        `link set ${name} master switch up`,
      ]),
    ]);
    const numbers = this.#nodeNames().map((_, index) => index + 1);
    for (const node of numbers) {
      const others = numbers.filter((other) => other !== node);
      await this.#ip(`node${node}`, [
        `addr add ${addressOf(node)}/24 dev eth0`,
        'link set eth0 up',
        ...others.map((other) => `route add 10.90.${other}.0/24 via ${addressOf(other)}`),
      ]);
    }
  }

  /** Runs commands of `ip` in the network of a machine. */
  async #ip(/** @type {string} */ machine, /** @type {string[]} */ commands) {
    const init = this.#init(machine);
    await execa('nsenter', [`--target=${init}`, '--net', 'ip', '-batch', '-'], { input: commands.join('\n') });
  }

  async #writeCredentials(/** @type {State} */ { port, adminToken, userToken }) {
    const [key, certificate] = [this.#file('hub', 'api.key'), this.#file('hub', 'api.crt')];
    const names = `IP:127.0.0.1,IP:${controlPlane},DNS:localhost,DNS:kubernetes.default.svc`;
    await execa('openssl', [
      ...['req', '-x509', '-nodes', '-days', '365', '-subj', '/CN=localrun-lab', '-addext', `subjectAltName=${names}`],
      ...['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-keyout', key, '-out', certificate],
    ]);
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    writeFileSync(this.#file('hub', 'accounts.key'), privateKey.export({ type: 'sec1', format: 'pem' }));
    const users = [`${adminToken},admin,admin,system:masters`, `${userToken},localrun,localrun`];
    writeFileSync(this.#file('hub', 'tokens.csv'), users.join('\n'));
    const authority = readFileSync(certificate).toString('base64');
    for (const [file, server, token, namespace] of /** @type {const} */ ([
      [this.adminConfig, `127.0.0.1:${port}`, adminToken, 'default'],
      [this.userConfig, `127.0.0.1:${port}`, userToken, 'jobs'],
      [this.#file('hub', 'servers.conf'), `${controlPlane}:${apiPort}`, adminToken, 'default'],
    ])) {
      const config = {
        ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'lab' },
        clusters: [{ name: 'lab', cluster: { server: `https://${server}`, 'certificate-authority-data': authority } }],
        users: [{ name: 'lab', user: { token } }],
        contexts: [{ name: 'lab', context: { cluster: 'lab', user: 'lab', namespace } }],
      };
      writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
    }
  }

  #startControllers() {
    const config = `--kubeconfig=${this.#file('hub', 'servers.conf')}`;
    const flags = [config, '--leader-elect=false', '--port=0', '--secure-port=0', '--profiling=false'];
    const rates = ['--kube-api-qps=200', '--kube-api-burst=400'];
    this.#runServer('hub', 'kube-controller-manager', [
      ...[...flags, ...rates],
      `--service-account-private-key-file=${this.#file('hub', 'accounts.key')}`,
      `--root-ca-file=${this.#file('hub', 'api.crt')}`,
      '--controllers=namespace,serviceaccount,serviceaccount-token,root-ca-cert-publisher,nodelifecycle,podgc,garbagecollector,resourcequota,persistentvolume-binder,pvc-protection,pv-protection,deployment,replicaset',
      // A lost node is found soon; but a busy machine loses none.
      '--node-monitor-period=1s',
      '--node-monitor-grace-period=12s',
    ]);
    this.#runServer('hub', 'kube-scheduler', [...flags, ...rates]);
  }

  /** Creates the namespaces, and gives the user `localrun` its rights. */
  async #grantRights() {
    for (const document of parseAllDocuments(readFileSync(path.join(here, 'rights.yaml'), 'utf8'))) {
      const object = document.toJS();
      const { namespace } = object.metadata;
      const group = object.apiVersion === 'v1' ? '/api/v1' : `/apis/${object.apiVersion}`;
      const place = namespace ? `${group}/namespaces/${namespace}` : group;
      const resource = `${place}/${object.kind.toLowerCase()}s`;
      await this.#until(`${object.kind} ${object.metadata.name} is there`, async () => {
        const names = (await this.api('GET', resource)).items.map((/** @type {any} */ item) => item.metadata.name);
        return names.includes(object.metadata.name) || (await this.api('POST', resource, object), true);
      });
    }
  }

  /** Starts the dockerd of a node, and gives it the pause image. */
  async #startEngine(/** @type {number} */ node) {
    const directory = this.#file(`node${node}`);
    const config = {
      hosts: [this.dockerHost(node)],
      'data-root': path.join(directory, 'docker'),
      ...{ bip: `10.90.${node}.1/24`, iptables: false, 'ip-masq': false },
      'exec-opts': ['native.cgroupdriver=cgroupfs'],
      ...{ runtimes: { lab: { path: path.join(here, 'runc.sh') } }, 'default-runtime': 'lab' },
    };
    writeFileSync(path.join(directory, 'dockerd.json'), JSON.stringify(config));
    this.#run(`node${node}`, 'dockerd', 'dockerd', ['--config-file', path.join(directory, 'dockerd.json')]);
    const log = path.join(directory, 'dockerd.log');
    await this.#until(`dockerd of node${node} answers`, () => this.#docker(node, 'version').then(() => true), log);
    await this.#load(node, this.#file('pause.tar'));
  }

  /** Runs the docker client on a node's dockerd. */
  async #docker(/** @type {number} */ node, /** @type {string[]} */ ...args) {
    await execa('docker', ['--host', this.dockerHost(node), ...args], { stdin: 'ignore' });
  }

  async #load(/** @type {number} */ node, /** @type {string} */ archive) {
    await this.#docker(node, 'load', '--quiet', '--input', archive);
  }

  #runKubelet(/** @type {number} */ node) {
    const directory = this.#file(`node${node}`);
    const config = {
      ...{ apiVersion: 'kubelet.config.k8s.io/v1beta1', kind: 'KubeletConfiguration' },
      ...{ address: addressOf(node), readOnlyPort: 0, healthzPort: 0 },
      authentication: { anonymous: { enabled: true }, webhook: { enabled: false } },
      authorization: { mode: 'AlwaysAllow' },
      ...{ cgroupDriver: 'cgroupfs', cgroupsPerQOS: false, enforceNodeAllocatable: [], failSwapOn: false },
      ...{ kubeAPIQPS: 100, kubeAPIBurst: 200, eventRecordQPS: 0, registryPullQPS: 0, serializeImagePulls: false },
      // A disk that is nearly full ends no pod of a test, and removes no image.
      ...{ evictionHard: {}, imageGCHighThresholdPercent: 100, imageGCLowThresholdPercent: 99 },
      // The node renews its lease four times as often.
      ...{ nodeLeaseDurationSeconds: 10, nodeStatusUpdateFrequency: '5s', nodeStatusReportFrequency: '1m' },
      ...{ clusterDNS: [controlPlane], clusterDomain: 'cluster.local', makeIPTablesUtilChains: false },
      ...{ hairpinMode: 'none', volumeStatsAggPeriod: '10m', volumePluginDir: path.join(directory, 'volume-plugins') },
    };
    const file = path.join(directory, 'kubelet.json');
    writeFileSync(file, JSON.stringify(config));
    this.#runServer(`node${node}`, 'kubelet', [
      `--config=${file}`,
      `--kubeconfig=${this.#file('hub', 'servers.conf')}`,
      `--root-dir=${path.join(directory, 'kubelet')}`,
      `--cert-dir=${path.join(directory, 'kubelet', 'pki')}`,
      `--docker-endpoint=${this.dockerHost(node)}`,
      `--pod-infra-container-image=${pauseImage}`,
      `--node-ip=${addressOf(node)}`,
      `--hostname-override=node${node}`,
      '--housekeeping-interval=30s',
      '--global-housekeeping-interval=5m',
    ]);
  }

  /** The name of a node. @throws Error if there is no such node */
  #existing(/** @type {number} */ node) {
    if (!this.#nodeNames().includes(`node${node}`))
      throw new Error(`There is no node ${node}, but 1 to ${this.nodes}.`);
    return `node${node}`;
  }

  /** Processes of the host that name something of the lab. */
  #processes() {
    return readdirSync('/proc')
      .filter((entry) => /^\d+$/.test(entry))
      .map((entry) => ({ pid: Number(entry), args: argsOf(Number(entry)) }))
      .filter(({ args }) => args.some((arg) => arg.includes(`${this.directory}/`)));
  }

  /** A server of a machine that runs. */
  #server(/** @type {string} */ server, /** @type {string} */ machine) {
    return this.#processes().find(
      ({ args: [command = '', ...args] }) =>
        path.basename(command) === server && args.some((arg) => arg.includes(`${this.#file(machine)}/`)),
    );
  }

  async #killServer(/** @type {string} */ server, /** @type {string} */ machine) {
    const found = this.#server(server, machine);
    if (!found) return;
    kill(found.pid);
    await this.#until(`${server} of ${machine} has ended`, () => this.#server(server, machine)?.pid !== found.pid);
  }

  /** The name of the lab in each cgroup hierarchy: below it are its machines. */
  get cgroup() {
    return `localrun-lab-${createHash('sha256').update(this.directory).digest('hex').slice(0, 8)}`;
  }

  /**
   * Waits until something holds. @throws Error with the end of `log` if it never does
   * @param {string} what
   * @param {() => boolean | Promise<boolean>} probe
   * @param {string} [log]
   */
  async #until(what, probe, log) {
    let reason = '';
    for (const end = Date.now() + patience; Date.now() < end;) {
      try {
        if (await probe()) return;
      } catch (error) {
        reason = error instanceof Error ? error.message : String(error);
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    const said = log && existsSync(log) ? readFileSync(log, 'utf8').split('\n').slice(-10).join('\n') : '';
    throw new Error(`The lab waited ${patience / 1000} s in vain until ${what}. ${reason}\n${said}`.trim());
  }
}

/** Whether a process is there for the sake of a machine: it holds namespaces, or waits for a process in them. */
const isHolder = (/** @type {Process} */ { args }) => args.some((arg) => path.basename(arg) === 'machine.sh');

/** The command line of a process; empty if it has ended. */
function argsOf(/** @type {number} */ pid) {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').filter(Boolean);
  } catch {
    return [];
  }
}

function kill(/** @type {number} */ pid) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    // It has ended meanwhile.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

/** Removes a cgroup and those below it; false if a process is still in one. */
function removeCgroup(/** @type {string} */ directory) {
  if (!existsSync(directory)) return true;
  for (const entry of readdirSync(directory, { withFileTypes: true }))
    if (entry.isDirectory() && !removeCgroup(path.join(directory, entry.name))) return false;
  try {
    rmdirSync(directory);
    return true;
  } catch {
    return false;
  }
}
