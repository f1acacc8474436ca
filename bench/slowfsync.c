/* Stands in for an ordinary disk: loaded with LD_PRELOAD, it adds SLOWFSYNC_US microseconds to
   every fsync and fdatasync. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

static useconds_t delay(void) {
  static long microseconds = -1;
  if (microseconds < 0) {
    const char *wanted = getenv("SLOWFSYNC_US");
    microseconds = wanted ? atol(wanted) : 0;
  }
  return (useconds_t)microseconds;
}

static int then_wait(int outcome) {
  if (delay()) usleep(delay());
  return outcome;
}

int fsync(int file) {
  static int (*real)(int);
  if (!real) real = dlsym(RTLD_NEXT, "fsync");
  return then_wait(real(file));
}

int fdatasync(int file) {
  static int (*real)(int);
  if (!real) real = dlsym(RTLD_NEXT, "fdatasync");
  return then_wait(real(file));
}
