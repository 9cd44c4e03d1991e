// The program of a sandbox, the container that holds the network namespace of an attempt. It needs no library, so that
// its image is this one file. Built by `npm run generate:sandbox`.
//
//   sandbox             keeps link-local addresses out of reach, then waits to be killed
//   sandbox alone       the same for the other containers on its network, but for name servers and the gateway
//   sandbox dial PORT   connects to 127.0.0.1:PORT, says so by a newline, and copies stdin there and what comes back to
//                       stdout; exit code 1 if nobody listens
//   sandbox relay PORT  listens on 127.0.0.1:PORT, says so by a newline, and takes one connection after the other; stdout
//                       and stdin carry frames of a 32-bit little-endian length and that many bytes. A length of 0 says
//                       that nothing more comes; a connection is over when both sides have said so.

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long u64;

#if defined(__x86_64__)
enum { READ = 0, WRITE = 1, OPENAT = 257, CLOSE = 3, PPOLL = 271, IOCTL = 16, SOCKET = 41, CONNECT = 42, ACCEPT4 = 288, SENDTO = 44,
       SHUTDOWN = 48, BIND = 49, LISTEN = 50, SETSOCKOPT = 54, EXIT = 231 };
static long call(long n, long a, long b, long c, long d, long e, long f) {
  long result;
  register long r10 __asm__("r10") = d, r8 __asm__("r8") = e, r9 __asm__("r9") = f;
  __asm__ volatile("syscall" : "=a"(result) : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
}
__asm__(".globl _start\n_start:\n  mov %rsp, %rdi\n  and $-16, %rsp\n  call start\n");
#elif defined(__aarch64__)
enum { READ = 63, WRITE = 64, OPENAT = 56, CLOSE = 57, PPOLL = 73, IOCTL = 29, SOCKET = 198, CONNECT = 203, ACCEPT4 = 242,
       SENDTO = 206, SHUTDOWN = 210, BIND = 200, LISTEN = 201, SETSOCKOPT = 208, EXIT = 94 };
static long call(long n, long a, long b, long c, long d, long e, long f) {
  register long x8 __asm__("x8") = n, x0 __asm__("x0") = a, x1 __asm__("x1") = b, x2 __asm__("x2") = c,
                x3 __asm__("x3") = d, x4 __asm__("x4") = e, x5 __asm__("x5") = f;
  __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
  return x0;
}
__asm__(".globl _start\n_start:\n  mov x0, sp\n  bl start\n");
#endif

#define ADDRESS(a, b, c, d) ((u32)(a) | (u32)(b) << 8 | (u32)(c) << 16 | (u32)(d) << 24)
struct address { u16 family; u8 port[2]; u32 ip; u8 zero[8]; };
struct poll { int fd; short events, revents; };
struct route { u64 p0; struct address target, gateway, mask; u16 flags, p1; u32 p2; u64 p3[3]; char *device; u64 p4[3]; };
enum { INET = 2, STREAM = 1, POLLIN = 1, POLLANY = 1 | 8 | 16, NOSIGNAL = 0x4000, ADD_ROUTE = 0x890b,
       DELETE_ROUTE = 0x890c, ROUTE_UP = 1, ROUTE_REJECT = 0x200 };

static void quit(int code) { for (;;) call(EXIT, code, 0, 0, 0, 0, 0); }
static long in(int fd, void *to, long size) { return call(READ, fd, (long)to, size, 0, 0, 0); }

static int out(int fd, const u8 *from, long size) {
  while (size > 0) {
    long n = fd == 1 ? call(WRITE, fd, (long)from, size, 0, 0, 0) : call(SENDTO, fd, (long)from, size, NOSIGNAL, 0, 0);
    if (n <= 0) return 0;
    from += n, size -= n;
  }
  return 1;
}

static int whole(u8 *to, long size) {
  while (size > 0) {
    long n = in(0, to, size);
    if (n <= 0) return 0;
    to += n, size -= n;
  }
  return 1;
}

static int frame(const u8 *from, u32 size) {
  u8 head[4] = {size, size >> 8, size >> 16, size >> 24};
  return out(1, head, 4) && out(1, from, size);
}

static u8 buffer[32768];

static void change(long how, u32 target, u32 mask, int flags, char *device) {
  static struct route route = {.target = {.family = INET}, .gateway = {.family = INET}, .mask = {.family = INET}};
  route.target.ip = target, route.mask.ip = mask, route.flags = flags, route.device = device;
  long fd = call(SOCKET, INET, STREAM, 0, 0, 0, 0);
  call(IOCTL, fd, how, (long)&route, 0, 0, 0);
  call(CLOSE, fd, 0, 0, 0, 0, 0);
}

// The text of a file of less than 32 KiB.
static char *text(const char *path) {
  long fd = call(OPENAT, -100, (long)path, 0, 0, 0, 0), size = 0, n;
  while ((n = in(fd, buffer + size, sizeof buffer - 1 - size)) > 0) size += n;
  call(CLOSE, fd, 0, 0, 0, 0, 0);
  buffer[size] = 0;
  return (char *)buffer;
}

// The next word of a line, which ends there from then on; *at moves behind it.
static char *word(char **at) {
  while (**at == ' ' || **at == '\t') ++*at;
  char *start = *at;
  while (**at > ' ') ++*at;
  if (**at && **at != '\n') *(*at)++ = 0;
  return start;
}

static char *next_line(char *at) {
  while (*at && *at != '\n') at++;
  return *at ? at + 1 : 0;
}

static u32 number(const char *digits, int base) {
  u32 value = 0;
  for (; *digits > ' ' && *digits != '.'; digits++)
    value = value * base + (*digits <= '9' ? *digits - '0' : (*digits | 32) - 'a' + 10);
  return value;
}

// Containers on one bridge reach each other; instances of Cloud Run do not. Once the network of the first interface is
// cut off, neither packets to them nor answers find a way. Its gateway leads to everywhere else, and stays.
static void leave_neighbours(void) {
  u32 gateway = 0, network = 0, mask = 0;
  static char device[16];
  // Columns: interface, destination, gateway, flags, references, uses, metric, mask; numbers as they are in memory.
  for (char *line = next_line(text("/proc/net/route")); line && *line; line = next_line(line)) {
    char *name = word(&line);
    u32 target = number(word(&line), 16), via = number(word(&line), 16), its_mask;
    for (int i = 0; i < 4; i++) word(&line);
    its_mask = number(word(&line), 16);
    if (via) gateway = via;
    else if (!mask) {
      network = target, mask = its_mask;
      for (int i = 0; i < 15 && name[i]; i++) device[i] = name[i];
    }
  }
  if (!mask || (gateway & mask) != network) return;
  change(ADD_ROUTE, gateway, ~0u, ROUTE_UP, device);
  for (char *line = text("/etc/resolv.conf"); line; line = next_line(line)) {
    char *key = word(&line), *at = word(&line);
    u32 address = 0;
    for (int i = 0; i < 4; i++) {
      address |= number(at, 10) << 8 * i;
      while (*at > ' ' && *at++ != '.');
    }
    if (key[0] == 'n' && key[1] == 'a' && (address & mask) == network) change(ADD_ROUTE, address, ~0u, ROUTE_UP, device);
  }
  change(DELETE_ROUTE, network, mask, ROUTE_UP, device);
  change(ADD_ROUTE, network, mask, ROUTE_UP | ROUTE_REJECT, 0);
}

// Every route to 169.254.0.0/16 answers "unreachable": a job must not get at the machine's own metadata server.
static void hold(int alone) {
  if (alone) leave_neighbours();
  change(ADD_ROUTE, ADDRESS(169, 254, 0, 0), ADDRESS(255, 255, 0, 0), ROUTE_UP | ROUTE_REJECT, 0);
  for (;;) call(PPOLL, 0, 0, 0, 0, 8, 0);
}

static void dial(struct address *to) {
  int fd = call(SOCKET, INET, STREAM, 0, 0, 0, 0);
  if (call(CONNECT, fd, (long)to, sizeof *to, 0, 0, 0)) quit(1);
  out(1, (const u8 *)"\n", 1);
  struct poll polls[2] = {{0, POLLIN, 0}, {fd, POLLIN, 0}};
  for (;;) {
    call(PPOLL, (long)polls, 2, 0, 0, 8, 0);
    if (polls[1].revents & POLLANY) {
      long n = in(fd, buffer, sizeof buffer);
      if (n <= 0 || !out(1, buffer, n)) quit(0);
    }
    if (polls[0].revents & POLLANY) {
      long n = in(0, buffer, sizeof buffer);
      if (n > 0 && out(fd, buffer, n)) continue;
      call(SHUTDOWN, fd, 1, 0, 0, 0, 0);
      polls[0].fd = -1, polls[0].revents = 0;
    }
  }
}

static void serve(int fd) {
  struct poll polls[2] = {{0, POLLIN, 0}, {fd, POLLIN, 0}};
  struct { u64 seconds, nanoseconds; } patience = {10, 0};
  for (;;) {
    int idle = call(PPOLL, (long)polls, 2, polls[1].fd < 0 ? 0 : (long)&patience, 0, 8, 0) == 0;
    if (idle || polls[1].revents & POLLANY) {
      long n = idle ? 0 : in(fd, buffer, sizeof buffer);
      if (n < 0) n = 0;
      if (!frame(buffer, n)) quit(0);
      if (n == 0) polls[1].fd = -1, polls[1].revents = 0;
    }
    if (polls[0].revents & POLLANY) {
      u8 head[4];
      if (!whole(head, 4)) quit(0);
      u32 size = head[0] | head[1] << 8 | head[2] << 16 | (u32)head[3] << 24;
      if (size > sizeof buffer || !whole(buffer, size)) quit(2);
      if (size > 0) out(fd, buffer, size);
      else if (polls[1].fd < 0 || frame(0, 0)) return;
    }
  }
}

static void relay(struct address *at) {
  int one = 1, listener = call(SOCKET, INET, STREAM, 0, 0, 0, 0);
  call(SETSOCKOPT, listener, 1, 2, (long)&one, sizeof one, 0);
  if (call(BIND, listener, (long)at, sizeof *at, 0, 0, 0) || call(LISTEN, listener, 64, 0, 0, 0, 0)) quit(1);
  out(1, (const u8 *)"\n", 1);
  for (;;) {
    struct poll polls[2] = {{0, 0, 0}, {listener, POLLIN, 0}};
    call(PPOLL, (long)polls, 2, 0, 0, 8, 0);
    if (polls[0].revents) quit(0);
    int fd = call(ACCEPT4, listener, 0, 0, 0, 0, 0);
    if (fd < 0) continue;
    serve(fd);
    call(CLOSE, fd, 0, 0, 0, 0, 0);
  }
}

__attribute__((used)) void start(long *stack) {
  char **arguments = (char **)(stack + 1);
  if (stack[0] < 3) hold(stack[0] > 1);
  u32 port = number(arguments[2], 10);
  static struct address local = {INET, {0, 0}, ADDRESS(127, 0, 0, 1), {0}};
  local.port[0] = port >> 8, local.port[1] = port;
  if (arguments[1][0] == 'd') dial(&local);
  relay(&local);
}
