import { PolicyMessage } from '../../model/schema/policy.js';
import {
  GetIamPolicyRequest,
  SetIamPolicyRequest,
  TestIamPermissionsRequest,
  TestIamPermissionsResponse,
} from '../../model/schema/requests.js';
import { getIamPolicy, setIamPolicy, testIamPermissions } from '../../service/iam.js';
import { type Method, method } from './method.js';
import { nameIn } from './names.js';

const service = 'google.cloud.run.v2.Jobs';

export const iam: readonly Method[] = [
  method({
    ...{ service, rpc: 'GetIamPolicy', request: GetIamPolicyRequest, response: PolicyMessage },
    http: { verb: 'GET', path: '/v2/{resource=projects/*/locations/*/jobs/*}:getIamPolicy' },
    handle: (call, { resource = '', options }) =>
      getIamPolicy(call, {
        resource: nameIn(call, resource, ['jobs']),
        requestedPolicyVersion: options?.requestedPolicyVersion,
      }),
  }),
  method({
    ...{ service, rpc: 'SetIamPolicy', request: SetIamPolicyRequest, response: PolicyMessage },
    http: { verb: 'POST', path: '/v2/{resource=projects/*/locations/*/jobs/*}:setIamPolicy', body: '*' },
    handle: (call, { resource = '', policy = {}, updateMask }) =>
      setIamPolicy(call, { resource: nameIn(call, resource, ['jobs']), policy, updateMask }),
  }),
  method({
    ...{ service, rpc: 'TestIamPermissions', request: TestIamPermissionsRequest, response: TestIamPermissionsResponse },
    http: { verb: 'POST', path: '/v2/{resource=projects/*/locations/*/jobs/*}:testIamPermissions', body: '*' },
    handle: async (call, { resource = '', permissions = [] }) => ({
      permissions: await testIamPermissions(call, { resource: nameIn(call, resource, ['jobs']), permissions }),
    }),
  }),
];
