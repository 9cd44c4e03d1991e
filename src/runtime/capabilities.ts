/** Capabilities that engines grant by default and Cloud Run does not: creating devices, giving privileges to files. */
export const droppedCapabilities: readonly string[] = ['MKNOD', 'AUDIT_WRITE', 'SETFCAP'];
