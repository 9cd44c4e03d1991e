/** How a variable reaches its container through the engine's client, which is a program on this machine. */
export type Route =
  /** In the client's own environment. */
  | 'environment'
  /** As an argument, which other users of this machine can read. */
  | 'argument'
  /** As a line of a file that the client reads. */
  | 'line';

/**
 * Variables that clients, their helpers, shells, loaders and language runtimes act upon. A client may be a script in
 * any language, so these are whole families. Case is ignored, as on Windows and for proxies everywhere.
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
 * The route on which no program of this machine treats the variable as more than a name and a value. A name may be
 * anything that a spec can hold, including `=` and line breaks.
 */
export function routeOf(name: string, secret: boolean): Route {
  if (/^[A-Za-z_]\w*$/.test(name) && !actedUpon.test(name)) return 'environment';
  return secret ? 'line' : 'argument';
}

/** The longest line that a client reads, in bytes, including the line break (Go's bufio.Scanner). */
const maxLine = 64 * 1024;

/** What clients read as a name, up to `=`, in a line of a file. */
const readable = /^(?!#)[!-~]+$/;
const inFile = (name: string): boolean => readable.test(name.split('=', 1)[0] ?? '');

/** A variable as a line of a file; undefined if clients would read something else from it. */
export function variableLine(name: string, value: string): string | undefined {
  const text = `${name}=${value}`;
  return inFile(name) && !/[\r\n\0]/.test(text) && Buffer.byteLength(text) < maxLine ? `${text}\n` : undefined;
}

/** Why a variable cannot hold a secret, or any value if its name begins with `=`, and what to do about it. */
export const unnameable = (name: string): { message: string; fix: string } =>
  name.startsWith('=')
    ? { message: `no container engine accepts a variable named ${JSON.stringify(name)}`, fix: 'rename the variable' }
    : {
        message: inFile(name)
          ? `a variable named ${name} can hold a secret of one line only, because programs on this machine may act on that name`
          : `no container engine client accepts a secret for a variable named ${JSON.stringify(name)}`,
        fix: 'rename the variable, or mount the secret as a file',
      };
