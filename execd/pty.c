/*
 * `dokku --pty ROWS COLS -- program words...`: the daemon starts it where a program shall have a terminal.
 * Frames come on stdin, what the terminal shows goes to stdout; the exit status is the program's.
 */
#define _GNU_SOURCE
#include "frame.h"
#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MERCY_MS = 5000 };

/* The terminal goes away: the kernel tells its processes so, and those who stay are ended. */
static int hang_up(int master, pid_t child) {
  pid_t front = tcgetpgrp(master);
  close(master);
  for (long end = now_ms() + MERCY_MS; now_ms() < end; wait_for(NULL, 0, 50))
    if (waitpid(child, NULL, WNOHANG) == child) return 128 + SIGHUP;
  if (front > 0) kill(-front, SIGKILL);
  kill(-child, SIGKILL);
  return 128 + SIGHUP;
}

/* Hands the frames in `in` to the terminal; true while it takes no more input. */
static int steer(int master) {
  static size_t given; /* bytes of the first frame that the terminal has */
  for (; complete(); drop()) {
    unsigned char *data = in + HEAD;
    size_t size = length();
    if (in[0] == 'E') data = (unsigned char *)"\4", size = 1; /* end of input, as typed */
    if (in[0] == '0' || in[0] == 'E') {
      ssize_t count = write(master, data + given, size - given);
      if (count < 0 && errno != EAGAIN) count = size - given; /* nobody will read it */
      if (count > 0) given += count;
      if (given < size) return 1;
      given = 0;
    } else if (in[0] == 'W' && size == 4) {
      ioctl(master, TIOCSWINSZ, &(struct winsize){.ws_row = data[0] << 8 | data[1], .ws_col = data[2] << 8 | data[3]});
    } else if (in[0] == 'S') {
      for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        if (size == strlen(signals[i].name) && !memcmp(data, signals[i].name, size)) kill(-tcgetpgrp(master), signals[i].number);
    }
  }
  return 0;
}

int pty(char **argv) {
  struct winsize size = {.ws_row = atoi(argv[2]), .ws_col = atoi(argv[3])};
  int master, status = 0, ended = 0, shows = 1;
  size_t shown = 0, shelf = 0; /* bytes of `out`: written already, and in all */
  catch_signals((int[]){SIGHUP, SIGTERM, SIGINT, SIGQUIT, SIGCHLD, 0});
  pid_t child = forkpty(&master, NULL, NULL, &size);
  if (child < 0) return perror("forkpty"), LOST;
  if (child == 0) {
    for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);
    sigprocmask(SIG_SETMASK, &unblocked, NULL);
    execvp(argv[5], argv + 5);
    fprintf(stderr, "%s: %s\n", argv[5], strerror(errno));
    _exit(errno == ENOENT ? 127 : 126);
  }
  /* Both pipes and the terminal may be full at once; none of them may keep us from hearing the others. */
  fcntl(master, F_SETFL, O_NONBLOCK);
  fcntl(1, F_SETFL, O_NONBLOCK);
  for (;;) {
    int full = steer(master);
    short wanted = shows ? (full ? POLLOUT : 0) | (shelf ? 0 : POLLIN) : 0;
    struct pollfd fds[] = {{0, full ? 0 : POLLIN, 0}, {1, shelf ? POLLOUT : 0, 0}, {wanted ? master : -1, wanted, 0}};
    wait_for(fds, 3, ended && !shelf ? 0 : -1);
    if (noted & ~(1 << SIGCHLD) || fds[1].revents & (POLLERR | POLLHUP)) return hang_up(master, child);
    noted = 0;
    if (fds[0].revents && (full || !fill(0))) return hang_up(master, child);
    if (!ended && waitpid(child, &status, WNOHANG) == child) ended = 1;
    if (!shelf && shows) {
      ssize_t count = read(master, out, sizeof out);
      if (count > 0) shelf = count;
      else if (count == 0 || errno != EAGAIN) shows = 0; /* every process has closed the terminal */
      if (ended && count <= 0) break;
    } else if (!shelf && ended) break;
    if (shelf) {
      ssize_t count = write(1, out + shown, shelf - shown);
      if (count > 0 && (shown += count) == shelf) shown = shelf = 0;
    }
  }
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
