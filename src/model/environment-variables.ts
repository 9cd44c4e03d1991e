/** How a variable gets to its container through the client of an engine, which is a program of this machine. */
export type Route =
  /** In the client's own environment. */
  | 'environment'
  /** As an argument, which other users of this machine can read. */
  | 'argument'
  /** As a line of a file, which the client reads. */
  | 'line';

/**
 * What clients, their helpers, shells, loaders and language runtimes act upon. A client may be a script in any
 * language, so these are whole families. Case does not count: it does not on Windows, and for proxies nowhere.
 */
const actedUpon = new RegExp(
  `^(?:${[
    // Engines and their clients.
    String.raw`(?:DOCKER|COMPOSE|BUILDKIT|BUILDX|OTEL|LOCALRUN|STORAGE|REGISTRY|LISTEN|CLOUDSDK)_\w*`,
    String.raw`_?CONTAINER\w*|PODMAN\w*|BUILDAH\w*|NOTIFY_SOCKET|GOOGLE_APPLICATION_CREDENTIALS`,
    // Shells.
    String.raw`BASH\w*|SHELLOPTS|POSIXLY_CORRECT|PS\d|PROMPT_COMMAND|ENV|IFS|CDPATH|F?PATH|PATHEXT|GLOBIGNORE|EXECIGNORE`,
    String.raw`INPUTRC|ZDOTDIR|SHELL|SHLVL|PWD|OLDPWD|_|COMSPEC|SYSTEMROOT`,
    // Where programs look for their files, and how they speak.
    String.raw`HOME|USER|USERNAME|LOGNAME|USERPROFILE|(?:LOCAL)?APPDATA|PROGRAMDATA|XDG_\w*|TMPDIR|TE?MP`,
    String.raw`TERM\w*|TZ|TZDIR|LANG|LANGUAGE|LC_\w*`,
    // Loaders and the C library.
    String.raw`LD_\w*|DYLD_\w*|GLIBC_\w*|MALLOC_\w*|GCONV_PATH|LOCPATH|NLSPATH|HOSTALIASES|LOCALDOMAIN|RES_OPTIONS`,
    // The network. Keys and certificates of a job, of several lines, have names that neither ssh nor OpenSSL knows.
    String.raw`\w*_PROXY|GRPC_\w*|OPENSSL_\w*|GNUTLS_\w*|CURL_\w*|KRB5\w*|GNUPGHOME`,
    String.raw`SS[HL](?!_(?:\w+_)?(?:KEY|CERT|CERTIFICATE|PEM|KNOWN_HOSTS)$)\w*`,
    String.raw`GIT_(?:SSH\w*|ASKPASS|CONFIG\w*|EXEC_PATH|DIR)`,
    // Language runtimes; Google's own variables are not Go's.
    String.raw`NODE_\w*|PYTHON\w*|PERL\w*|RUBY\w*|GEM_\w*|GO(?!OGLE_)\w*|PHP\w*|LUA_\w*|DOTNET_\w*`,
    String.raw`CLASSPATH|JAVA_HOME|JAVA_TOOL_OPTIONS|_JAVA_OPTIONS|JDK_JAVA_OPTIONS`,
  ].join('|')})$`,
  'i',
);

/**
 * The route that no program of this machine takes for more than a name and a value. A name may be anything that a spec
 * can hold, an `=` and line breaks included.
 */
export function routeOf(name: string, secret: boolean): Route {
  if (/^[A-Za-z_]\w*$/.test(name) && !actedUpon.test(name)) return 'environment';
  return secret ? 'line' : 'argument';
}

/** The longest line that a client reads, in bytes, the line break included (Go's bufio.Scanner). */
const maxLine = 64 * 1024;

/** What clients read as a name in a line of a file, up to an `=`. */
const readable = /^(?!#)[!-~]+$/;
const inFile = (name: string): boolean => readable.test(name.split('=', 1)[0] ?? '');

/** A variable as a line of a file; undefined if clients would read something else from it. */
export function variableLine(name: string, value: string): string | undefined {
  const text = `${name}=${value}`;
  return inFile(name) && !/[\r\n\0]/.test(text) && Buffer.byteLength(text) < maxLine ? `${text}\n` : undefined;
}

/** That a variable cannot have a secret as its value, or any value if its name begins with `=`, and what to do. */
export const unnameable = (name: string): { message: string; fix: string } =>
  name.startsWith('=')
    ? { message: `no container engine takes a variable called ${JSON.stringify(name)}`, fix: 'give it another name' }
    : {
        message: inFile(name)
          ? `a variable called ${name} can have a secret of one line only, as programs of this machine may act on that name`
          : `no client of a container engine takes a secret for a variable called ${JSON.stringify(name)}`,
        fix: 'give the variable another name, or mount the secret as a file',
      };
