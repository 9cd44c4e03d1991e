// @ts-check
// Joins the connections to a server on the host, which the parent process sends, with the API server. Runs in the network
// of the control plane.
import { connect } from 'node:net';

const [host = '', port = ''] = process.argv.slice(2);

process.once('message', (_, /** @type {import('node:net').Server} */ server) => {
  process.send?.('here');
  server.on('connection', (inside) => {
    const outside = connect({ host, port: Number(port), noDelay: true });
    inside.setNoDelay();
    join(inside, outside);
    join(outside, inside);
  });
});

/**
 * @param {import('node:net').Socket} from
 * @param {import('node:net').Socket} to
 */
function join(from, to) {
  from.on('error', () => to.destroy());
  from.on('close', () => to.destroySoon());
  from.pipe(to);
}
