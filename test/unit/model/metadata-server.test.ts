import { describe, expect, test } from 'vitest';
import { StatusError } from '../../../src/model/errors.js';
import { type MetadataResponse, metadataResponse, type TokenSource } from '../../../src/model/metadata-server.js';

const instance = {
  project: 'shop',
  projectNumber: '123456789',
  region: 'europe-west4',
  id: '00ab',
  serviceAccount: 'nightly@shop.iam.gserviceaccount.com',
};

const tokens: TokenSource = {
  accessToken: async () => ({ token: 'ya29.x', expiresIn: 3599 }),
  identityToken: async (audience) => `token for ${audience}`,
};

const why = new StatusError('NOT_FOUND', 'There are none.', { fix: 'log in' });
const none: TokenSource = { accessToken: () => Promise.reject(why), identityToken: () => Promise.reject(why) };

const get = (
  url: string,
  headers: Record<string, string> = { 'metadata-flavor': 'Google' },
  { method = 'GET', source = tokens } = {},
): Promise<MetadataResponse> => metadataResponse({ method, url, headers }, instance, source);

const v1 = '/computeMetadata/v1';
const account = { aliases: ['default'], email: instance.serviceAccount };
const scopes = ['https://www.googleapis.com/auth/cloud-platform'];

describe('the metadata server', () => {
  test.each([
    ['/project/project-id', 'shop'],
    ['/project/numeric-project-id', '123456789'],
    ['/instance/region', 'projects/123456789/regions/europe-west4'],
    ['/instance/zone', 'projects/123456789/zones/europe-west4-1'],
    ['/instance/id', '00ab'],
    ['/instance/service-accounts/', 'default/\nnightly@shop.iam.gserviceaccount.com/\n'],
    ['/instance/service-accounts/default/', 'aliases\nemail\nidentity\nscopes\ntoken\n'],
    ['/instance/service-accounts/default/email', instance.serviceAccount],
    ['/instance/service-accounts/nightly@shop.iam.gserviceaccount.com/email', instance.serviceAccount],
    ['/instance/service-accounts/nightly%40shop.iam.gserviceaccount.com/aliases', 'default\n'],
    ['/instance/service-accounts/default/scopes', `${scopes[0]}\n`],
    ['/instance/service-accounts/default/identity?audience=https://a.example', 'token for https://a.example'],
    ['/', 'instance/\nproject/\n'],
    ['/instance/', 'id\nregion\nservice-accounts/\nzone\n'],
    ['/project/', 'numeric-project-id\nproject-id\n'],
    ['/project/?recursive=true&alt=text', 'numeric-project-id 123456789\nproject-id shop\n'],
    ['/project/project-id?alt=json', '"shop"'],
    ['/project/numeric-project-id?alt=json', '123456789'],
    ['/instance/service-accounts/default/scopes?alt=json', JSON.stringify(scopes)],
    ['/project/?alt=json', '["numeric-project-id","project-id"]'],
  ])('answers %s', async (path, body) => {
    const { status, headers, body: answer } = await get(`${v1}${path}`);
    expect([status, answer]).toEqual([200, body]);
    expect(headers['Metadata-Flavor']).toBe('Google');
    expect(headers['Content-Type']).toMatch(/^(application\/(text|json)|text\/html)$/);
  });

  test('lists all values, and no tokens, with recursive=true', async () => {
    const { body } = await get(`${v1}/?recursive=true`);
    expect(JSON.parse(body)).toEqual({
      instance: {
        id: '00ab',
        region: 'projects/123456789/regions/europe-west4',
        serviceAccounts: { default: { ...account, scopes }, [instance.serviceAccount]: { ...account, scopes } },
        zone: 'projects/123456789/zones/europe-west4-1',
      },
      project: { numericProjectId: 123456789, projectId: 'shop' },
    });
  });

  test('hands out access tokens', async () => {
    const { status, headers, body } = await get(`${v1}/instance/service-accounts/default/token?scopes=a,b`);
    expect([status, headers['Content-Type']]).toEqual([200, 'application/json']);
    expect(JSON.parse(body)).toEqual({ access_token: 'ya29.x', expires_in: 3599, token_type: 'Bearer' });
  });

  test.each(['token', 'identity?audience=a'])('says why there is no %s', async (path) => {
    const { status, body } = await get(`${v1}/instance/service-accounts/default/${path}`, undefined, { source: none });
    expect([status, body]).toEqual([404, 'There are none.\nTry: log in\n']);
  });

  test('needs an audience for an identity token', async () => {
    const { status, body } = await get(`${v1}/instance/service-accounts/default/identity`);
    expect([status, body]).toEqual([400, 'non-empty audience parameter required\n']);
  });

  test('leads from a directory without a slash to the directory', async () => {
    const { status, headers } = await get(`${v1}/instance?recursive=true`);
    expect([status, headers['Location']]).toEqual([301, `${v1}/instance/?recursive=true`]);
  });

  test('shows what it is at its root', async () => {
    const { status, headers, body } = await get('/', {});
    expect([status, headers['Metadata-Flavor'], body]).toEqual([200, 'Google', 'computeMetadata/\n']);
  });

  test.each([
    ['no header', {}],
    ['another header', { 'metadata-flavor': 'Other' }],
    ['a request that was passed on', { 'metadata-flavor': 'Google', 'x-forwarded-for': '10.0.0.1' }],
  ])('refuses %s', async (_, headers: Record<string, string>) => {
    expect((await get(`${v1}/project/project-id`, headers)).status).toBe(403);
  });

  test.each([
    ['/computeMetadata/v1beta1/instance/id', 404],
    ['/computeMetadata/v1/instance/nonesuch', 404],
    ['/computeMetadata/v1/instance/id/', 404],
    ['/computeMetadata/v1/instance/id/more', 404],
    ['/computeMetadata/v1/constructor', 404],
    ['/computeMetadata/v1/instance/%zz', 404],
    ['//', 404],
    ['/computeMetadata/v1/instance/../project/project-id', 404],
    ['/computeMetadata/v1/instance/id?wait_for_change=true', 400],
    ['http://metadata.google.internal/computeMetadata/v1/instance/id', 200],
  ])('answers %s with %s', async (url, status) => {
    expect((await get(url)).status).toBe(status);
  });

  test('takes nothing', async () => {
    expect((await get(`${v1}/instance/id`, undefined, { method: 'PUT' })).status).toBe(405);
  });
});
