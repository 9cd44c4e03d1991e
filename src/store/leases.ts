import type { Connection } from './database.js';
import { LeaseLost, type LeaseStore } from './store.js';

export const leaseStore = (db: Connection): LeaseStore => {
  const store: LeaseStore = {
    lease(execution) {
      const row = db.get('SELECT owner, pid, process_start, heartbeat FROM execution WHERE name = ?', execution);
      if (!row || row['owner'] === null) return undefined;
      return {
        token: String(row['owner']),
        pid: Number(row['pid']),
        processStart: String(row['process_start']),
        heartbeat: Number(row['heartbeat']),
      };
    },

    acquireLease(execution, owner, now, alive) {
      return db.transaction(() => {
        const lease = store.lease(execution);
        if (lease && lease.token !== owner.token && alive(lease)) return false;
        const { token, pid, processStart } = owner;
        return (
          db.run(
            'UPDATE execution SET owner = ?, pid = ?, process_start = ?, heartbeat = ? WHERE name = ?',
            token,
            pid,
            processStart,
            now,
            execution,
          ) > 0
        );
      });
    },

    guarded(execution, owner, body) {
      return db.transaction(() => {
        if (store.lease(execution)?.token !== owner.token) throw new LeaseLost();
        return body();
      });
    },

    heartbeat(execution, owner, now) {
      const found = db.run(
        'UPDATE execution SET heartbeat = ? WHERE name = ? AND owner = ?',
        now,
        execution,
        owner.token,
      );
      if (found === 0) throw new LeaseLost();
    },

    passLease(execution, token, { pid, processStart }) {
      db.run(
        'UPDATE execution SET pid = ?, process_start = ? WHERE name = ? AND owner = ?',
        pid,
        processStart,
        execution,
        token,
      );
    },

    releaseLease(execution, token) {
      db.run('UPDATE execution SET owner = NULL WHERE name = ? AND owner = ?', execution, token);
    },
  };
  return store;
};
