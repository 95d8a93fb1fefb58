/*
 * The thin client: what `ssh dokku@host ...`, `docker exec dokku dokku ...` and git's hooks run. It carries
 * words, input, terminal size and signals to the daemon's socket, and brings back output and the exit status.
 * It is C because every command waits for it: 0.7 ms to start, where Node takes 45.
 */
#define _GNU_SOURCE
#include "frame.h"
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

enum { PATIENCE_MS = 30000, DRAINING_MS = 900000, SILENCE_MS = 2000, PAUSE_MS = 20 };

static char *header;
static size_t header_size;
static int daemon_socket = -1, raw, answered, unanswered;
static struct termios cooked;

/* The one way out: the caller's terminal is as it was. */
static void leave(int status) {
  if (raw) tcsetattr(0, TCSADRAIN, &cooked);
  _exit(status);
}

static void give_up(const char *why, const char *detail) {
  dprintf(2, "dokku: %s%s%s\n", why, *detail ? ": " : "", detail);
  leave(LOST);
}

static void add(const char *key, const char *value) {
  if (!value) return;
  size_t size = strlen(key) + strlen(value) + 2;
  if (!(header = realloc(header, header_size + size))) give_up("out of memory", "");
  header_size += sprintf(header + header_size, "%s=%s", key, value) + 1;
}

/* Sends the payload that lies in `out`. A daemon that is gone shows itself when we read. */
static void transmit(char type, size_t size) {
  out[0] = type, out[1] = size >> 24, out[2] = size >> 16, out[3] = size >> 8, out[4] = size;
  for (size_t sent = 0; sent < HEAD + size;) {
    ssize_t count = send(daemon_socket, out + sent, HEAD + size - sent, MSG_NOSIGNAL);
    if (count < 0) return;
    sent += count;
  }
}

static void forward_signals(void) {
  struct winsize size;
  if (noted & 1 << SIGWINCH && ioctl(0, TIOCGWINSZ, &size) == 0) {
    memcpy(out + HEAD, (unsigned char[]){size.ws_row >> 8, size.ws_row, size.ws_col >> 8, size.ws_col}, 4);
    transmit('W', 4);
  }
  for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
    if (!(noted & 1 << signals[i].number)) continue;
    /* Nobody has to wait for a daemon that is away, or that said nothing since the last signal. */
    if (daemon_socket < 0 || unanswered++) leave(128 + signals[i].number);
    transmit('S', strlen(memcpy(out + HEAD, signals[i].name, strlen(signals[i].name) + 1)));
  }
  noted = 0;
}

/* Writes all of it, hearing signals meanwhile: a stalled reader must not make Ctrl-C deaf. */
static void put(int fd, const unsigned char *data, size_t size) {
  while (size) {
    struct pollfd one = {fd, POLLOUT, 0};
    if (wait_for(&one, 1, -1) < 0) { forward_signals(); continue; }
    ssize_t count = send(fd, data, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    /* A pipe that polls writable takes PIPE_BUF bytes without blocking. */
    if (count < 0 && errno == ENOTSOCK) count = write(fd, data, size < PIPE_BUF ? size : PIPE_BUF);
    if (count < 0 && errno == EAGAIN) continue;
    if (count < 0 && fd == 1) leave(128 + SIGPIPE);
    if (count < 0) return;
    data += count, size -= count;
  }
}

static void make_raw(void) {
  struct termios mode;
  if (raw || tcgetattr(0, &cooked) < 0) return;
  mode = cooked, raw = 1;
  cfmakeraw(&mode);
  tcsetattr(0, TCSADRAIN, &mode);
}

/* Relays until the daemon says how it ended, or closes without a word. */
static void relay(void) {
  size_t credit = 0; /* stdin is not touched before the daemon wants it, so a shell loop keeps its input */
  int open = 1;
  for (have = 0;;) {
    struct pollfd fds[] = {{daemon_socket, POLLIN, 0}, {1, 0, 0}, {open && credit ? 0 : -1, POLLIN, 0}};
    if (wait_for(fds, 3, -1) < 0) { forward_signals(); continue; }
    /* End of input is no hang-up; a closed stdout is. */
    if (fds[1].revents & (POLLHUP | POLLERR)) leave(128 + SIGPIPE);
    if (fds[0].revents && !fill(daemon_socket)) return;
    for (answered |= complete(); complete(); drop(), unanswered = 0) {
      if (in[0] == '1' || in[0] == '2') put(in[0] - '0', in + HEAD, length());
      if (in[0] == 'C') credit += number_at(in + HEAD);
      if (in[0] == 'R') make_raw();
      if (in[0] == 'X') leave(in[HEAD]);
    }
    if (!fds[2].revents) continue;
    ssize_t count = read(0, out + HEAD, credit < MAX ? credit : MAX);
    if (count < 0 && errno == EAGAIN) continue;
    if (count <= 0) open = 0, transmit('E', 0);
    else credit -= count, transmit('0', count);
  }
}

/* A daemon that leaves a note has been told to stop, and may have a build to finish before its successor starts. */
static int is_draining(const char *path) {
  char note[PATH_MAX];
  snprintf(note, sizeof note, "%s.draining", path);
  return access(note, F_OK) == 0;
}

/* One try to connect; false when the daemon may be about to come back. */
static int reach(const char *path, int patient, long since) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  static int told;
  if (strlen(path) >= sizeof address.sun_path) give_up("the socket's path is too long", path);
  strcpy(address.sun_path, path);
  daemon_socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connect(daemon_socket, (struct sockaddr *)&address, sizeof address) == 0) return 1;
  int why = errno, draining = is_draining(path);
  close(daemon_socket), daemon_socket = -1;
  if (!patient || now_ms() - since > (draining ? DRAINING_MS : PATIENCE_MS) || (why != ENOENT && why != ECONNREFUSED && why != EAGAIN))
    give_up("cannot reach its daemon", strerror(why));
  if (!told && now_ms() - since > SILENCE_MS) told = dprintf(2, "waiting for dokku to come back%s\n", draining ? ": it finishes what it is at" : "");
  return 0;
}

