import type { Place } from './contract-place.js';
import { docker } from './client.js';
import { lab } from './lab.js';

const claim = `contract-${process.pid}`;
const claims = '/api/v1/namespaces/jobs/persistentvolumeclaims';

/** Of the API server, which every pod gets. */
const serviceVariables = [
  ...['PORT', 'SERVICE_HOST', 'SERVICE_PORT', 'SERVICE_PORT_HTTPS', 'PORT_443_TCP', 'PORT_443_TCP_ADDR'],
  ...['PORT_443_TCP_PORT', 'PORT_443_TCP_PROTO'],
].map((name) => `KUBERNETES_${name}`);

/** A pod on the lab. docs/scale-out.md lists the differences. */
export const inPods: Place = {
  share: (image) => lab.loadImage(image),
  config: 'runtime: { kind: kubernetes, imagesOnNodes: true }\n',
  async bucket(directory) {
    const capacity = { storage: '1Mi' };
    const accessModes = ['ReadWriteMany'];
    await lab.api('POST', '/api/v1/persistentvolumes', {
      metadata: { name: claim },
      spec: { capacity, accessModes, hostPath: { path: directory }, persistentVolumeReclaimPolicy: 'Retain' },
    });
    await lab.api('POST', claims, {
      metadata: { name: claim },
      spec: { accessModes, storageClassName: '', volumeName: claim, resources: { requests: capacity } },
    });
    return `{ claim: ${claim} }`;
  },
  plain: (...command) =>
    docker('--host', lab.dockerHost(1), 'run', '--rm', '--network=none', 'localrun/busybox:latest', ...command),
  differences: {
    'app/names': (here) => [...String(here).split(' '), ...serviceVariables].toSorted().join(' '),
    'user/gid': () => '0 0 0 0',
    'app/pids': () => 'max',
    'app/link-local': () => '',
    'app/memory-volume': () => /^tmpfs \d{3,}$/,
    'app/memory-volume-mode': () => '1777 0:0',
    'app/overflow': () => '1 ',
  },
  async close() {
    await lab.api('DELETE', `${claims}/${claim}`);
    await lab.api('DELETE', `/api/v1/persistentvolumes/${claim}`);
  },
};
