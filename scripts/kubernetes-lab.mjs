// @ts-check
// A Kubernetes of several nodes on this machine, for developers and tests. See CONTRIBUTING.md.
import { parseArgs } from 'node:util';
import { ensurePackages, giveUp, say } from './packages.mjs';

ensurePackages();
const { execaSync } = await import('execa');
const { Lab } = await import('./kubernetes-lab/lab.mjs');
const { obstacle } = await import('./kubernetes-lab/requirements.mjs');

const usage = `Usage: npm run --silent kubernetes-lab -- COMMAND

  up [--nodes N]                    start a control plane and N nodes (2); prints what a shell needs to use them
  image NAME                        copy an image of this machine's docker to all nodes
  cut N, heal N                     unplug the network of a node, plug it in again
  kill-kubelet N, start-kubelet N   kill the kubelet of a node, start it again
  stop-api, start-api               kill the API server, start it again
  kubectl ARGS...                   run kubectl as administrator
  status                            say what runs
  down                              end everything and remove it

LOCALRUN_KUBERNETES_LAB names the directory of the lab. Several labs run side by side, each in its own.`;

const lab = new Lab();
const [command = '', ...words] = process.argv.slice(2);

const commands = /** @type {Record<string, (words: string[]) => unknown>} */ ({
  up,
  image: ([name]) => lab.loadImage(name ?? misused()),
  cut: (words) => lab.cut(nodeIn(words)),
  heal: (words) => lab.heal(nodeIn(words)),
  'kill-kubelet': (words) => lab.killKubelet(nodeIn(words)),
  'start-kubelet': (words) => lab.startKubelet(nodeIn(words)),
  'stop-api': () => lab.stopApi(),
  'start-api': () => lab.startApi(),
  kubectl(args) {
    const env = { KUBECONFIG: lab.adminConfig };
    process.exitCode = execaSync('kubectl', args, { env, stdio: 'inherit', reject: false }).exitCode ?? 1;
  },
  status: () => process.stdout.write(lab.describe()),
  down: () => lab.down(),
});

try {
  await (commands[command] ?? misused)(words);
} catch (error) {
  giveUp(error instanceof Error ? error.message : String(error));
}

/** @param {string[]} words */
async function up(words) {
  const { values } = parseArgs({ args: words, options: { nodes: { type: 'string', default: '2' } } });
  const nodes = Number(values.nodes);
  if (!(nodes >= 1 && nodes <= 9)) throw new Error('--nodes is a number from 1 to 9.');
  const reason = obstacle();
  if (reason) throw new Error(`There is no lab: ${reason}.`);
  if (lab.comesUp) throw new Error(`Another process is starting the lab in ${lab.directory}.`);
  if (lab.isUp) say(`A lab of ${lab.nodes} nodes is up in ${lab.directory} already.`);
  else {
    if (lab.exists) {
      say(`Removing what is left of a lab in ${lab.directory}...`);
      await lab.down();
    }
    say(`Starting a Kubernetes of ${nodes} nodes in ${lab.directory}...`);
    const start = Date.now();
    await lab.up(nodes);
    say(`It is up after ${((Date.now() - start) / 1000).toFixed(1)} s.`);
  }
  say(`${lab.userConfig} is the kubeconfig of a user with the rights that localrun needs, and no others.`);
  for (const [name, value] of [
    ['LOCALRUN_KUBERNETES_LAB', lab.directory],
    ['KUBECONFIG', lab.adminConfig],
  ]) {
    process.stdout.write(`export ${name}='${value}'\n`);
  }
}

/** @param {string[]} words */
function nodeIn([word]) {
  const node = Number(word ?? misused());
  if (!Number.isInteger(node)) throw new Error(`${word} is not the number of a node.`);
  return node;
}

/** @returns {never} */
function misused() {
  say(usage);
  process.exit(2);
}
