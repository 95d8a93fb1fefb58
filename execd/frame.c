#define _GNU_SOURCE
#include "frame.h"
#include <string.h>
#include <time.h>
#include <unistd.h>

unsigned char in[HEAD + MAX], out[HEAD + MAX];
size_t have;
volatile sig_atomic_t noted;
sigset_t unblocked;
const struct named_signal signals[4] = {{SIGHUP, "HUP"}, {SIGINT, "INT"}, {SIGQUIT, "QUIT"}, {SIGTERM, "TERM"}};

static void note(int number) { noted |= 1 << number; }

/* Signals stay blocked except inside ppoll(), so no other call is interrupted and none is missed. */
void catch_signals(const int *numbers) {
  sigset_t blocked;
  sigemptyset(&blocked);
  for (; *numbers; numbers++) {
    signal(*numbers, note);
    sigaddset(&blocked, *numbers);
  }
  sigprocmask(SIG_BLOCK, &blocked, &unblocked);
  for (int i = 1; i < NSIG; i++)
    if (sigismember(&blocked, i) == 1) sigdelset(&unblocked, i); /* a parent may have left them blocked */
  signal(SIGPIPE, SIG_IGN);
}

/* Waits for events, a signal (negative), or the time; negative milliseconds wait for ever. */
int wait_for(struct pollfd *fds, nfds_t count, int milliseconds) {
  struct timespec limit = {milliseconds / 1000, milliseconds % 1000 * 1000000L};
  return ppoll(fds, count, milliseconds < 0 ? NULL : &limit, &unblocked);
}

long now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

size_t number_at(const unsigned char *bytes) {
  return (size_t)bytes[0] << 24 | bytes[1] << 16 | bytes[2] << 8 | bytes[3];
}

/* The payload's length of the first frame in `in`. */
size_t length(void) { return number_at(in + 1); }

/* Reads what there is into `in`; false at the end, or at a frame longer than any may be. */
int fill(int fd) {
  ssize_t count = read(fd, in + have, sizeof in - have);
  if (count > 0) have += count;
  return count > 0 && (have < HEAD || length() <= MAX);
}

/* Has the first frame in `in` come whole? */
int complete(void) { return have >= HEAD && length() <= MAX && have >= HEAD + length(); }

/* Takes the first frame out of `in`. */
void drop(void) {
  size_t size = HEAD + length();
  memmove(in, in + size, have -= size);
}
