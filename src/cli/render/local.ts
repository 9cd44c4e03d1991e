import { defaultSettings, type LocalSettings } from '../../model/local/settings.js';

/** What this machine adds to an execution, or does differently from what it does unasked. */
export function localEntries(settings: LocalSettings): [label: string, value: string][] {
  const { freshSandbox, network, hostAccess, metadata, credentials, pull, platform, strictFs } = settings;
  const entries: [label: string, value: string | false | undefined][] = [
    ['Sandbox', freshSandbox && 'a fresh one for each attempt'],
    ['Network', network],
    ['Host access', hostAccess && 'host.docker.internal'],
    ['Metadata server', metadata && 'metadata.google.internal'],
    ['Credentials', credentials === 'adc' && 'application default credentials'],
    ['Pull', pull !== defaultSettings.pull && pull],
    ['File system', strictFs && 'counts as memory'],
    ['Platform', platform !== defaultSettings.platform && platform],
  ];
  return entries.flatMap(([label, value]) => (value ? [[label, value]] : []));
}

/** The same in a line; undefined if there is nothing to say. */
export function localLine(settings: LocalSettings): string | undefined {
  const entries = localEntries(settings).map(([label, value]) => `${label.toLowerCase()}: ${value}`);
  return entries.length > 0 ? `Local settings: ${entries.join(', ')}.` : undefined;
}
