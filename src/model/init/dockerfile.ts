import path from 'node:path';
import { shellWord } from '../shell-word.js';
import { Draft } from './draft.js';

/** An instruction of a Dockerfile, and its line. */
export interface Instruction {
  name: string;
  text: string;
  line: number;
}

/** The instructions of a Dockerfile, with continued lines as one, and without comments and here-documents. */
export function instructionsOf(dockerfile: string): Instruction[] {
  const [, escape = '\\'] = /^#\s*escape\s*=\s*([\\`])/im.exec(dockerfile.split(/\n(?!#)/)[0] ?? '') ?? [];
  const found: Instruction[] = [];
  const lines = dockerfile.replace(/^\uFEFF/, '').split(/\r?\n/);
  const isComment = (line: string): boolean => /^\s*#/.test(line);
  for (let i = 0; i < lines.length; i++) {
    const first = i;
    if (isComment(lines[i] ?? '') || (lines[i] ?? '').trim() === '') continue;
    let text = '';
    for (; i < lines.length; i++) {
      const line = (lines[i] ?? '').trimEnd();
      if (i > first && (isComment(line) || line.trim() === '')) continue;
      const continued = line.endsWith(escape);
      text += continued ? line.slice(0, -1) : line;
      if (!continued) break;
    }
    const [, name = '', rest = ''] = /^\s*(\S+)\s*([^]*)$/.exec(text) ?? [];
    const ends = [...rest.matchAll(/<<-?\s*(["']?)([A-Za-z_]\w*)\1/g)].map(([, , word = '']) => word);
    if (/^(?:RUN|COPY|ADD)$/i.test(name)) {
      for (const end of ends) while (i + 1 < lines.length && lines[++i]?.trim() !== end);
    }
    found.push({ name: name.toUpperCase(), text: rest.trim(), line: first + 1 });
  }
  return found;
}

const noCounterpart: Readonly<Record<string, string>> = {
  EXPOSE: 'a job serves no requests',
  HEALTHCHECK: 'the exit code of a task says how it ended',
  VOLUME:
    'Cloud Run makes no volume of it; what the image has there is in memory. A volume of the job can be mounted there',
  STOPSIGNAL: 'Cloud Run sends SIGTERM',
};

/** The job that runs the image of a Dockerfile. @param name that of its directory */
export function draftOfDockerfile(file: string, dockerfile: string, name: string, image: string): Draft {
  const all = instructionsOf(dockerfile);
  const stage = all.slice(all.findLastIndex((one) => one.name === 'FROM'));
  const last = (instruction: string) => stage.findLast((one) => one.name === instruction);
  const place = ({ line }: Instruction): string => `${file}:${line}`;
  const draft = new Draft(name);
  const container = draft.addContainer();
  const directory = path.dirname(file);
  const isUsual = path.basename(file) === 'Dockerfile';
  if (isUsual) draft.buildFrom(directory);
  const made = isUsual
    ? '--build builds it'
    : `docker build -t ${image} -f ${shellWord(file)} ${shellWord(directory)} makes it`;
  draft.set(container, 'image', image, `${made}; to deploy the job, push the image and write its name in the registry`);
  const [from, entrypoint, command] = [last('FROM'), last('ENTRYPOINT'), last('CMD')];
  const runs = [entrypoint, command].flatMap((one) => (one ? [`${one.name} ${one.text} (${place(one)})`] : []));
  const [start] = [entrypoint, command].filter((one) => one !== undefined);
  const of = start
    ? runs.join(' and ')
    : from
      ? `the command of ${from.text} (${place(from)})`
      : 'the command of the image';
  draft.note(`It runs ${of}; command and args of the container would replace that.`);
  if (start && !start.text.startsWith('[')) {
    draft.note(
      `${start.name} (${place(start)}) is run by a shell, which gets SIGTERM in place of the program: write it as a list.`,
    );
  }
  const variables = stage.filter((one) => one.name === 'ENV');
  if (variables.length > 0) draft.note(`The image has variables of its own: ENV (${variables.map(place).join(', ')}).`);
  for (const instruction of stage) {
    const why = noCounterpart[instruction.name];
    if (why !== undefined) draft.leaveOut(`${instruction.name} ${instruction.text}`, why, place(instruction));
  }
  return draft;
}
