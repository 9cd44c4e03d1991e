import { describe, expect, test } from 'vitest';
import { formatDate } from '../../../../../src/cli/output/format/date.js';
import { printed, printedOne, row } from './row.js';

const value = async (key: string): Promise<string> => (await printed(`value(${key})`, [row])).replace(/\n$/, '');

describe('a key', () => {
  test.each([
    ['name', 'etl-nightly'],
    [' name , region ', 'etl-nightly\tus-central1'],
    ['labels.team', 'a'],
    ['labels."dotted.key/x"', 'y'],
    ["labels.'dotted.key/x'", 'y'],
    ['conditions[0].type', 'Ready'],
    ['conditions[-1].type', 'Started'],
    ['conditions[9].type', ''],
    ['conditions[].type', 'Ready;Started'],
    ['conditions.type', 'Ready;Started'],
    ['conditions[].tags[]', "['x', 'y'];['z']"],
    ['conditions[].tags[0]', 'x;z'],
    ['conditions.type.Started.state', 'BAD'],
    ['conditions[0]["type"]', 'Ready'],
    ['labels', 'dotted.key/x=y;team=a'],
    ['labels["team"]', 'a'],
    ['conditions[0]', "state=OK;tags=['x', 'y'];type=Ready"],
    ['NAME,conditions[].STATE', 'etl-nightly\tOK;BAD'],
    ['labels:alias=l,l.team', 'dotted.key/x=y;team=a\ta'],
    ['path.basename():label=B,B.upper()', 'etl\tETL'],
    ['yes,no,count,empty', 'True\tFalse\t3\t'],
    ['nothing.at.all,constructor,labels.toString', '\t\t'],
  ])('%s is %j', async (key, shown) => {
    expect(await value(key)).toBe(shown);
  });

  test.each([
    ['path.basename()', 'etl'],
    ['path.segment(1)', 'p'],
    ['path.segment(-2)', 'jobs'],
    ['path.segment(99)', ''],
    ['path.scope(locations)', 'us-central1/jobs/etl'],
    ['path.scope()', row.path],
    ['nothing.basename(undefined=none)', 'none'],
    ['nothing.basename(none)', 'none'],
    ['time.date()', '2026-11-23T09:05:07'],
    ["time.date('%d %b %Y %H:%M:%S.%f')", '23 Nov 2026 09:05:07.123456'],
    ["time.date(format='%H:%M %Z', tz=America/New_York)", '04:05 EST'],
    ['name.date(undefined=-)', '-'],
    ['count.date()', '1970-01-01T00:00:03'],
    ['time.iso()', '2026-11-23T09:05:07.123+00:00'],
    ['name.iso()', 'T'],
    ['count.duration()', 'PT3S'],
    ['span.duration()', 'PT1H2M3.5S'],
    ['span.duration(parts=2)', 'PT1H2M'],
    ['span.duration(precision=0)', 'PT1H2M4S'],
    ['count.duration(unit=0.00001)', 'P3DT11H20M'],
    ['count.duration(unit=0.00001,calendar=false)', 'PT83H20M'],
    ['duration(start=time,end=later)', 'PT1H0.5S'],
    ['duration(start=time,end=time)', 'P0'],
    ['name.duration(undefined=x)', 'x'],
    ['yes.yesno(yes=Y, no=N)', 'Y'],
    ['nothing.yesno(Y, N)', 'N'],
    ['name.yesno()', 'etl-nightly'],
    ['conditions.len(),name.len(),count.len(),nothing.len()', '2\t11\t0\t0'],
    ['path.split("/").count()', 'etl=1;jobs=1;locations=1;p=1;projects=1;us-central1=1'],
    ['conditions[].type.list()', 'Ready,Started'],
    ['labels.list()', 'dotted.key/x=y,team=a'],
    ['labels.list(show=keys)', 'dotted.key/x,team'],
    ['labels.list(show="values", separator=" ")', 'y a'],
    ['conditions[].type.join(sep="+")', 'Ready+Started'],
    ['conditions[].type.sort().slice(1:)', 'Started'],
    ['conditions[].type.slice(0)', 'Ready'],
    ['conditions[].type.slice(::-1)', 'Started;Ready'],
    ['conditions.sort(state).extract(type)', "['Started', 'Ready']"],
    ['path.split(/).len()', '6'],
    ['name.sub("-.*", "")', 'etl'],
    ['name.sub("(e)(t)", "\\2\\1")', 'tel-nightly'],
    ['name.sub(ETL, x)', 'x-nightly'],
    ['name.sub(ETL, x, ignorecase=false)', 'etl-nightly'],
    ['name.sub("(?P<a>e)\\-*(?P<b>t)", "\\2\\1", ignorecase=no)', 'tel-nightly'],
    ['name.sub("t", x, count=1)', 'exl-nightly'],
    ['name.sub(t, "\\"x\\"")', 'e"x"l-nigh"x"ly'],
    ['firstof(nothing, region)', 'us-central1'],
    ['labels.firstof(region, team)', 'a'],
    ["format('{0}/{1}', region, labels.team)", 'us-central1/a'],
    [
      'format("{}:{:5}|{:<5}|{:^7}|{:.3}|{{}}", name, count, name, count, name)',
      'etl-nightly:    3|etl-nightly|   3   |etl|{}',
    ],
    ['format("{0:.2f}", count)', '3.00'],
    ['format("{0}", path.basename())', 'etl'],
    ['name.format("<{0}>")', '<etl-nightly>'],
    ['conditions.map().extract(type,state).list()', "['Ready', 'OK'],['Started', 'BAD']"],
    ['conditions.*extract(type).list()', "['Ready'],['Started']"],
    ['conditions[].tags.**upper()', 'X;Y;Z'],
    ['conditions.flatten()', 'state=OK,tags=x,y,type=Ready,state=BAD,tags=z,type=Started'],
    ['conditions.group(type,state)', '[Ready: OK] [Started: BAD]'],
    ['conditions[].type.group(),empty.group()', '[Ready] [Started]\t[]'],
    ['count.size()', '3 bytes'],
    ['count.size(units_in=M)', '3 MiB'],
    ['count.size(units_in=GiB,units_out=MiB,precision=2)', '3072.00'],
    ['count.size(units_in=1500,precision=3)', '4.395 KiB'],
    ['count.size(min=5)', '< 5 bytes'],
    ['nothing.size(zero=-)', '-'],
    ['count.float()', '3.0'],
    ['count.float(2,f)', '3.00'],
    ['count.float(spec=e)', '3.000000e+00'],
    ['name.float()', ''],
    ['name.regex("e.*"),name.regex("x.*",does_match=yes,nomatch=no)', 'etl-nightly\tno'],
    ['name.trailoff(6)', 'etl...'],
    ['name.encode(base64)', 'ZXRsLW5pZ2h0bHk='],
    ['name.encode(base64).decode(base64)', 'etl-nightly'],
    ['conditions.notnull().len()', '2'],
    ['name.color(red=etl),name.enum(x),name.collection(),path.uri()', 'etl-nightly\t\t\t.'],
    ['name.upper(),region.upper().lower(),count.upper()', 'ETL-NIGHTLY\tus-central1\t3'],
  ])('%s is %j', async (key, shown) => {
    expect(await value(key)).toBe(shown);
  });

  test('is raw in get() and without transforms, but for always()', async () => {
    for (const printer of ['get', 'value[no-transforms]']) {
      expect(await printed(`${printer}(path.basename(), name, name.always().upper())`, [row])).toBe(
        `${row.path}\tetl-nightly\tETL-NIGHTLY\n`,
      );
    }
    expect(await printedOne('json[no-transforms](path.basename())', row)).toContain(row.path);
  });
});

test.each([
  [
    '%Y/%m/%d %F %T %y %e %B %A %a %s %%',
    undefined,
    '2026/01/05 2026-01-05 23:04:05 26  5 January Monday Mon 1767654245 %',
  ],
  ['%H:%M', 'Europe/Berlin', '00:04'],
  ['%q', undefined, '%q'],
  ['%j %I %p %k %l %D %R%t|%u %w %h %x %X', undefined, '005 11 PM 23 11 01/05/26 23:04\t|1 1 Jan 01/05/26 23:04:05'],
  ['%c', 'Europe/Berlin', 'Tue Jan  6 00:04:05 2026'],
  ['%3f %z %Ez %Oz', 'EST5EDT', '000 -0500 -05:00 -05:00'],
  ['%z %Ez %Oz', undefined, '+0000 Z +00:00'],
])('a date by %s in %s', (pattern, tz, shown) => {
  expect(formatDate('2026-01-05T23:04:05Z', pattern, tz)).toBe(shown);
});

test('what is no date is none, what is no zone UTC', () => {
  expect(formatDate('soon')).toBeUndefined();
  expect(formatDate('2026-01-05T23:04:05Z', '%F', 'Mars/Base')).toBe('2026-01-05');
});
