/*
 * `dokku --offline -- program words...`: the program, and all that it starts, can make no socket but unix sockets. It takes
 * no right to say so, and nobody can take it back: a filter of system calls stays until the process ends.
 */
#define _GNU_SOURCE
#include "frame.h"
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* From linux/filter.h, linux/seccomp.h and linux/audit.h, which musl does not bring along. */
struct step { uint16_t code; uint8_t yes, no; uint32_t value; };
struct filter { unsigned short length; struct step *steps; };
struct call { int number; uint32_t architecture; uint64_t from, words[6]; };
enum { LOAD = 0x20, EQUAL = 0x15, AT_LEAST = 0x35, RETURN = 0x06 };
enum { FILTER_MODE = 2, REFUSE = 0x00050000 | EACCES, ALLOW = 0x7fff0000 };
#ifdef __x86_64__
enum { ARCHITECTURE = (int)0xc000003e };
#else
enum { ARCHITECTURE = (int)0xc00000b7 };
#endif
enum { OTHER_NUMBERS = 0x40000000, IO_URING_SETUP = 425 };

int offline(char **argv) {
  struct step steps[] = {
    {LOAD, 0, 0, offsetof(struct call, architecture)},
    {EQUAL, 0, 6, (uint32_t)ARCHITECTURE}, /* in the calls of another one, socket has another number */
    {LOAD, 0, 0, offsetof(struct call, number)},
    {AT_LEAST, 4, 0, OTHER_NUMBERS},
    {EQUAL, 3, 0, IO_URING_SETUP}, /* by which sockets are made past this filter */
    {EQUAL, 0, 3, SYS_socket},
    {LOAD, 0, 0, offsetof(struct call, words)},
    {EQUAL, 1, 0, AF_UNIX},
    {RETURN, 0, 0, REFUSE},
    {RETURN, 0, 0, ALLOW},
  };
  struct filter filter = {sizeof steps / sizeof *steps, steps};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, FILTER_MODE, &filter, 0, 0)) {
    fprintf(stderr, " !     %s cannot be kept from the network: %s\n", argv[0], strerror(errno));
    return 126;
  }
  execvp(argv[0], argv);
  if (errno == ENOEXEC) { /* a script without its interpreter */
    size_t count = 0;
    while (argv[count]) count++;
    char *words[count + 2];
    words[0] = "/bin/sh";
    memcpy(words + 1, argv, (count + 1) * sizeof *argv);
    execv(words[0], words);
  }
  fprintf(stderr, " !     %s could not be started: %s\n", argv[0], strerror(errno));
  return 126;
}
