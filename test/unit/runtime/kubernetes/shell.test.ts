import { expect, test } from 'vitest';
import { shellRefused } from '../../../../src/runtime/kubernetes/shell.js';

test('for a pod, the command lines of kubectl are said, quoted for a shell', () => {
  const { code, message, fix } = shellRefused(['kubectl', '--context=a b', '--namespace=jobs'], {
    ...{ pod: 'nightly-0-0', container: 'app' },
    command: ['sh', '-c', "echo 'x'"],
  });
  expect(code).toBe('UNIMPLEMENTED');
  expect(message).toContain('the pod nightly-0-0 of a cluster');
  expect(fix).toBe(
    String.raw`kubectl '--context=a b' --namespace=jobs exec --stdin --tty nightly-0-0 --container=app -- sh -c 'echo '\''x'\'''; ` +
      `if the image has no shell: kubectl '--context=a b' --namespace=jobs debug --stdin --tty nightly-0-0 --target=app --image=busybox`,
  );
});