/* The header may be longer than a frame; the part that is not full is the last. */
static void send_header(void) {
  for (size_t sent = 0, part = MAX; part == MAX; sent += part) {
    part = header_size - sent < MAX ? header_size - sent : MAX;
    memcpy(out + HEAD, header + sent, part);
    transmit('H', part);
  }
}

int main(int argc, char **argv) {
  const char *path = getenv("DOKKU_SOCKET");
  if (argc > 2 && !strcmp(argv[1], "--socket")) path = argv[2], argv[2] = argv[0], argv += 2, argc -= 2; /* sshd gives few variables on */
  const char *name = strrchr(argv[0], '/') ? strrchr(argv[0], '/') + 1 : argv[0];
  int hook = !strcmp(name, "pre-receive") || !strcmp(name, "post-receive") || !strcmp(name, "update");
  int ssh = !hook && (name[0] == '-' || (argc > 1 && !strcmp(argv[1], "-c")));
  struct winsize size;
  if (!hook && argc > 5 && !strcmp(argv[1], "--pty") && !strcmp(argv[4], "--")) return pty(argv);
  if (!hook && argc > 3 && !strcmp(argv[1], "--offline") && !strcmp(argv[2], "--")) return offline(argv + 3);
  if (!path) path = hook ? "/run/dokku/hooks/dokku.sock" : ssh ? "/run/dokku/gateway/dokku.sock" : "/run/dokku/admin/dokku.sock";
  add("mode", hook ? "hook" : ssh ? "ssh" : "argv");
  if (ssh) { /* sshd calls the account's shell with its forced command; the words of the user are elsewhere */
    add("command", getenv("SSH_ORIGINAL_COMMAND"));
    add("user", getenv("DOKKU_USER"));
    add("fingerprint", getenv("DOKKU_FINGERPRINT"));
    add("connection", getenv("SSH_CONNECTION"));
    add("git-protocol", getenv("GIT_PROTOCOL"));
  } else for (int i = 1; i < argc; i++) add("arg", argv[i]);
  if (!ssh && !hook) add("nested", getenv("DOKKU_NESTED")); /* a plugin calls back on behalf of whoever called it */
  if (hook) add("hook", name), add("cwd", getcwd(NULL, 0));
  for (char **entry = environ; hook && *entry; entry++)
    if (!strncmp(*entry, "GIT_", 4) || !strncmp(*entry, "DOKKU_", 6)) add("env", *entry);
  if (isatty(0) && isatty(1) && ioctl(0, TIOCGWINSZ, &size) == 0) {
    char number[12];
    add("term", getenv("TERM") ? getenv("TERM") : "dumb");
    sprintf(number, "%d", size.ws_row), add("rows", number);
    sprintf(number, "%d", size.ws_col), add("cols", number);
  }
  catch_signals((int[]){SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGWINCH, 0});
  /* A daemon being replaced comes back; a hook's daemon is its own parent, and away means dead. */
  for (long since = now_ms();; wait_for(NULL, 0, PAUSE_MS) < 0 ? forward_signals() : (void)0) {
    if (!reach(path, !hook, since)) continue;
    send_header();
    relay();
    /* The daemon's first frame says that it has the header: before that nothing happened, and asking again is safe. */
    if (answered || hook || now_ms() - since > PATIENCE_MS)
      give_up("the connection was lost before the command said how it ended", "");
    close(daemon_socket), daemon_socket = -1;
  }
}
