/**
 * Plain scalars of YAML 1.1 as gcloud reads them. Its reader, ruamel.yaml, leaves more of them as text than YAML 1.1
 * does.
 */
const types: readonly (readonly [is: RegExp, read: (text: string) => unknown])[] = [
  [/^(?:y|Y|yes|Yes|YES|true|True|TRUE|on|On|ON)$/, () => true],
  [/^(?:n|N|no|No|NO|false|False|FALSE|off|Off|OFF)$/, () => false],
  [/^(?:~|null|Null|NULL|)$/, () => null],
  [/^\.(?:nan|NaN|NAN)$/, () => NaN],
  [/^[-+]?\.(?:inf|Inf|INF)$/, (text) => (text.startsWith('-') ? -Infinity : Infinity)],
  [/^[-+]?\d[\d_]*(?:\.[\d_]*(?:[eE][-+]?\d+)?|[eE][-+]?\d+)$/, Number],
  [/^\.[\d_]*\d[\d_]*(?:[eE][-+]\d+)?$/, Number],
  [/^[-+]?0b[01_]*[01][01_]*$/, (text) => Number.parseInt(text.replace('0b', ''), 2)],
  [/^[-+]?0x[\da-fA-F_]*[\da-fA-F][\da-fA-F_]*$/, (text) => Number.parseInt(text.replace('0x', ''), 16)],
  [/^[-+]?0[0-7_]*$/, (text) => Number.parseInt(text, 8) + 0],
  [/^(?:[-+]?[1-9][\d_]*|[-+]_[0-7_]*[0-7][0-7_]*)$/, Number],
  [/^[-+]?[1-9][\d_]*(?::[0-5]?\d)+$/, sexagesimal],
  [/^[-+]?\d[\d_]*(?::[0-5]?\d)+\.[\d_]*$/, sexagesimal],
  [/^\d{4}-\d\d-\d\d$/, (text) => new Date(text)],
];

/** The same with a time and a time zone; UTC if there is no zone. */
const time = /^(\d{4})-(\d\d?)-(\d\d?)(?:[Tt]|[ \t]+)(\d\d?):(\d\d):(\d\d)(\.\d*)?[ \t]*(Z|([-+]\d\d?)(?::(\d\d))?)?$/;

/** The value of a plain scalar: text, a number, a boolean, null or a Date. */
export function scalar11(text: string): unknown {
  const date = time.exec(text);
  if (date) return timestamp(date);
  const read = types.find(([is]) => is.test(text))?.[1];
  return read ? read(/^[-+.\d]/.test(text) ? text.replaceAll('_', '') : text) : text;
}

function sexagesimal(text: string): number {
  const parts = text.replace(/^[-+]/, '').split(':');
  return parts.reduce((sum, part) => sum * 60 + Number(part), 0) * (text.startsWith('-') ? -1 : 1);
}

function timestamp([, year, month, day, hour, minute, second, fraction, , zone = '', minutes]: RegExpExecArray): Date {
  const at = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
  const offset = Number(zone) * 60 + Number(minutes ?? 0) * (zone.startsWith('-') ? -1 : 1);
  return new Date(at - offset * 60_000 + Math.floor(Number(`0${fraction ?? ''}`) * 1000));
}
