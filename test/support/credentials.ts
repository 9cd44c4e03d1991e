import type { Credentials } from '../../src/local/credentials.js';
import { StatusError } from '../../src/model/errors.js';

const none = new StatusError('NOT_FOUND', 'There are no application default credentials.');

/** Of somebody who has none. */
export const noCredentials: Credentials = {
  file: '/nowhere/application_default_credentials.json',
  require() {
    throw none;
  },
  accessToken: () => Promise.reject(none),
  identityToken: () => Promise.reject(none),
};
