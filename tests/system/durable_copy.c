/* What a power cut would leave: at each fsync or fdatasync the file's content is copied to $DURABLE_DIR. Whatever was
 * only written, and never synced, is not there. Names and folders count as durable. Preloaded by test_outbox_cli.py. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void keep(int fd) {
  const char *folder = getenv("DURABLE_DIR");
  char link[64], path[PATH_MAX], copy[PATH_MAX + 16], whole[PATH_MAX], buffer[65536];
  struct stat info;
  if (!folder || fstat(fd, &info) || !S_ISREG(info.st_mode)) return;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length <= 0) return;
  path[length] = 0;
  snprintf(whole, sizeof whole, "%s/%s", folder, strrchr(path, '/') + 1);
  snprintf(copy, sizeof copy, "%s.part", whole);
  int in = open(path, O_RDONLY), out = open(copy, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  for (ssize_t got; in >= 0 && out >= 0 && (got = read(in, buffer, sizeof buffer)) > 0;)
    if (write(out, buffer, got) != got) abort();
  close(in);
  close(out);
  rename(copy, whole);
}

int fsync(int fd) {
  int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
  int done = real(fd);
  if (done == 0) keep(fd);
  return done;
}

int fdatasync(int fd) {
  int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
  int done = real(fd);
  if (done == 0) keep(fd);
  return done;
}
