/* What both halves of the client share: frames (README.md lists them), and signals heard only while waiting. */
#pragma once
#include <poll.h>
#include <signal.h>
#include <stddef.h>

enum { HEAD = 5, MAX = 65536, LOST = 75 };

extern unsigned char in[HEAD + MAX], out[HEAD + MAX]; /* one whole frame each, the payload at HEAD */
extern size_t have;                                   /* bytes in `in` */
extern volatile sig_atomic_t noted;                   /* signals that came, a bit each */
extern sigset_t unblocked;
extern const struct named_signal { int number; const char *name; } signals[4];

void catch_signals(const int *numbers);
int wait_for(struct pollfd *fds, nfds_t count, int milliseconds);
long now_ms(void);
size_t number_at(const unsigned char *bytes);
int fill(int fd);
int complete(void);
size_t length(void);
void drop(void);
int pty(char **argv);
int offline(char **argv);
