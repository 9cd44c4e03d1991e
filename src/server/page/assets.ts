import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const here = createRequire(import.meta.url).resolve('localrun/package.json');

/** A file of the built page (scripts/build.mjs). */
export const asset = (name: string): string =>
  readFileSync(path.join(path.dirname(here), 'dist', 'page', name), 'utf8');

/** The document of the page, around its script and style sheet. @param head elements, in HTML */
export const pageDocument = (head: string, body = ''): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
${head}
</head>
<body>
<div id="page"><noscript>This page needs JavaScript.</noscript></div>
${body}</body>
</html>
`;
