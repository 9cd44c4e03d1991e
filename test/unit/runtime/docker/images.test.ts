import { expect, test } from 'vitest';
import { faultOf } from '../../../../src/runtime/docker/images.js';

const authorize =
  'Permission "artifactregistry.repositories.downloadArtifacts" denied on resource "r" (or it may not exist)';

// Docker 20.10 to 28, with and without the image store of containerd, and podman 4.
test.each([
  ['missing', 'manifest for us-docker.pkg.dev/p/r/i:latest not found: manifest unknown: Failed to fetch "latest"'],
  ['missing', 'repository us-docker.pkg.dev/p/r/i not found: name unknown: Repository "r" not found'],
  [
    'missing',
    "pull access denied for nope, repository does not exist or may require 'docker login': denied: requested access to the resource is denied",
  ],
  [
    'missing',
    'failed to resolve reference "docker.io/library/nope:latest": pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed',
  ],
  ['missing', 'failed to resolve reference "gcr.io/p/i:latest": gcr.io/p/i:latest: not found'],
  [
    'missing',
    'initializing source docker://127.0.0.1:5999/x: reading manifest latest in 127.0.0.1:5999/x: StatusCode: 404, not here',
  ],
  [
    'missing',
    'short-name "nonesuch" did not resolve to an alias and no unqualified-search registries are defined in "/etc/containers/registries.conf"',
  ],
  [
    'denied',
    `pull access denied for us-docker.pkg.dev/p/r/i, repository does not exist or may require 'docker login': denied: ${authorize}`,
  ],
  [
    'denied',
    'failed to resolve reference "us-docker.pkg.dev/p/r/i": failed to authorize: failed to fetch anonymous token: unexpected status from GET request: 403 Forbidden',
  ],
  [
    'denied',
    'unknown: Unauthenticated request. Unauthenticated requests do not have permission "artifactregistry.repositories.downloadArtifacts" on resource "r" (or it may not exist)',
  ],
  ['denied', 'reading manifest latest in 127.0.0.1:5999/401/img: unauthorized'],
  ['denied', 'Head "https://registry.example.com/v2/x/manifests/1": no basic auth credentials'],
  [
    'credentials',
    'getting username and password: 1 error occurred: * error getting credentials - err: exit status 1, out: `You do not currently have an active account selected.`',
  ],
  [
    'credentials',
    'error getting credentials - err: exec: "docker-credential-gcloud": executable file not found in $PATH, out: ``',
  ],
  ['host', 'Get "https://nonexistent.invalid/v2/": dial tcp: lookup nonexistent.invalid on 10.0.0.1:53: no such host'],
  ['host', 'Get "https://gcr.io/v2/": dial tcp: lookup gcr.io on 127.0.0.53:53: server misbehaving'],
  ['silence', 'Get "http://127.0.0.1:5998/v2/": dial tcp 127.0.0.1:5998: connect: connection refused'],
  [
    'silence',
    'Get "https://gcr.io/v2/": net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers)',
  ],
  ['silence', 'Get "https://gcr.io/v2/": net/http: TLS handshake timeout'],
  ['silence', 'Get "https://gcr.io/v2/": dial tcp 142.250.1.82:443: i/o timeout'],
  [
    'trust',
    'Get "https://r.example.com/v2/": tls: failed to verify certificate: x509: certificate signed by unknown authority',
  ],
  ['trust', 'Get "https://127.0.0.1:5999/v2/": http: server gave HTTP response to HTTPS client'],
  [
    'rate',
    'toomanyrequests: You have reached your pull rate limit. You may increase the limit by authenticating and upgrading: https://www.docker.com/increase-rate-limit',
  ],
  ['platform', 'no matching manifest for linux/amd64 in the manifest list entries'],
  [
    'platform',
    'choosing an image from manifest list docker://x: no image found in manifest list for architecture amd64, variant "", OS linux',
  ],
  [
    'platform',
    'image with reference x was found but does not match the specified platform: wanted linux/amd64, actual: linux/arm64/v8',
  ],
  ['disk', 'failed to register layer: write /usr/lib/x: no space left on device'],
  ['other', 'received unexpected HTTP status: 500 Internal Server Error'],
  ['other', ''],
])('%s: %s', (fault, detail) => {
  expect(faultOf(detail)).toBe(fault);
});
